//! Several programs with one library and the same files, against a model that says which article has which marks. The
//! programs do random things, with older and newer views of the files, at the same time, and are killed in between.

use crate::support::cases::cases;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use newsdesk::article::ArticleId;
use newsdesk::corpus::Corpus;
use newsdesk::engine::load_all;
use newsdesk::engine::loader::{LoadOptions, Source};
use newsdesk::library::marks::FileState;
use newsdesk::library::{ArticleRecord, ExternalChanges, Library, PathResolver};
use newsdesk::marks::{ArticleMarks, Change, MarkChange, Marks, Tag};
use newsdesk::query::SavedSearch;
use newsdesk::subscriptions::Subscription;
use proptest::prelude::*;

const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

/// The number of programs: two readers and one more.
const PROGRAMS: usize = 3;

const FEEDS: [&str; 2] = ["https://example.org/news", "https://example.org/sport"];

const TAGS: [&str; 2] = ["asia", "budget"];

/// An article, however often its file is renamed or edited.
type Story = usize;

/// What a program or a person does. Numbers choose among what is there at the time.
#[derive(Clone, Debug)]
enum Step {
    /// A program reads the files and recognises moved articles.
    Look(usize),
    /// Two programs do so at the same time.
    LookTogether(usize, usize),
    /// A program reads what others wrote to the library.
    Hear(usize),
    /// A program marks an article as it sees it.
    Mark(usize, usize, Mark),
    /// A program saves a search or deletes it.
    Search(usize, usize, Option<usize>),
    /// A program sets or removes a tag of a feed.
    FeedTag(usize, usize, usize, bool),
    /// A program saves a preference.
    Preference(usize, usize),
    /// A program is killed and started again.
    Kill(usize),
    /// `newsdesk mark` tags all articles and is killed after some microseconds.
    KilledCommand(u64),
    /// Files change.
    Files(FileChange, usize, usize),
}

#[derive(Clone, Copy, Debug)]
enum Mark {
    Read(bool),
    Star(bool),
    Tag(usize, bool),
}

#[derive(Clone, Copy, Debug)]
enum FileChange {
    Create,
    CreateNamesake,
    Rename,
    MoveAndEdit,
    Edit,
    Swap,
    Chain,
    Overwrite,
    Delete,
    RestoreInPlace,
    RestoreElsewhere,
    Copy,
    Unmount,
    Mount,
    AddItem,
    RemoveItem,
    SwapItems,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use FileChange::*;
    let program = || 0..PROGRAMS;
    let mark = prop_oneof![
        any::<bool>().prop_map(Mark::Read),
        any::<bool>().prop_map(Mark::Star),
        (0..TAGS.len(), any::<bool>()).prop_map(|(tag, on)| Mark::Tag(tag, on)),
    ];
    let change = prop::sample::select(vec![
        Create,
        CreateNamesake,
        Rename,
        MoveAndEdit,
        Edit,
        Swap,
        Chain,
        Overwrite,
        Delete,
        RestoreInPlace,
        RestoreElsewhere,
        Copy,
        Unmount,
        Mount,
        AddItem,
        RemoveItem,
        SwapItems,
    ]);
    let step = prop_oneof![
        20 => program().prop_map(Step::Look),
        6 => (program(), program()).prop_map(|(one, other)| Step::LookTogether(one, other)),
        10 => program().prop_map(Step::Hear),
        40 => (program(), any::<usize>(), mark).prop_map(|(program, story, mark)| Step::Mark(program, story, mark)),
        4 => (program(), 0..2_usize, prop::option::of(0..3_usize))
            .prop_map(|(program, name, query)| Step::Search(program, name, query)),
        4 => (program(), 0..2_usize, 0..TAGS.len(), any::<bool>())
            .prop_map(|(program, feed, tag, on)| Step::FeedTag(program, feed, tag, on)),
        2 => (program(), 0..9_usize).prop_map(|(program, value)| Step::Preference(program, value)),
        4 => program().prop_map(Step::Kill),
        1 => (0_u64..60_000).prop_map(Step::KilledCommand),
        40 => (change, any::<usize>(), any::<usize>()).prop_map(|(change, one, other)| Step::Files(change, one, other)),
    ];
    prop::collection::vec(step, 5..40)
}

/// The marks of a story.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct StoryMarks {
    is_read: bool,
    is_starred: bool,
    tags: BTreeSet<String>,
}

