//! What follows `:feed`: the subcommands of `newsdesk feed`, in the reader.

use std::path::PathBuf;

use super::feeds::FeedOrder;
use super::{Effect, State};
use crate::feeds::{FeedSetting, Subscription};

/// Stands for `#` while words are told apart; a character that nobody types.
const HASH: &str = "\u{E023}";

impl State {
    /// Does what follows `feed`: `add URL`, `remove NAME` and so on, as on the command line.
    pub(super) fn command_feed(&mut self, typed: &str, effects: &mut Vec<Effect>) {
        const USAGE: &str = "feed add URL | remove NAME | rename NAME NEW | tag NAME TAG… | set NAME --keep-count 500 | \
             list | refresh [NAME…] | stop | import FILE | export FILE";
        // In a shell `#` begins a comment; here it begins a tag.
        let Ok(words) = shell_words::split(&typed.replace('#', HASH)) else {
            return self.fail("There is a quotation mark without another");
        };
        let words: Vec<String> = words.iter().map(|word| word.replace(HASH, "#")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let order = match words.as_slice() {
            ["add", rest @ ..] if !rest.is_empty() => match subscription(rest) {
                Ok(wanted) => return self.subscribe(wanted, effects),
                Err(mistake) => return self.fail(mistake),
            },
            ["remove", rest @ ..] if !rest.is_empty() => FeedOrder::Remove(rest.join(" ")),
            ["rename", name] => FeedOrder::Rename((*name).to_owned(), None),
            ["rename", name, rest @ ..] => FeedOrder::Rename((*name).to_owned(), Some(rest.join(" "))),
            ["tag", name, rest @ ..] if !rest.is_empty() => FeedOrder::Tag((*name).to_owned(), owned(rest)),
            ["set", rest @ ..] if !rest.is_empty() => match setting(rest) {
                Ok((names, setting)) => FeedOrder::Set(names, setting),
                Err(mistake) => return self.fail(mistake),
            },
            ["list"] => FeedOrder::List,
            ["refresh", rest @ ..] => FeedOrder::Refresh(owned(rest)),
            ["stop"] => FeedOrder::Stop,
            ["import", file] => FeedOrder::Import(at_home(file)),
            ["export", file] => FeedOrder::Export(at_home(file)),
            _ => return self.fail(USAGE),
        };
        effects.push(Effect::Feeds(order));
    }
}

/// The words that are no options, and the options with their values: `--name value` or `--name=value`, as in a shell.
type Sorted<'w> = (Vec<&'w str>, Vec<(&'w str, &'w str)>);

fn sorted<'w>(words: &[&'w str]) -> Result<Sorted<'w>, String> {
    let (mut plain, mut options) = (Vec::new(), Vec::new());
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        match word.strip_prefix("--").map(|option| (option, option.split_once('='))) {
            None => plain.push(word),
            Some((_, Some(option))) => options.push(option),
            Some((option, None)) => {
                options.push((option, words.next().ok_or_else(|| format!("--{option} wants a value"))?));
            }
        }
    }
    Ok((plain, options))
}

/// The feed that is to be added: its address, and tags, and what to call it.
fn subscription(words: &[&str]) -> Result<Subscription, String> {
    let (plain, options) = sorted(words)?;
    let Some((url, tags)) = plain.split_first() else { return Err("feed add URL [TAG…] [--name NAME]".to_owned()) };
    let mut wanted = Subscription::new(*url);
    let mut tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    for (option, value) in options {
        match option {
            "tag" => tags.push(value.to_owned()),
            "name" => wanted.own_title = Some(value.to_owned()),
            _ => return Err(format!("--{option} is none of --tag and --name")),
        }
    }
    Ok(wanted.retagged(&tags))
}

/// The feeds that are named in `words`, and what is set.
fn setting(words: &[&str]) -> Result<(Vec<String>, FeedSetting), String> {
    let (names, options) = sorted(words)?;
    let mut setting = FeedSetting::default();
    for (name, value) in options {
        let number = || value.parse().map_err(|_| format!("--{name} {value}: a number is wanted; 0 keeps everything"));
        match name {
            "keep-count" => setting.keep_count = Some(number()?),
            "keep-days" => setting.keep_days = Some(number()?),
            "full-text" => {
                let yes = value.parse().map_err(|_| format!("--full-text {value}: true or false is wanted"))?;
                setting.full_text = Some(yes);
            }
            _ => return Err(format!("--{name} is none of --keep-count, --keep-days and --full-text")),
        }
    }
    if names.is_empty() || setting == FeedSetting::default() {
        return Err("feed set NAME… --keep-count COUNT | --keep-days DAYS | --full-text true|false".to_owned());
    }
    Ok((names.into_iter().map(str::to_owned).collect(), setting))
}

/// A path as shells understand it: `~/` is the home folder.
fn at_home(path: &str) -> PathBuf {
    let home = || directories::UserDirs::new().map(|folders| folders.home_dir().to_owned());
    match path.strip_prefix("~/") {
        Some(rest) => home().map_or_else(|| PathBuf::from(path), |home| home.join(rest)),
        None => PathBuf::from(path),
    }
}
