//! The feed commands, defined once: `newsdesk feed` in a shell and `:feed` in the reader parse this definition.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Parser, Subcommand};

/// Replaces `#` while a line is split into words: a shell starts a comment there, the reader a tag.
const HASH: &str = "\u{E023}";

/// A command about subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum FeedCommand {
    /// Subscribe to a feed, a page that links to one, or a file of either
    Add {
        /// Addresses, pages or files; a word that begins with `#` is a tag
        #[arg(value_name = "URL|PAGE|FILE", required = true)]
        places: Vec<String>,
        /// Add this tag (repeatable)
        #[arg(long, value_name = "TAG")]
        tag: Vec<String>,
        /// Call the feed NAME
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Unsubscribe; starred, tagged and noted entries stay
    Remove {
        /// Whole names, addresses or #tags of feeds
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Remove more than one feed without asking
        #[arg(long)]
        yes: bool,
    },
    /// Rename a feed; without NEW, use the feed's own name
    Rename {
        /// The name or address of a feed
        #[arg(value_name = "NAME")]
        name: String,
        /// The new name
        #[arg(value_name = "NEW")]
        to: Vec<String>,
    },
    /// Add tags to a feed; `-TAG` removes one
    Tag {
        /// The name or address of a feed
        #[arg(value_name = "NAME")]
        name: String,
        /// Tags to add; `-TAG` removes a tag
        #[arg(value_name = "TAG", required = true, allow_hyphen_values = true)]
        tags: Vec<String>,
    },
    /// Change how much of a feed is stored, and its full text
    #[command(group = clap::ArgGroup::new("setting").required(true).multiple(true))]
    Set {
        /// Whole names, addresses or #tags of feeds
        #[arg(value_name = "NAME", required = true)]
        names: Vec<String>,
        /// Keep the newest COUNT entries; 0 keeps all
        #[arg(long, value_name = "COUNT", group = "setting")]
        keep_count: Option<u32>,
        /// Keep entries for DAYS days; 0 keeps them forever
        #[arg(long, value_name = "DAYS", group = "setting")]
        keep_days: Option<u32>,
        /// Fetch the whole article behind each new entry
        #[arg(long, value_name = "true|false", group = "setting")]
        full_text: Option<bool>,
    },
    /// List all feeds with their state and numbers of entries
    List {
        /// Print one JSON object a line (in a shell)
        #[arg(long)]
        json: bool,
    },
    /// Fetch all feeds, or only those named
    Refresh {
        /// Whole names, addresses or #tags of feeds
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Import feeds from OPML, or from newsboat's `urls` file
    ///
    /// With newsboat's `urls`, entries and read marks come from the `cache.db` beside it.
    Import {
        /// The file to read
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Use user names and passwords that the file has
        #[arg(long)]
        with_credentials: bool,
    },
    /// Export all feeds as OPML
    Export {
        /// A new file; a shell prints to standard output without it
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Include user names and passwords of feeds
        #[arg(long)]
        with_credentials: bool,
    },
}

/// A command that the reader typed after `:feed`.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum TypedFeedCommand {
    /// A command that the shell shares.
    #[command(flatten)]
    Shared(FeedCommand),
    /// Stop fetching
    Stop,
}

#[derive(Parser)]
#[command(
    name = "feed",
    bin_name = "feed",
    no_binary_name = true,
    disable_help_flag = true,
    disable_help_subcommand = true
)]
#[command(color = clap::ColorChoice::Never)]
struct TypedLine {
    #[command(subcommand)]
    command: TypedFeedCommand,
}

/// Why a typed feed command is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FeedSyntaxError {
    /// A quotation mark is not closed.
    #[error("unclosed quote")]
    UnclosedQuote,
    /// The command or its arguments are wrong; one line for the reader.
    #[error("{0}")]
    Arguments(String),
}

impl TypedFeedCommand {
    /// Parses the text after `:feed`, quoted as in a shell; a `#` needs no quotes.
    ///
    /// # Errors
    ///
    /// Returns an error if the command or its arguments are wrong.
    pub fn parse(typed: &str) -> Result<TypedFeedCommand, FeedSyntaxError> {
        let arguments = shell_words::split(&typed.replace('#', HASH)).map_err(|_| FeedSyntaxError::UnclosedQuote)?;
        let arguments = arguments.iter().map(|word| word.replace(HASH, "#"));
        TypedLine::try_parse_from(arguments)
            .map(|line| line.command)
            .map_err(|error| FeedSyntaxError::Arguments(sentence(&error)))
    }
}

/// Returns clap's error as one line, with the usage if arguments are missing.
fn sentence(error: &clap::Error) -> String {
    if matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    ) {
        let command = TypedLine::command();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        return match error.get(ContextKind::InvalidSubcommand) {
            Some(ContextValue::String(wrong)) => {
                format!("no feed command \"{wrong}\"; try one of {}", names.join(", "))
            }
            _ => format!("expected a feed command: {}", names.join(", ")),
        };
    }
    let text = error.render().to_string();
    let message: Vec<&str> = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim).collect();
    let message = message.join(" ");
    let message = message.strip_prefix("error: ").unwrap_or(&message);
    match text.lines().find_map(|line| line.strip_prefix("Usage: ")) {
        Some(usage) => format!("{message}; usage: {usage}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(typed: &str) -> FeedCommand {
        match TypedFeedCommand::parse(typed) {
            Ok(TypedFeedCommand::Shared(command)) => command,
            other => panic!("{typed}: {other:?}"),
        }
    }

    #[test]
    fn lines_are_split_as_in_a_shell_and_keep_hashes() {
        let owned = |names: &[&str]| names.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            parsed("remove '#far away' \"Canal Post\" #coast"),
            FeedCommand::Remove { names: owned(&["#far away", "Canal Post", "#coast"]), yes: false }
        );
        assert_eq!(
            parsed("tag Canal news -old"),
            FeedCommand::Tag { name: "Canal".to_owned(), tags: owned(&["news", "-old"]) }
        );
    }

    #[test]
    fn mistakes_name_the_cause_and_the_usage() {
        for (typed, wanted) in [
            ("", "expected a feed command: add, remove"),
            ("frobnicate", "no feed command \"frobnicate\"; try one of add, remove"),
            ("remove", "<NAME>"),
            ("remove 'Canal", "unclosed quote"),
            ("import", "usage: feed import <FILE>"),
            ("set Canal", "required"),
            ("set --keep-days 3", "<NAME>"),
            ("set Canal --keep-count", "a value is required"),
            ("set Canal --keep-count many", "invalid value 'many'"),
            ("set Canal --keep-days -1", "-1"),
            ("set Canal --full-text maybe", "'maybe'"),
            ("add --tag x", "URL"),
            ("add https://a.example/ --colour red", "--colour"),
        ] {
            let message = TypedFeedCommand::parse(typed).unwrap_err().to_string();
            assert!(message.contains(wanted), "{typed}: {message}");
            assert!(!message.contains('\n'), "{typed}: {message}");
        }
    }
}