impl StoryMarks {
    fn of(marked: &ArticleMarks) -> StoryMarks {
        let tags = marked.tags().iter().map(ToString::to_string).collect();
        StoryMarks { is_read: marked.is_read(), is_starred: marked.is_starred(), tags }
    }
}

/// A file or an item of the feed file, with its story and its text.
#[derive(Clone, Debug)]
struct Text {
    story: Story,
    text: String,
}

/// A program with the library open.
struct Program {
    library: Library,
    corpus: Arc<Corpus>,
    /// The articles as the program sees them, with the text that they had.
    view: Vec<(ArticleId, Text, PathBuf)>,
    marks: Marks,
}

impl Program {
    fn start(library: &Path) -> Program {
        let mut library = Library::open(library).unwrap();
        let marks = library.marks().unwrap();
        Program { library, corpus: Arc::default(), view: Vec::new(), marks }
    }

    fn hear(&mut self) {
        let news = self.library.external_changes().unwrap();
        self.take(news);
    }

    fn take(&mut self, news: ExternalChanges) {
        for (article, marked) in news.marks {
            self.marks.set(article, marked);
        }
    }
}

/// The files, the programs, and the model.
struct World {
    folder: tempfile::TempDir,
    /// The single articles on the disk.
    files: BTreeMap<PathBuf, Text>,
    /// The items of the feed file, which have neither ids nor titles.
    items: Vec<Text>,
    /// Articles that are on no disk, and where they were.
    absent: BTreeMap<PathBuf, Text>,
    /// Files of the folder that is not mounted.
    unmounted: BTreeMap<PathBuf, Text>,
    stories: usize,
    names: usize,
    programs: Vec<Program>,
    marks: HashMap<Story, StoryMarks>,
    /// Stories that the library knows, as they were marked once, with the places and texts in which it saw them.
    known: HashMap<Story, HashSet<(PathBuf, String)>>,
    /// The places at which stories were marked since a program last recognised them.
    marked_at: HashMap<Story, HashSet<PathBuf>>,
    searches: BTreeMap<String, String>,
    feed_tags: Vec<BTreeSet<String>>,
    preference: Option<String>,
}

