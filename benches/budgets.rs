//! Measures every budget against a peer or a limit in the same run: `cargo bench --bench budgets`.
//!
//! Uses 300,000 and 10,000 articles in `target/budgets/`, which the first run creates: with
//! `../shared/tools/make_corpus.py` from real articles if it exists, else from the bundled ones.
//! `NEWSDESK_BUDGETS=FOLDER` sets another folder, whose `300000/`, `300000.txt`, `10000/` and `3000/` are used if they
//! exist. `cargo bench --bench budgets -- library` measures only the library. The peer is ripgrep; without it, its cells
//! say so. The output is a Markdown table.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench"
)]

#[cfg(not(unix))]
fn main() {
    println!("The budgets are measured in a Unix pseudo-terminal.");
}

#[cfg(unix)]
#[path = "material/library.rs"]
mod library;
#[cfg(unix)]
#[path = "material/seeds.rs"]
mod seeds;
#[cfg(unix)]
#[path = "material/terminal.rs"]
mod terminal;

#[cfg(unix)]
fn main() {
    unix::main();
}

#[cfg(unix)]
mod unix {
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use chrono::NaiveDate;
    use newsdesk::corpus::Corpus;
    use newsdesk::engine::load_all;
    use newsdesk::engine::loader::{LoadOptions, Source};
    use newsdesk::marks::Marks;
    use newsdesk::query::Query;
    use newsdesk::search::{SearchRequest, SearchResult, scan};

    use super::terminal::Terminal;
    use super::{library, seeds};

    const PROGRAM: &str = env!("CARGO_BIN_EXE_newsdesk");

    /// Queries that are typed letter by letter. Each word is common in news.
    const QUERIES: &[&str] = &[
        "state department -microsoft date:2023-09",
        "parliament",
        "government OR congress",
        "climate change -energy",
        "\"white house\" president",
        "economy section:world",
        "the",
    ];

    pub(super) fn main() {
        let root = std::env::var_os("NEWSDESK_BUDGETS").map(PathBuf::from);
        let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target/budgets"));
        let big = corpus_folder(&root, 300_000);
        let (ten, small) = (corpus_folder(&root, 10_000), corpus_folder(&root, 3_000));
        let one_file = root.join("300000.txt");
        let peer = Command::new("rg").arg("--version").stdout(Stdio::null()).status().is_ok();

        println!("| what | budget | measured | peer or limit |\n|---|---|---|---|");
        if std::env::args().any(|argument| argument == "library") {
            return library::measure(&big, &root.join("library"));
        }
        first_load("10,000 files, first load", &ten, 1.3, peer);
        first_load("300,000 files, first load", &big, 1.5, peer);
        second_start(&big, &root, peer);
        memory(&big);
        typing("300,000 articles", &big, [8.0, 50.0, 16.0], peer.then_some(one_file.as_path()));
        typing("3,000 articles, 10 MB", &small, [5.0, 5.0, 5.0], None);
        on_the_screen(&big);
        library::measure(&big, &root.join("library"));
    }

    /// Returns the folder with this number of articles; creates it if it does not exist.
    fn corpus_folder(root: &Path, articles: usize) -> PathBuf {
        let folder = root.join(articles.to_string());
        if folder.is_dir() {
            return folder;
        }
        eprintln!("making {articles} articles in {}", folder.display());
        std::fs::create_dir_all(root).unwrap();
        let (part, one_file) = (root.join("part"), root.join(format!("{articles}.txt")));
        let _ = std::fs::remove_dir_all(&part);
        let maker = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tools/make_corpus.py");
        let made = maker.exists() && {
            let mut command = Command::new("python3");
            command.arg(&maker).arg(&part).args(["--articles", &articles.to_string(), "--one-file"]).arg(&one_file);
            command.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
        };
        if !made {
            seeds::write(&part, &one_file, articles);
        }
        std::fs::rename(&part, &folder).unwrap();
        folder
    }

    pub(super) fn row(what: &str, budget: &str, measured: &str, peer: &str) {
        println!("| {what} | {budget} | {measured} | {peer} |");
    }

    pub(super) fn seconds(time: Duration) -> String {
        match time.as_secs_f64() {
            seconds if seconds < 1.0 => format!("{:.0} ms", seconds * 1e3),
            seconds => format!("{seconds:.2} s"),
        }
    }

