//! What lies over the panes: help, problems, command palette, the question for a command.

mod feeds;
pub(crate) mod note;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::panes::filter_bar::draw_line;
use super::text_writer::TextWriter;
use super::{Theme, frame, scrollbar};
use crate::app::{Overlay, OverlayKind, State, help_rows, palette_rows};
use crate::article::Problem;
use crate::keys::{Action, ActionSpec};
use crate::query::LANGUAGE;
use crate::render::typeset::wrap;
use crate::text::SafeStr;
use crate::text::format::counted;

/// Draws it, and gives the cell of the cursor while something is typed.
pub(crate) fn draw(state: &State, theme: &Theme, buffer: &mut Buffer) -> Option<Position> {
    let overlay = state.overlay()?;
    let screen = buffer.area;
    let (title, columns, rows) = match overlay.kind {
        OverlayKind::Help => (" Keys ".to_owned(), 76, screen.height),
        OverlayKind::Problems => {
            (format!(" {} ", counted(state.problem_count() as u64, "problem", "problems")), 110, screen.height)
        }
        OverlayKind::Language => (" How to write a filter ".to_owned(), 80, LANGUAGE.len() as u16 + 2),
        OverlayKind::Palette => (" Command ".to_owned(), 64, 16),
        OverlayKind::Pipe => (" Give the article to ".to_owned(), 64, 3),
        OverlayKind::Ask(Action::Export) => (format!(" {} ", state.export_question()), 76, 3),
        OverlayKind::Ask(action) => (format!(" {} ", action.spec().help), 64, 3),
        OverlayKind::ChooseFeed => {
            let count = state.feeds().choice().len();
            let title = format!(" {}: which is meant? ", counted(count as u64, "feed", "feeds"));
            (title, 90, u16::try_from(count).unwrap_or(u16::MAX).saturating_add(2))
        }
        OverlayKind::FeedList => {
            let feeds = state.feeds().health();
            let lines = feeds.iter().map(|feed| feed.lines().count() + 1).sum::<usize>() + 1;
            let title = format!(" {}; Enter filters by one ", counted(feeds.len() as u64, "feed", "feeds"));
            (title, 90, u16::try_from(lines).unwrap_or(u16::MAX))
        }
        OverlayKind::Changes => (" What changed ".to_owned(), 84, screen.height),
        OverlayKind::Confirm => {
            let text = state.question().map_or("", |question| &question.text);
            let lines = wrap(text, usize::from(66u16.min(screen.width).saturating_sub(4).max(1)), false).len();
            (" Please confirm ".to_owned(), 66, u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(3))
        }
        OverlayKind::Unkept => (" Marks are not kept ".to_owned(), 76, 6),
    };
    let (width, height) = (columns.min(screen.width), rows.min(screen.height));
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 3, width, height);
    let inner = frame::draw(theme, area, title, "", buffer);
    match overlay.kind {
        OverlayKind::Help => draw_help(state, theme, overlay, inner, buffer),
        OverlayKind::Problems => {
            draw_problems(state, theme, overlay, inner, buffer);
            None
        }
        OverlayKind::Language => {
            draw_language(theme, overlay, inner, buffer);
            None
        }
        OverlayKind::Palette => draw_palette(state, theme, overlay, inner, buffer),
        OverlayKind::Pipe => draw_typed(theme, "| ", overlay, inner, buffer),
        OverlayKind::Ask(_) => draw_typed(theme, ": ", overlay, inner, buffer),
        OverlayKind::ChooseFeed => {
            feeds::draw_choice(state, theme, overlay, inner, buffer);
            None
        }
        OverlayKind::FeedList => {
            feeds::draw_health(state, theme, overlay, inner, buffer);
            None
        }
        OverlayKind::Changes => {
            feeds::draw_changes(state, theme, overlay, inner, buffer);
            None
        }
        OverlayKind::Confirm => {
            draw_question(state, theme, inner, buffer);
            None
        }
        OverlayKind::Unkept => draw_unkept(state, theme, overlay, inner, buffer),
    }
}