impl World {
    fn new() -> World {
        let folder = tempfile::tempdir().unwrap();
        for name in ["news/home", "news/disk"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("always.txt"), story_text(usize::MAX)).unwrap();
        }
        let library = folder.path().join("library.db");
        let mut world = World {
            files: BTreeMap::new(),
            items: Vec::new(),
            absent: BTreeMap::new(),
            unmounted: BTreeMap::new(),
            stories: 0,
            names: 0,
            programs: (0..PROGRAMS).map(|_| Program::start(&library)).collect(),
            marks: HashMap::new(),
            known: HashMap::new(),
            marked_at: HashMap::new(),
            searches: BTreeMap::new(),
            feed_tags: vec![BTreeSet::new(); FEEDS.len()],
            preference: None,
            folder,
        };
        let feeds = FEEDS.map(Subscription::new);
        world.programs[0].library.subscribe(&feeds).unwrap();
        for _ in 0..3 {
            world.change(FileChange::Create, 0, 0);
            world.change(FileChange::AddItem, 0, 0);
        }
        world.change(FileChange::Create, 1, 0);
        (0..PROGRAMS).for_each(|program| world.look(program));
        world
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("news")
    }

    fn new_name(&mut self, number: usize) -> PathBuf {
        self.names += 1;
        let folder = if number.is_multiple_of(2) || !self.unmounted.is_empty() { "home" } else { "disk" };
        self.root().join(folder).join(format!("{:03}.txt", self.names))
    }

    fn new_story(&mut self) -> Text {
        self.stories += 1;
        Text { story: self.stories, text: story_text(self.stories) }
    }

    fn write(&mut self, path: &Path, text: Text) {
        fs::write(path, &text.text).unwrap();
        self.absent.remove(path);
        self.files.insert(path.to_owned(), text);
    }

    fn write_items(&self) {
        let item = |text: &Text| format!("<item><description>{}</description></item>", text.text.replace('\n', " "));
        let items: String = self.items.iter().map(item).collect();
        let feed =
            format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Day</title>{items}</channel></rss>");
        // Written beside it and renamed, so that its size and time tell the versions apart.
        let path = self.root().join("day.xml");
        fs::write(path.with_extension("new"), feed).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    }

    /// Returns whether another file has the same text.
    fn has_twin(&self, path: &Path) -> bool {
        let Some(text) = self.files.get(path).map(|text| &text.text) else { return false };
        self.files.iter().any(|(other, there)| other != path && there.text == *text)
    }

    /// Returns whether two files can be told apart when they change places. Those with the same headline look edited.
    fn differ(&self, one: &Path, two: &Path) -> bool {
        let headline = |path: &Path| self.files[path].text.lines().nth(1).map(str::to_owned);
        headline(one) != headline(two) && !self.has_twin(one) && !self.has_twin(two)
    }

    fn change(&mut self, change: FileChange, one: usize, other: usize) {
        let pick = |map: &BTreeMap<PathBuf, Text>, number: usize| {
            (!map.is_empty()).then(|| map.keys().nth(number % map.len()).unwrap().clone())
        };
        let (first, second) = (pick(&self.files, one), pick(&self.files, other));
        let is_alone = |world: &World, path: &Option<PathBuf>| path.as_ref().is_some_and(|path| !world.has_twin(path));
        match change {
            FileChange::Create => {
                let (path, text) = (self.new_name(one), self.new_story());
                self.write(&path, text);
            }
            FileChange::CreateNamesake => {
                // Another article with the same file name and headline.
                let Some(path) = first.filter(|_| self.unmounted.is_empty()) else { return };
                let folder = if path.parent().unwrap().ends_with("home") { "disk" } else { "home" };
                let other = self.root().join(folder).join(path.file_name().unwrap());
                if !self.files.contains_key(&other) && !self.absent.contains_key(&other) {
                    let (new, there) = (self.new_story(), &self.files[&path].text);
                    let headline = there.lines().nth(1).unwrap();
                    let body = format!("A longer text with number {}.\n", new.story).repeat(20);
                    let text = format!("date 2023-09-25 NEWS\n{headline}\n\n{body}");
                    self.write(&other, Text { text, ..new });
                }
            }
            FileChange::Rename => {
                let Some(from) = first else { return };
                let to = self.new_name(other);
                self.rename(&from, &to);
            }
            FileChange::MoveAndEdit => {
                let Some(from) = first.filter(|_| is_alone(self, &pick(&self.files, one))) else { return };
                if !self.unmounted.is_empty() {
                    return;
                }
                let folder = if from.parent().unwrap().ends_with("home") { "disk" } else { "home" };
                let to = self.root().join(folder).join(from.file_name().unwrap());
                if to.exists() || self.absent.contains_key(&to) {
                    return;
                }
                self.rename(&from, &to);
                self.edit(&to);
            }
            FileChange::Edit => {
                if let Some(path) = first {
                    self.edit(&path);
                }
            }
            FileChange::Swap => {
                let (Some(one), Some(two)) = (&first, &second) else { return };
                if self.differ(one, two) {
                    let (text, there) = (self.files[one].clone(), self.files[two].clone());
                    self.write(one, there);
                    self.write(two, text);
                }
            }
            FileChange::Chain => {
                let (Some(one), Some(two)) = (&first, &second) else { return };
                if self.differ(one, two) {
                    let third = self.new_name(other);
                    self.rename(two, &third);
                    self.rename(one, two);
                }
            }
            FileChange::Overwrite => {
                let (Some(one), Some(two)) = (&first, &second) else { return };
                // An unmarked article that replaces a marked one is the same to the library as an edit.
                let is_known = self.known.contains_key(&self.files[one].story);
                if is_known && self.differ(one, two) {
                    let lost = self.files[two].clone();
                    self.rename(one, two);
                    self.absent.insert(two.clone(), lost);
                }
            }
            FileChange::Delete => {
                if let Some(path) = first.filter(|path| !self.has_twin(path)) {
                    fs::remove_file(&path).unwrap();
                    let text = self.files.remove(&path).unwrap();
                    self.absent.insert(path, text);
                }
            }
            FileChange::RestoreInPlace => {
                let Some(path) = pick(&self.absent, one) else { return };
                if !self.files.contains_key(&path)
                    && !self.unmounted.contains_key(&path)
                    && path.parent().unwrap().exists()
                {
                    let text = self.absent[&path].clone();
                    self.write(&path, text);
                }
            }
            FileChange::RestoreElsewhere => {
                let Some(path) = pick(&self.absent, one) else { return };
                // While its folder is not mounted, a deleted file looks like one that is not mounted.
                if path.parent().unwrap().exists() {
                    let (text, to) = (self.absent.remove(&path).unwrap(), self.new_name(other));
                    self.write(&to, text);
                }
            }
            FileChange::Copy => {
                let Some(from) = first else { return };
                self.stories += 1;
                let (to, text) = (self.new_name(other), self.files[&from].text.clone());
                let story = self.stories;
                self.write(&to, Text { story, text });
                wait(Duration::from_millis(10));
            }
            FileChange::Unmount => {
                let disk = self.root().join("disk");
                let names: Vec<PathBuf> = self.files.keys().filter(|path| path.starts_with(&disk)).cloned().collect();
                if self.unmounted.is_empty() && !names.is_empty() && !names.iter().any(|path| self.has_twin(path)) {
                    fs::rename(&disk, self.folder.path().join("away")).unwrap();
                    self.unmounted =
                        names.into_iter().map(|path| (path.clone(), self.files.remove(&path).unwrap())).collect();
                }
            }
            FileChange::Mount => {
                if !self.unmounted.is_empty() {
                    fs::rename(self.folder.path().join("away"), self.root().join("disk")).unwrap();
                    self.files.append(&mut self.unmounted);
                }
            }
            FileChange::AddItem => {
                let text = self.new_story();
                self.items.insert(one % (self.items.len() + 1), text);
                self.write_items();
            }
            FileChange::RemoveItem if self.items.len() > 1 => {
                self.items.remove(one % self.items.len());
                self.write_items();
            }
            FileChange::SwapItems if self.items.len() > 1 => {
                let (one, other) = (one % self.items.len(), other % self.items.len());
                self.items.swap(one, other);
                self.write_items();
            }
            FileChange::RemoveItem | FileChange::SwapItems => {}
        }
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        fs::rename(from, to).unwrap();
        let text = self.files.remove(from).unwrap();
        self.absent.remove(to);
        self.files.insert(to.to_owned(), text);
    }

    fn edit(&mut self, path: &Path) {
        let mut text = self.files[path].clone();
        text.text.push_str("One more line.\n");
        self.write(path, text);
    }

    /// A program reads the files.
    fn load(&mut self, program: usize) {
        let loaded = load_all(&[Source::Path(self.root())], LoadOptions::default());
        let corpus = loaded.corpus;
        let mut view = Vec::new();
        for &slot in corpus.order().iter() {
            let entry = corpus.get(slot).unwrap();
            let text = match self.files.get(&entry.path()) {
                Some(text) => Some(text.clone()),
                None if entry.path().ends_with("day.xml") => self.items.get(entry.ordinal() as usize).cloned(),
                None => None,
            };
            view.extend(text.map(|text| (entry.id(), text, entry.path())));
        }
        assert_eq!(view.len(), self.files.len() + self.items.len());
        self.programs[program].view = view;
        self.programs[program].corpus = Arc::new(corpus);
    }

    fn look(&mut self, program: usize) {
        self.load(program);
        let reader = &mut self.programs[program];
        let news = reader.library.recognise(&reader.corpus, 0, &FileState::of).unwrap();
        reader.take(news);
        reader.hear();
        self.note_known();
        self.check(program);
    }

    /// The library has seen the marked articles as they are now.
    fn note_known(&mut self) {
        self.marked_at.clear();
        let items = self.items.iter().map(|item| (self.root().join("day.xml"), item.clone())).collect::<Vec<_>>();
        let files = self.files.iter().map(|(path, text)| (path.clone(), text.clone()));
        for (path, text) in files.chain(items) {
            if let Some(states) = self.known.get_mut(&text.story) {
                states.insert((path, text.text));
            }
        }
    }

    fn look_together(&mut self, one: usize, other: usize) {
        self.load(one);
        self.load(other);
        let barrier = Barrier::new(2);
        std::thread::scope(|scope| {
            for (number, reader) in self.programs.iter_mut().enumerate() {
                if number == one || number == other {
                    scope.spawn(|| {
                        barrier.wait();
                        let news = reader.library.recognise(&reader.corpus, 0, &FileState::of).unwrap();
                        reader.take(news);
                    });
                }
            }
        });
        self.note_known();
        for program in [one, other] {
            self.programs[program].hear();
            self.check(program);
        }
    }

    /// Compares the marks that a program shows, and those in the library, with the model.
    fn check(&self, program: usize) {
        let reader = &self.programs[program];
        let stored = Library::open(&self.folder.path().join("library.db")).unwrap().marks().unwrap();
        for (id, text, path) in &reader.view {
            let wanted = self.marks.get(&text.story).cloned().unwrap_or_default();
            assert_eq!(StoryMarks::of(stored.get(*id)), wanted, "stored: story {} in {}", text.story, path.display());
            assert_eq!(
                StoryMarks::of(reader.marks.get(*id)),
                wanted,
                "shown: story {} in {}",
                text.story,
                path.display()
            );
        }
    }

    /// Compares what the library holds besides marks with the model.
    fn check_others(&self, program: usize) {
        let library = &self.programs[program].library;
        let searches = library.searches().unwrap().into_iter().map(|search| (search.name, search.query));
        assert_eq!(searches.collect::<BTreeMap<_, _>>(), self.searches);
        let tags = library.feeds().unwrap().into_iter().map(|feed| feed.subscription.tags.into_iter().collect());
        assert_eq!(tags.collect::<Vec<BTreeSet<_>>>(), self.feed_tags);
        assert_eq!(library.preference("theme").unwrap(), self.preference);
    }

    fn save_search(&mut self, program: usize, name: usize, query: Option<usize>) {
        let library = &mut self.programs[program].library;
        let name = format!("search {name}");
        match query.map(|query| format!("story {query}")) {
            Some(query) => {
                let search = SavedSearch { name: name.clone(), query: query.clone(), ..SavedSearch::default() };
                library.save_search(&search).unwrap();
                self.searches.insert(name, query);
            }
            None => {
                assert_eq!(library.remove_search(&name).unwrap(), self.searches.remove(&name).is_some());
            }
        }
    }

    fn tag_feed(&mut self, program: usize, feed: usize, tag: usize, is_set: bool) {
        let tag = TAGS[tag].to_owned();
        let library = &mut self.programs[program].library;
        let number = library.feeds().unwrap()[feed].number;
        let edit = |mut subscription: Subscription| {
            subscription.tags.retain(|other| *other != tag);
            subscription.tags.extend(is_set.then(|| tag.clone()));
            subscription
        };
        library.change_subscription(number, edit).unwrap();
        if is_set {
            self.feed_tags[feed].insert(tag);
        } else {
            self.feed_tags[feed].remove(&tag);
        }
    }

    fn mark(&mut self, program: usize, number: usize, mark: Mark) {
        let reader = &self.programs[program];
        if reader.view.is_empty() {
            return;
        }
        let (article, seen, place) = reader.view[number % reader.view.len()].clone();
        let state = (place.clone(), seen.text.clone());
        let is_known = self.known.get(&seen.story).is_some_and(|states| states.contains(&state));
        if !is_known && !self.can_be_found(&seen, &place) {
            return;
        }
        // What two programs do to one text before either knows of the other is joined, so that neither loses a mark. A mark
        // that one of them removes again stays if the other has made it.
        let is_removal = matches!(mark, Mark::Read(false) | Mark::Star(false) | Mark::Tag(_, false));
        let places = self.marked_at.entry(seen.story).or_default();
        if is_removal && places.iter().any(|other| *other != place) {
            return;
        }
        places.insert(place);
        let change = match mark {
            Mark::Read(is_read) => Change::Read(is_read),
            Mark::Star(is_starred) => Change::Starred(is_starred),
            Mark::Tag(tag, is_set) => Change::Tagged(Tag::new(TAGS[tag]).unwrap(), is_set),
        };
        let marking = MarkChange { article, change };
        let reader = &mut self.programs[program];
        let corpus = Arc::clone(&reader.corpus);
        let mut known = |id: ArticleId| -> Option<ArticleRecord> {
            Some(PathResolver::default().record(corpus.get(corpus.find(id)?)?))
        };
        // A reader saves only what changes something on its screen.
        if reader.marks.apply(&marking).is_none() {
            return;
        }
        let news = reader.library.save_marks(&[marking], &mut known).unwrap();
        reader.take(news);
        let marks = self.marks.entry(seen.story).or_default();
        match mark {
            Mark::Read(is_read) => marks.is_read = is_read,
            Mark::Star(is_starred) => marks.is_starred = is_starred,
            Mark::Tag(tag, true) => drop(marks.tags.insert(TAGS[tag].to_owned())),
            Mark::Tag(tag, false) => drop(marks.tags.remove(TAGS[tag])),
        }
        self.known.entry(seen.story).or_default().insert(state);
    }

    /// Returns whether the library can tell what became of an article that it never knew: its place or its text is the
    /// same, and no other article has its place if its text is nowhere.
    fn can_be_found(&self, seen: &Text, place: &Path) -> bool {
        if place.ends_with("day.xml") {
            return self.items.iter().any(|item| item.story == seen.story);
        }
        // A folder that is not mounted keeps the marks of its articles.
        if !self.unmounted.is_empty() && place.starts_with(self.root().join("disk")) {
            return self.unmounted.get(place).is_some_and(|text| text.story == seen.story);
        }
        let twins = self.files.values().filter(|text| text.text == seen.text).count();
        match self.files.iter().chain(&self.unmounted).find(|(_, text)| text.story == seen.story) {
            Some((path, text)) => path == place || (text.text == seen.text && twins < 2),
            None => twins == 0 && !self.files.contains_key(place) && !self.known.contains_key(&seen.story),
        }
    }

    fn killed_command(&mut self, microseconds: u64) {
        self.look(0);
        let mut command = Command::new(PROGRAM);
        command.args(["mark", "--query", "", "--tag", "killed"]).arg(self.root()).env_clear();
        command.env("HOME", self.folder.path()).env("NEWSDESK_LIBRARY", self.folder.path().join("library.db"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait(Duration::from_micros(microseconds));
        let _ = child.kill();
        child.wait().unwrap();
        // All articles are tagged or none.
        let stored = Library::open(&self.folder.path().join("library.db")).unwrap().marks().unwrap();
        let is_tagged = |id: &ArticleId| StoryMarks::of(stored.get(*id)).tags.contains("killed");
        let before = |story: &Story| self.marks.get(story).is_some_and(|marks| marks.tags.contains("killed"));
        let new: Vec<(Story, bool)> = (self.programs[0].view.iter())
            .filter(|(_, text, _)| !before(&text.story))
            .map(|(id, text, _)| (text.story, is_tagged(id)))
            .collect();
        assert!(new.iter().all(|(_, is_tagged)| *is_tagged == new[0].1), "{new:?}");
        for (story, _) in new.into_iter().filter(|(_, is_tagged)| *is_tagged) {
            self.marks.entry(story).or_default().tags.insert("killed".to_owned());
            self.known.entry(story).or_default();
        }
        self.note_known();
    }

    fn run(&mut self, step: &Step) {
        match *step {
            Step::Look(program) => self.look(program),
            Step::LookTogether(one, other) if one != other => self.look_together(one, other),
            Step::LookTogether(one, _) => self.look(one),
            Step::Hear(program) => self.programs[program].hear(),
            Step::Mark(program, story, mark) => self.mark(program, story, mark),
            Step::Search(program, name, query) => self.save_search(program, name, query),
            Step::FeedTag(program, feed, tag, is_set) => self.tag_feed(program, feed, tag, is_set),
            Step::Preference(program, value) => {
                let value = value.to_string();
                self.programs[program].library.set_preference("theme", &value).unwrap();
                self.preference = Some(value);
            }
            Step::Kill(program) => {
                self.programs[program] = Program::start(&self.folder.path().join("library.db"));
            }
            Step::KilledCommand(microseconds) => self.killed_command(microseconds),
            Step::Files(change, one, other) => {
                // What changed before is recognised by some program first: of two changes of one file at once, such as
                // an edit and a renaming, the library cannot know the first.
                self.look(one % PROGRAMS);
                self.change(change, one, other);
            }
        }
    }
}

/// Waits until a time has passed that the clock of the file system notices.
fn wait(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::thread::yield_now();
    }
}

fn story_text(story: usize) -> String {
    let number = story.wrapping_add(1);
    format!(
        "date 2023-09-25 NEWS\nStory {number} begins\n\nThis is the text of story number {number}. It is long enough that \
         one more line\nchanges its length only a little, as a correction would. The ministry said nothing.\n"
    )
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn every_program_shows_the_marks_of_the_model(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.run(step);
        }
        world.change(FileChange::Mount, 0, 0);
        (0..PROGRAMS).for_each(|program| world.look(program));
        (0..PROGRAMS).for_each(|program| world.look(program));
        (0..PROGRAMS).for_each(|program| world.check_others(program));
    }
}
