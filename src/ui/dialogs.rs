//! Drawing of the dialogs over the panes.

mod feeds;
pub(crate) mod note;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::panes::filter_bar::draw_line;
use super::text_writer::TextWriter;
use super::{Theme, frame, scrollbar};
use crate::app::{
    HelpDialog, LineEditor, Overlay, PaletteDialog, Prompt, PromptPurpose, Question, State, help_rows, palette_rows,
};
use crate::article::Problem;
use crate::keys::{Action, ActionSpec};
use crate::query::LANGUAGE;
use crate::render::typeset::wrap;
use crate::text::SafeStr;
use crate::text::format::counted;

/// The width of a question.
const QUESTION_WIDTH: u16 = 66;

/// Returns the title of a dialog and its size in columns and rows.
fn frame_of(state: &State, overlay: &Overlay, screen: Rect) -> (String, u16, u16) {
    let rows = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    match overlay {
        Overlay::Help(_) => (" Keys ".to_owned(), 76, screen.height),
        Overlay::Problems { .. } => {
            (format!(" {} ", counted(state.problem_count() as u64, "problem", "problems")), 110, screen.height)
        }
        Overlay::Language { .. } => (" Filter syntax ".to_owned(), 80, LANGUAGE.len() as u16 + 2),
        Overlay::Palette(_) => (" Command ".to_owned(), 64, 16),
        Overlay::Prompt(prompt) => match prompt.purpose {
            PromptPurpose::Pipe => (" Pipe the article to ".to_owned(), 64, 3),
            PromptPurpose::Argument { action: Action::Export, .. } => (format!(" {} ", state.export_question()), 76, 3),
            PromptPurpose::Argument { action, .. } => (format!(" {} ", action.spec().help), 64, 3),
            PromptPurpose::ExportUnsaved => (" Marks could not be saved ".to_owned(), 76, 6),
        },
        Overlay::FeedChoice(list) => {
            let title = format!(" {}: choose one ", counted(list.items.len() as u64, "feed", "feeds"));
            (title, 90, rows(list.items.len()).saturating_add(2))
        }
        Overlay::FeedList(list) => {
            let lines = list.items.iter().map(|feed| feed.lines().count() + 1).sum::<usize>() + 1;
            let title = format!(" {}; Enter filters by one ", counted(list.items.len() as u64, "feed", "feeds"));
            (title, 90, rows(lines))
        }
        Overlay::Changes(_) => (" Changes ".to_owned(), 84, screen.height),
        Overlay::Confirm(question) => {
            let width = usize::from(QUESTION_WIDTH.min(screen.width).saturating_sub(4).max(1));
            let lines = wrap(&question.text, width, false).len();
            (" Please confirm ".to_owned(), QUESTION_WIDTH, rows(lines).saturating_add(3))
        }
    }
}

/// Draws the dialog. Returns the cell of the cursor if a line is typed.
pub(crate) fn draw(state: &State, theme: &Theme, buffer: &mut Buffer) -> Option<Position> {
    let overlay = state.overlay()?;
    let screen = buffer.area;
    let (title, columns, rows) = frame_of(state, overlay, screen);
    let (width, height) = (columns.min(screen.width), rows.min(screen.height));
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 3, width, height);
    let inner = frame::draw(theme, area, title, "", buffer);
    match overlay {
        Overlay::Help(help) => return draw_help(state, theme, help, inner, buffer),
        Overlay::Palette(palette) => return draw_palette(state, theme, palette, inner, buffer),
        Overlay::Prompt(prompt) => return draw_prompt(state, theme, prompt, inner, buffer),
        Overlay::Problems { row } => draw_problems(state, theme, *row, inner, buffer),
        Overlay::Language { row } => draw_language(theme, *row, inner, buffer),
        Overlay::FeedChoice(list) => feeds::draw_choice(theme, list, inner, buffer),
        Overlay::FeedList(list) => feeds::draw_list(theme, list, inner, buffer),
        Overlay::Changes(list) => feeds::draw_changes(theme, list, inner, buffer),
        Overlay::Confirm(question) => draw_question(theme, question, inner, buffer),
    }
    None
}

fn draw_prompt(state: &State, theme: &Theme, prompt: &Prompt, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    match prompt.purpose {
        PromptPurpose::Pipe => draw_typed(theme, "| ", &prompt.line, true, area, buffer),
        PromptPurpose::Argument { .. } => draw_typed(theme, ": ", &prompt.line, true, area, buffer),
        PromptPurpose::ExportUnsaved => draw_unsaved(state, theme, &prompt.line, area, buffer),
    }
}

fn draw_typed(
    theme: &Theme,
    sign: &'static str,
    line: &LineEditor,
    is_typing: bool,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    if area.height == 0 {
        return None;
    }
    let mut writer = TextWriter::new(buffer, area.x, area.y, area.right());
    writer.write(sign, theme.accent);
    draw_line(theme, line, &[], is_typing, writer)
}

