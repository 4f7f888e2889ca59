//! Converts reports of the background services into messages for the state.

use crate::app::{LibraryContents, Message, Notice, Question, Session};
use crate::article::ArticleId;
use crate::engine::event::{Event, SavedState};
use crate::keys::FeedCommand;

/// Converts a report into the message for the state.
pub(crate) fn to_message(event: Event) -> Message {
    match event {
        Event::Corpus(corpus) => Message::Corpus(corpus),
        Event::Loading(progress) => Message::Loading(progress),
        Event::Problem(problem) => Message::Problem(problem),
        Event::ProblemsCleared(path) => Message::ProblemsCleared(path),
        Event::SearchResult(answer) => Message::SearchResult(answer),
        Event::HitsCounted { generation, hits, complete } => Message::HitsCounted { generation, hits, complete },
        Event::EmptyExplained { generation, reason } => Message::EmptyExplained { generation, reason },
        Event::OtherCase { generation, case, matched } => Message::OtherCase { generation, case, matched },
        Event::FieldValues { corpus, kind, values } => Message::FieldValues { corpus, kind, values },
        Event::Facets { generation, rows } => Message::Facets { generation, rows },
        Event::Feeds(rows) => Message::Feeds(rows),
        Event::FeedProblems(problems) => Message::FeedProblems(problems),
        Event::Refreshing(progress) => Message::Refreshing(progress),
        Event::FeedChoice(feeds) => Message::FeedChoice(feeds),
        Event::ConfirmUnsubscribe { question: text, names } => {
            Message::Confirm(Question { text, on_yes: FeedCommand::Remove { names, yes: true }.into() })
        }
        Event::FeedTaskDone => Message::FeedTaskDone,
        Event::FeedStatus(feeds) => Message::FeedStatus(feeds),
        Event::EntryDiff(paragraphs) => Message::Changes(paragraphs),
        Event::FeedStep { row, name, change } => Message::FeedStep { row, name, change },
        Event::FeedStepUndone { row, undo, name, refused } => Message::FeedStepUndone { row, undo, name, refused },
        Event::FeedUndoFailed { row, undo, error } => Message::FeedUndoFailed { row, undo, error },
        Event::Library(saved) => Message::Library(Box::new(library(*saved))),
        Event::MarksSaved(number) => Message::MarksSaved(number),
        Event::SaveFailed(reason) => Message::SaveFailed(reason),
        Event::ResaveAll => Message::ResaveAll,
        Event::ExternalChanges { marks, searches } => Message::ExternalChanges { marks, searches },
        Event::ArticlesMoved { moved, marks, sessions } => {
            let session = moved_session(&sessions, &moved);
            Message::ArticlesMoved { moved, marks, session }
        }
        Event::Info(text) => Message::Notice(Notice::info(text)),
        Event::Error(text) => Message::Notice(Notice::error(text)),
    }
}

/// Parses the parts of the library that the user interface serialised. Ignores those that cannot be parsed.
fn library(saved: SavedState) -> LibraryContents {
    let SavedState { marks, searches, journal, filters, session, theme } = saved;
    let session = session.and_then(|session| serde_json::from_str(&session).ok());
    let theme = theme.and_then(|theme| serde_json::from_str(&theme).ok());
    LibraryContents { marks, searches, journal, filters, session, theme }
}

/// Returns the first stored session whose selected article is among the moved ones, with its new identity.
fn moved_session(sessions: &[String], moved: &[(ArticleId, ArticleId)]) -> Option<Session> {
    sessions.iter().find_map(|session| {
        let session: Session = serde_json::from_str(session).ok()?;
        let article = session.article()?;
        let (_, to) = moved.iter().find(|(from, _)| *from == article)?;
        Some(Session { selected: Some(to.to_string()), ..session })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moved_session_follows_the_article() {
        let stored = |article: u64| {
            let selected = Some(ArticleId(article).to_string());
            serde_json::to_string(&Session { selected, row: 3, ..Session::default() }).unwrap()
        };
        let sessions = ["not JSON".to_owned(), stored(1), stored(2)];
        let session = moved_session(&sessions, &[(ArticleId(2), ArticleId(9))]).unwrap();
        assert_eq!((session.article(), session.row), (Some(ArticleId(9)), 3));
        assert_eq!(moved_session(&sessions, &[(ArticleId(3), ArticleId(9))]), None);
    }
}