    pub(super) fn milliseconds(times: &mut [Duration]) -> [f64; 3] {
        times.sort();
        let at = |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len() - 1));
        [0.5, 0.95, 1.0].map(|share| at(share).map_or(0.0, |time| time.as_secs_f64() * 1e3))
    }

    /// Returns the fastest of five runs of each command. The commands alternate.
    fn alternate<'a>(one: &'a mut dyn FnMut(), other: &'a mut dyn FnMut()) -> [Duration; 2] {
        let mut best = [Duration::MAX; 2];
        // The first run of each warms the caches.
        for round in 0..6 {
            for (best, run) in best.iter_mut().zip([&mut *one, &mut *other]) {
                let start = Instant::now();
                run();
                if round > 0 {
                    *best = start.elapsed().min(*best);
                }
            }
        }
        best
    }

    fn run(program: &str, arguments: &[&str], paths: &[&Path]) {
        let mut command = Command::new(program);
        command.args(arguments).args(paths).stdin(Stdio::null()).stdout(Stdio::null());
        command.status().unwrap();
    }

    fn against_rg(what: &str, most: f64, peer: bool, folder: &Path, ours: &mut dyn FnMut()) {
        let mut theirs = || {
            if peer {
                run("rg", &["-i", "-c", "parliament"], &[folder]);
            }
        };
        let [ours, theirs] = alternate(ours, &mut theirs);
        let (ratio, peer) = if peer {
            (
                format!("{:.2} × ({})", ours.as_secs_f64() / theirs.as_secs_f64(), seconds(ours)),
                format!("`rg -i -c` over the folder {}", seconds(theirs)),
            )
        } else {
            (seconds(ours), "rg is not installed".to_owned())
        };
        row(what, &format!("≤ {most} × rg"), &ratio, &peer);
    }

    fn first_load(what: &str, folder: &Path, most: f64, peer: bool) {
        against_rg(what, most, peer, folder, &mut || run(PROGRAM, &["check"], &[folder]));
    }

    /// Measures a start from the snapshot, one search, and the exit of the program.
    fn second_start(folder: &Path, root: &Path, peer: bool) {
        let newsdesk = |arguments: &[&str], paths: &[&Path]| {
            let mut command = Command::new(PROGRAM);
            command.args(arguments).args(paths).env("XDG_CACHE_HOME", root.join("cache"));
            command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
        };
        newsdesk(&["cache", "make"], &[folder]);
        let mut ours = || newsdesk(&["search", "--format", "count", "parliament"], &[folder]);
        against_rg("300,000 files, second start, and a question answered", 0.3, peer, folder, &mut ours);
    }

    fn memory(folder: &Path) {
        let stats = Command::new(PROGRAM).args(["check", "--stats"]).arg(folder).output().unwrap();
        let stats = String::from_utf8(stats.stdout).unwrap();
        let number = |line: &str| -> f64 {
            let digits: String =
                line.chars().filter(|c| !c.is_whitespace() && *c != ',').take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0.0)
        };
        let after = |word: &str| stats.lines().find_map(|line| line.strip_prefix(word)).map_or(0.0, number);
        let bytes = after("bytes    ");
        let peak = stats.lines().find(|line| line.contains(" peak of")).map_or(0.0, number);
        let measured = format!("{:.2} × held, {:.2} × at the peak", after("memory   ") / bytes, peak / bytes);
        row(
            "memory, 300,000 articles",
            "≤ 1.4 × the bytes of text",
            &measured,
            &format!("{:.0} MB of text", bytes / 1e6),
        );
    }

    /// Types queries letter by letter and runs each as the search worker does.
    fn typing(what: &str, folder: &Path, [to_screen, to_count, to_narrow]: [f64; 3], one_file: Option<&Path>) {
        let corpus = Arc::new(load_all(&[Source::Path(folder.to_path_buf())], LoadOptions::default()).corpus);
        let (mut first, mut whole, mut narrowed) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..3 {
            for text in QUERIES {
                let mut former: Vec<SearchResult> = Vec::new();
                for end in (1..=text.len()).filter(|&end| text.is_char_boundary(end)) {
                    let query = Query::parse_typing(&text[..end], NaiveDate::MIN);
                    if query.mistake().is_some() || query.is_everything() {
                        continue;
                    }
                    // The filter bar chooses the base in the same way.
                    let holding = former.iter().filter(|former| query.refines(&former.query));
                    let within = holding.min_by_key(|former| former.slots.len()).cloned();
                    let narrows = within.is_some();
                    let (screen, count, answer) = time_search(&corpus, &Marks::default(), query, within);
                    first.push(screen);
                    whole.push(count);
                    if narrows {
                        narrowed.push(count);
                    }
                    former.push(answer);
                    former.drain(..former.len().saturating_sub(8));
                }
            }
        }
        let summary = |times: &mut Vec<Duration>| {
            let [half, most, all] = milliseconds(times);
            format!("p50 {half:.1}, p95 {most:.1}, max {all:.1} ms, {} keys", times.len())
        };
        row(
            &format!("a keystroke to the first full screen, {what}"),
            &format!("p95 ≤ {to_screen} ms"),
            &summary(&mut first),
            "",
        );
        row(
            &format!("a keystroke to the complete count, {what}"),
            &format!("p95 ≤ {to_count} ms"),
            &summary(&mut whole),
            "",
        );
        row(&format!("a refining keystroke, {what}"), &format!("p95 ≤ {to_narrow} ms"), &summary(&mut narrowed), "");
        let Some(one_file) = one_file else { return };
        for word in ["parliament", "government", "the"] {
            let query = Query::parse(word, NaiveDate::MIN);
            let mut ours = || drop(time_search(&corpus, &Marks::default(), query.clone(), None));
            let [ours, theirs] = alternate(&mut ours, &mut || run("rg", &["-i", "-c", word], &[one_file]));
            row(
                &format!("the complete count of `{word}`"),
                "≤ 0.25 × rg",
                &format!("{:.2} × ({})", ours.as_secs_f64() / theirs.as_secs_f64(), seconds(ours)),
                &format!("`rg -i -c` over one file {}", seconds(theirs)),
            );
        }
    }

    /// Runs a search. Returns the times until the first screen and until the complete result.
    pub(super) fn time_search(
        corpus: &Arc<Corpus>,
        marks: &Marks,
        query: Query,
        within: Option<SearchResult>,
    ) -> (Duration, Duration, SearchResult) {
        let start = Instant::now();
        let request = SearchRequest {
            generation: 1,
            corpus: Arc::clone(corpus),
            marks: marks.clone(),
            query: Arc::new(query),
            within,
            screenful: 24,
        };
        let (mut screen, mut last) = (None, None);
        scan(&request, &|| false, &mut |answer| {
            screen.get_or_insert_with(|| start.elapsed());
            last = Some(answer);
        });
        (screen.unwrap(), start.elapsed(), last.unwrap())
    }

    fn on_the_screen(folder: &Path) {
        let mut paints: Vec<Duration> = Vec::new();
        for _ in 0..5 {
            let start = Instant::now();
            let mut terminal = Terminal::open(PROGRAM, folder, 160, 50);
            terminal.next(Duration::from_secs(10)).expect("a first frame");
            paints.push(start.elapsed());
        }
        let [half, _, most] = milliseconds(&mut paints);
        row("first paint, 300,000 files", "≤ 30 ms", &format!("p50 {half:.1}, max {most:.1} ms"), "");

        let mut terminal = Terminal::open(PROGRAM, folder, 160, 50);
        terminal.wait_until_quiet(Duration::from_secs(2));
        for (what, before, key) in [("in the list", "", "j"), ("in the text", "\r", "j")] {
            terminal.press(before);
            terminal.wait_until_quiet(Duration::from_millis(500));
            let (mut times, mut bytes) = (Vec::new(), 0);
            for _ in 0..100 {
                let (time, written) = terminal.timed(key);
                times.extend(time);
                bytes += written;
            }
            let [half, most, _] = milliseconds(&mut times);
            row(
                &format!("a scroll step {what}"),
                "p95 ≤ 5 ms, ≤ 8 KB",
                &format!("p50 {half:.1}, p95 {most:.1} ms, {} bytes each", bytes / 100),
                "",
            );
        }
        let (busy, written) = terminal.idle(Duration::from_secs(3));
        row(
            "idle for 3 s",
            "0 % of a core, 0 bytes",
            &format!("{} ms of a core, {written} bytes", busy.as_millis()),
            "",
        );
    }
}