/// Draws the question, and on the last line the keys that answer it.
fn draw_question(theme: &Theme, question: &Question, area: Rect, buffer: &mut Buffer) {
    let text = SafeStr::from(question.text.clone());
    let last = area.bottom().saturating_sub(1).max(area.y);
    let lines = wrap(&text, usize::from(area.width.max(1)), false);
    for (y, (range, _)) in (area.y..last).zip(lines) {
        TextWriter::new(buffer, area.x, y, area.right()).write(text.slice(range), theme.text);
    }
    TextWriter::new(buffer, area.x, last, area.right()).write("y yes   n no", theme.dim);
}

/// Draws the choices for changes that could not be saved.
fn draw_unsaved(state: &State, theme: &Theme, line: &LineEditor, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let (why, articles) = state.marks().save_error().unwrap_or(("they have been saved", 0));
    let count = counted(articles as u64, "article", "articles");
    let lines = [
        (format!("Marks on {count} could not be saved: {why}."), theme.error),
        ("Enter writes them to this file for `newsdesk library import` and quits.".to_owned(), theme.text),
        ("Enter on an empty line discards them and quits. Esc cancels.".to_owned(), theme.dim),
    ];
    for (row, (text, style)) in lines.into_iter().enumerate().take(usize::from(area.height.saturating_sub(1))) {
        TextWriter::new(buffer, area.x, area.y + row as u16, area.right()).write(text, style);
    }
    let last = Rect { y: area.bottom().saturating_sub(1).max(area.y), height: area.height.min(1), ..area };
    draw_typed(theme, "> ", line, true, last, buffer)
}

/// One line of the help.
enum HelpLine {
    Blank,
    Title(&'static str),
    Action(&'static ActionSpec),
}

fn draw_help(state: &State, theme: &Theme, help: &HelpDialog, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let rows = help_rows(help.search.text(), state.keymap());
    let mut cursor = None;
    let mut body = area;
    if area.height > 2 {
        if help.is_typing || !help.search.text().is_empty() {
            cursor = draw_typed(theme, "/ ", &help.search, help.is_typing, area, buffer);
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
        if row == help.row && row > 0 {
            top = lines.len();
        }
        lines.push(HelpLine::Action(spec));
    }
    // Scrolls no further than to the last line at the bottom.
    let visible = usize::from(body.height);
    top = top.min(lines.len().saturating_sub(visible));
    scrollbar::draw_on_frame(theme, body, (top, visible, lines.len()), buffer);
    if rows.is_empty() {
        lines.push(HelpLine::Title("No match"));
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
                // Wide keys move the help to the right.
                let column = (body.x + 18).max(writer.x() + 1);
                writer.skip(column - writer.x());
                writer.write(spec.help, theme.text);
            }
        }
    }
    cursor
}

fn draw_language(theme: &Theme, row: usize, area: Rect, buffer: &mut Buffer) {
    let visible = usize::from(area.height);
    let top = row.min(LANGUAGE.len().saturating_sub(visible));
    scrollbar::draw_on_frame(theme, area, (top, visible, LANGUAGE.len()), buffer);
    let widest = LANGUAGE.iter().map(|(write, _)| write.width()).max().unwrap_or(0) as u16;
    // On a narrow screen the syntax is cut before its meaning.
    let column = area.x + widest.min(area.width / 2) + 2;
    for (row, (write, means)) in LANGUAGE.iter().skip(top).take(visible).enumerate() {
        let y = area.y + row as u16;
        TextWriter::new(buffer, area.x, y, column.saturating_sub(1)).write(*write, theme.accent);
        TextWriter::new(buffer, column, y, area.right()).write(*means, theme.text);
    }
}

fn draw_palette(
    state: &State,
    theme: &Theme,
    palette: &PaletteDialog,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let cursor = draw_typed(theme, ": ", &palette.line, true, area, buffer);
    let rows = palette_rows(palette.line.text());
    let visible = usize::from(area.height.saturating_sub(1));
    let top = (palette.row + 1).saturating_sub(visible);
    scrollbar::draw_on_frame(
        theme,
        Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area },
        (top, visible, rows.len()),
        buffer,
    );
    for (row, spec) in rows.iter().enumerate().skip(top).take(visible) {
        let y = area.y + 1 + (row - top) as u16;
        let selected = row == palette.row;
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

fn draw_problems(state: &State, theme: &Theme, row: usize, area: Rect, buffer: &mut Buffer) {
    let (problems, all) = (state.problems(), state.problem_count());
    let mut y = area.y;
    let set = |problem: &Problem| {
        let text = SafeStr::from(problem.to_string());
        let lines = wrap(&text, usize::from(area.width.saturating_sub(2).max(1)), false);
        (text, lines)
    };
    // Scrolls no further than to the last problem at the bottom.
    let mut free = usize::from(area.height);
    let fits = |problem: &&&Problem| {
        let left = free.checked_sub(set(problem).1.len());
        free = left.unwrap_or(0);
        left.is_some()
    };
    let visible = problems.iter().rev().take_while(fits).count().max(1);
    let top = row.min(problems.len().saturating_sub(visible));
    scrollbar::draw_on_frame(theme, area, (top, visible, problems.len()), buffer);
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
        // The files were fixed while the list was open.
        TextWriter::new(buffer, area.x, y, area.right()).write("No problems left", theme.dim);
    }
}