fn draw_typed(
    theme: &Theme,
    sign: &'static str,
    overlay: &Overlay,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    let mut writer = TextWriter::new(buffer, area.x, area.y, area.right());
    writer.write(sign, theme.accent);
    draw_line(theme, &overlay.line, &[], overlay.typing, writer)
}

/// Draws the question, and the keys that answer it on the last line.
fn draw_question(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let text = SafeStr::from(state.question().map_or_else(String::new, |question| question.text.clone()));
    let last = area.bottom().saturating_sub(1).max(area.y);
    let lines = wrap(&text, usize::from(area.width.max(1)), false);
    for (y, (range, _)) in (area.y..last).zip(lines) {
        TextWriter::new(buffer, area.x, y, area.right()).write(text.slice(range), theme.text);
    }
    TextWriter::new(buffer, area.x, last, area.right()).write("y yes   n no", theme.dim);
}

/// What to do with what could not be kept.
fn draw_unkept(state: &State, theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let (why, articles) = state.keeping().trouble().unwrap_or(("it is kept by now", 0));
    let count = counted(articles as u64, "article", "articles");
    let lines = [
        (format!("What you did to {count} is not on the disk: {why}."), theme.error),
        ("Enter writes it to this file, for `newsdesk library import`, and quits.".to_owned(), theme.text),
        ("An empty line quits without it; Esc stays.".to_owned(), theme.dim),
    ];
    for (row, (text, style)) in lines.into_iter().enumerate().take(usize::from(area.height.saturating_sub(1))) {
        TextWriter::new(buffer, area.x, area.y + row as u16, area.right()).write(text, style);
    }
    let last = Rect { y: area.bottom().saturating_sub(1).max(area.y), height: area.height.min(1), ..area };
    draw_typed(theme, "> ", overlay, last, buffer)
}

/// A scrollbar on the frame, where there is more than is to be seen.
pub(crate) fn draw_more(theme: &Theme, area: Rect, rows: (usize, usize, usize), buffer: &mut Buffer) {
    let edge = Rect { width: area.width + 2, ..area }.intersection(buffer.area);
    scrollbar::draw(theme, edge, rows, &[], buffer);
}

