//! The status line: useful keys, the progress of loading, messages and problems.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text_writer::TextWriter;
use crate::app::{Hint, State};
use crate::keys::Action;
use crate::text::format::{counted, grouped};
use crate::text::{SafeStr, clean};

/// Columns of the gauge.
const GAUGE: usize = 12;

pub(crate) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut right = area.right();
    // The message already shows the progress of loading.
    let loading = loading(state).filter(|_| !state.is_stop_requested());
    let problems = state.problem_count() as u64;
    let mut notes = Vec::new();
    let pending = state.pending_keys().to_string();
    if !pending.is_empty() {
        notes.push((pending, theme.accent));
    }
    if let Some((why, articles)) = state.marks().save_error() {
        notes.push((format!("{} unsaved: {}", grouped(articles as u64), why), theme.error));
    }
    let left_out = state.progress().left_out_articles as u64;
    if left_out > 0 {
        notes.push((format!("{} left out", counted(left_out, "article", "articles")), theme.warning));
    }
    if problems > 0 {
        let key = state.keymap().shown(Action::ShowProblems);
        notes.push((format!("{key} {}", counted(problems, "problem", "problems")), theme.warning));
    }
    notes.extend(loading.map(|text| (text, theme.gauge)));
    notes.extend(stopped(state).map(|text| (text, theme.warning)));
    for (text, style) in notes.into_iter().rev() {
        let x = right.saturating_sub(text.width() as u16 + 1);
        if x <= area.x + area.width / 4 && right < area.right() {
            break;
        }
        TextWriter::new(buffer, x.max(area.x), area.y, right).write(text, style);
        right = x.saturating_sub(2);
    }
    let mut writer = TextWriter::new(buffer, area.x + 1, area.y, right);
    if let Some(notice) = state.notice() {
        let style = if notice.is_error { theme.error } else { theme.accent };
        return writer.write(SafeStr::from(fitted(&notice.text, writer.room())), style);
    }
    for Hint { actions, label } in state.hints() {
        let keys: Vec<String> =
            actions.iter().filter_map(|&action| state.keymap().keys(action).first()).map(ToString::to_string).collect();
        if keys.is_empty() {
            continue;
        }
        let keys = keys.join(" ");
        // A hint that would be cut is left out.
        if keys.width() + label.width() + 1 > writer.room() {
            break;
        }
        writer.write(keys, theme.accent);
        writer.write(" ", theme.dim);
        writer.write(label, theme.dim);
        writer.skip(3);
    }
}

/// Shortens a message that is too wide, but keeps the key at its end, as in `Marked 41 articles of… · u undo`.
fn fitted(text: &str, room: usize) -> String {
    let text = clean(text);
    let Some((head, key)) = text.rsplit_once(" · ").filter(|_| text.width() > room) else { return text.into_owned() };
    let width = room.saturating_sub(key.width() + 4);
    let mut short = String::new();
    for grapheme in head.graphemes(true) {
        if short.width() + grapheme.width() > width {
            break;
        }
        short.push_str(grapheme);
    }
    format!("{}… · {key}", short.trim_end())
}

/// Returns the note that stays while files are missing because the reader stopped loading.
fn stopped(state: &State) -> Option<String> {
    let progress = state.progress();
    if !progress.done || !progress.stopped {
        return None;
    }
    let more = if progress.walked { "" } else { "+" };
    let key =
        state.keymap().keys(Action::Reload).first().map_or_else(String::new, |key| format!(" · {key} loads the rest"));
    if progress.read == progress.found {
        return Some(format!("▲ loading was stopped{key}"));
    }
    let (read, found) = (grouped(progress.read as u64), grouped(progress.found as u64));
    Some(format!("▲ {read} of {found}{more} files{key}"))
}

/// Returns the progress of loading, or `None` if nothing is being loaded.
fn loading(state: &State) -> Option<String> {
    let progress = state.progress();
    if progress.done || progress.found == 0 {
        return None;
    }
    let filled = (GAUGE * progress.read).checked_div(progress.found).unwrap_or(0).min(GAUGE);
    let gauge = format!("{}{}", "━".repeat(filled), "─".repeat(GAUGE - filled));
    let more = if progress.walked { "" } else { "+" };
    let megabytes = progress.bytes / 1_000_000;
    let left = match progress.seconds_left {
        None | Some(0) => String::new(),
        Some(seconds @ 1..=99) => format!(", {seconds} s left"),
        Some(seconds) => format!(", {} min left", seconds / 60),
    };
    Some(format!(
        "{gauge} {} of {}{more} files, {} MB{left}",
        grouped(progress.read as u64),
        grouped(progress.found as u64),
        grouped(megabytes)
    ))
}

#[cfg(test)]
mod tests {
    use super::fitted;

    #[test]
    fn long_messages_keep_the_key_at_their_end() {
        assert_eq!(fitted("Marked 41 articles of \"Reuters\" as read · u undo", 30), "Marked 41 articles o… · u undo");
        assert_eq!(fitted("Short · u undo", 30), "Short · u undo");
        assert_eq!(
            fitted("A long message without any key at its end", 10),
            "A long message without any key at its end"
        );
    }
}