/// One line of the help.
enum HelpLine {
    Blank,
    Title(&'static str),
    Action(&'static ActionSpec),
}

fn draw_help(state: &State, theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let rows = help_rows(overlay.line.text(), state.keymap());
    let mut cursor = None;
    let mut body = area;
    if area.height > 2 {
        if overlay.typing || !overlay.line.text().is_empty() {
            cursor = draw_typed(theme, "/ ", overlay, area, buffer);
        } else {
            TextWriter::new(buffer, area.x, area.y, area.right()).write("/ searches, Esc closes", theme.dim);
        }
        body = Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let mut lines = Vec::new();
    let mut group = None;
    let mut top = 0;
    for (row, spec) in rows.iter().enumerate() {
        if group != Some(spec.group) {
            lines.extend([HelpLine::Blank, HelpLine::Title(spec.group.title())]);
            group = Some(spec.group);
        }
        if row == overlay.row && row > 0 {
            top = lines.len();
        }
        lines.push(HelpLine::Action(spec));
    }
    // The last line stands at the bottom, not at the top of an empty frame.
    let visible = usize::from(body.height);
    top = top.min(lines.len().saturating_sub(visible));
    draw_more(theme, body, (top, visible, lines.len()), buffer);
    if rows.is_empty() {
        lines.push(HelpLine::Title("Nothing is called that"));
    }
    for (row, line) in lines.iter().skip(top).take(visible).enumerate() {
        let mut writer = TextWriter::new(buffer, body.x, body.y + row as u16, body.right());
        match line {
            HelpLine::Blank => {}
            HelpLine::Title(title) => writer.write(*title, theme.crosshead),
            HelpLine::Action(spec) => {
                let keys = state.keymap().shown(spec.action);
                let keys = if keys.is_empty() { format!(":{}", spec.name) } else { keys };
                writer.write(keys, theme.accent);
                // Keys that are wider push the help away.
                let column = (body.x + 18).max(writer.x() + 1);
                writer.skip(column - writer.x());
                writer.write(spec.help, theme.text);
            }
        }
    }
    cursor
}

fn draw_language(theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) {
    let visible = usize::from(area.height);
    let top = overlay.row.min(LANGUAGE.len().saturating_sub(visible));
    draw_more(theme, area, (top, visible, LANGUAGE.len()), buffer);
    let widest = LANGUAGE.iter().map(|(write, _)| write.width()).max().unwrap_or(0) as u16;
    // On a narrow screen what to write is cut before what it means.
    let column = area.x + widest.min(area.width / 2) + 2;
    for (row, (write, means)) in LANGUAGE.iter().skip(top).take(visible).enumerate() {
        let y = area.y + row as u16;
        TextWriter::new(buffer, area.x, y, column.saturating_sub(1)).write(*write, theme.accent);
        TextWriter::new(buffer, column, y, area.right()).write(*means, theme.text);
    }
}

fn draw_palette(state: &State, theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let cursor = draw_typed(theme, ": ", overlay, area, buffer);
    let rows = palette_rows(overlay.line.text());
    let visible = usize::from(area.height.saturating_sub(1));
    let top = (overlay.row + 1).saturating_sub(visible);
    draw_more(
        theme,
        Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area },
        (top, visible, rows.len()),
        buffer,
    );
    for (row, spec) in rows.iter().enumerate().skip(top).take(visible) {
        let y = area.y + 1 + (row - top) as u16;
        let selected = row == overlay.row;
        if selected {
            buffer.set_style(Rect::new(area.x, y, area.width, 1), theme.selection);
        }
        let over = |style: ratatui::style::Style| if selected { style.patch(theme.selection) } else { style };
        let keys = state.keymap().shown(spec.action);
        let keys_x = area.right().saturating_sub(keys.width() as u16);
        TextWriter::new(buffer, keys_x.max(area.x), y, area.right()).write(keys, over(theme.accent));
        let mut writer = TextWriter::new(buffer, area.x, y, keys_x.saturating_sub(1));
        writer.write(spec.name, over(theme.text));
        let column = (area.x + 18).max(writer.x() + 1);
        writer.skip(column - writer.x());
        writer.write(spec.help, over(theme.dim));
    }
    cursor
}

fn draw_problems(state: &State, theme: &Theme, overlay: &Overlay, area: Rect, buffer: &mut Buffer) {
    let (problems, all) = (state.problems(), state.problem_count());
    let mut y = area.y;
    let set = |problem: &Problem| {
        let text = SafeStr::from(problem.to_string());
        let lines = wrap(&text, usize::from(area.width.saturating_sub(2).max(1)), false);
        (text, lines)
    };
    // The last problem stands at the bottom, not at the top of an empty frame.
    let mut free = usize::from(area.height);
    let fits = |problem: &&&Problem| {
        let left = free.checked_sub(set(problem).1.len());
        free = left.unwrap_or(0);
        left.is_some()
    };
    let visible = problems.iter().rev().take_while(fits).count().max(1);
    let top = overlay.row.min(problems.len().saturating_sub(visible));
    draw_more(theme, area, (top, visible, problems.len()), buffer);
    for problem in problems.iter().skip(top) {
        let (text, lines) = set(problem);
        for (row, (range, _)) in lines.into_iter().enumerate() {
            if y >= area.bottom() {
                return;
            }
            let x = area.x + if row > 0 { 2 } else { 0 };
            TextWriter::new(buffer, x, y, area.right()).write(text.slice(range), theme.text);
            y += 1;
        }
    }
    if all > problems.len() && y < area.bottom() {
        let rest = counted((all - problems.len()) as u64, "more is not listed", "more are not listed");
        TextWriter::new(buffer, area.x, y, area.right()).write(rest, theme.dim);
    }
    if all == 0 {
        // They were mended while they were looked at.
        TextWriter::new(buffer, area.x, y, area.right()).write("Nothing is wrong any more", theme.dim);
    }
}
