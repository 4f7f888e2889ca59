//! The filter bar: the typed query with coloured terms, and a summary of the result.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::app::{Candidate, CandidateNote, Focus, LineEditor, State};
use crate::keys::Action;
use crate::query::{Case, Field, QueryError, TokenKind};
use crate::search::EmptyReason;
use crate::text::format::{counted, grouped};
use crate::text::{SafeStr, clean};
use crate::ui::text_writer::{Highlight, TextWriter, within};
use crate::ui::{Theme, scrollbar};

/// The sign before the typed query.
const SIGN: &str = " / ";

/// The number of columns between the case toggle and the summary.
const TOGGLE_GAP: usize = 2;

/// The minimum width of a bar with a case toggle.
const TOGGLE_FROM: u16 = 30;

/// The number of columns that stay free after the typed text.
const ROOM_TO_TYPE: usize = 8;

/// The maximum number of visible candidates.
const CANDIDATES: usize = 8;

/// Draws the bar. Returns the cell of the cursor if the bar has the focus.
pub(crate) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let typing = state.focus() == Focus::Filter;
    let typed = state.filter().editor();
    let end = right_end(state, area);
    let mut writer = TextWriter::new(buffer, end.x(area), area.y, area.right());
    if let Some(toggle) = end.toggle {
        let is_set = state.filter().typed().case() != Case::Auto;
        writer.write(toggle, if is_set { theme.accent } else { theme.dim });
        writer.skip(TOGGLE_GAP as u16);
    }
    writer.write(SafeStr::new(&end.text), theme.dim);
    let sign = if typing || state.filter().is_on() { theme.accent } else { theme.dim };
    let mut writer = TextWriter::new(buffer, area.x, area.y, end.text_end(area));
    writer.write(SIGN, sign);
    if typed.text().is_empty() && !typing {
        return None;
    }
    draw_line(theme, typed, &marks(state, theme), typing, writer)
}

/// Draws a line editor. Returns the cell of its cursor if `typing`.
pub(crate) fn draw_line(
    theme: &Theme,
    line: &LineEditor,
    marks: &[Highlight],
    typing: bool,
    mut writer: TextWriter<'_>,
) -> Option<Position> {
    let (start, width) = first_shown(line, writer.room());
    let (y, last) = (writer.y(), writer.last());
    let x = writer.x() + width as u16;
    let range = start..line.text().len();
    writer.write_highlighted(
        SafeStr::new(line.text().get(range.clone()).unwrap_or("")),
        theme.text,
        &within(marks, &range),
        0,
    );
    // If the screen is too narrow for the sign, the cursor is on the last column.
    typing.then(|| Position::new(x.min(last), y))
}

/// Scrolls a line that is too long. Returns the first visible byte and the number of columns from there to the cursor.
fn first_shown(line: &LineEditor, room: usize) -> (usize, usize) {
    let room = room.saturating_sub(2);
    let before = line.text().get(..line.cursor()).unwrap_or("");
    let mut start = 0;
    let mut width = before.width();
    for (at, grapheme) in before.grapheme_indices(true) {
        if width <= room {
            break;
        }
        width -= grapheme.width();
        start = at + grapheme.len();
    }
    (start, width)
}

/// Returns the columns of a byte range of the typed line, counted from the left end of the bar.
fn columns(state: &State, bar: Rect, range: &Range<usize>) -> (u16, u16) {
    let line = state.filter().editor();
    let end = right_end(state, bar).text_end(bar);
    let (start, _) = first_shown(line, usize::from(end - bar.x).saturating_sub(SIGN.width()));
    let shown = |at: usize| line.text().get(start..at.max(start)).unwrap_or("").width() as u16;
    let first = SIGN.width() as u16 + shown(range.start);
    (first.min(bar.width), (SIGN.width() as u16 + shown(range.end)).max(first + 1).min(bar.width))
}

/// Draws a caret under a mistake and a message about it, in the row below the bar.
pub(crate) fn draw_mistake(
    state: &State,
    theme: &Theme,
    mistake: &QueryError,
    bar: Rect,
    below: Rect,
    buffer: &mut Buffer,
) {
    let (first, last) = columns(state, bar, &mistake.span);
    let message = mistake.message.width() as u16;
    let mut carets = TextWriter::new(buffer, below.x + first, below.y, below.x + last);
    carets.write("^".repeat(usize::from(last.saturating_sub(first))), theme.error);
    // The message is after the caret if it fits, else before it, else it uses the whole row.
    let x = if last + 2 + message <= below.width {
        last + 1
    } else if message + 2 <= first {
        first - message - 1
    } else {
        for x in below.left()..below.right() {
            buffer[(x, below.y)].reset();
        }
        1
    };
    TextWriter::new(buffer, below.x + x, below.y, below.right()).write(SafeStr::new(&mistake.message), theme.error);
}

/// Draws the candidates of a completion over the rows above the bar.
pub(crate) fn draw_completion(state: &State, theme: &Theme, bar: Rect, buffer: &mut Buffer) {
    let Some(menu) = state.filter().completion() else { return };
    let rows = menu.candidates().len().clamp(1, CANDIDATES).min(usize::from(bar.y - buffer.area.y));
    let top = (menu.selected() + 1).saturating_sub(rows);
    let shown = menu.candidates().iter().enumerate().skip(top).take(rows);
    let lines: Vec<(String, String, bool)> = if menu.is_waiting() {
        vec![("counting…".to_owned(), String::new(), false)]
    } else {
        let note = |note: &CandidateNote| match note {
            CandidateNote::None => String::new(),
            CandidateNote::Meaning(meaning) => (*meaning).to_owned(),
            CandidateNote::Count(count) => grouped(*count as u64),
        };
        let line = |(number, candidate): (usize, &Candidate)| {
            (clean(&candidate.shown).into_owned(), note(&candidate.note), number == menu.selected())
        };
        shown.map(line).collect()
    };
    let widest = |column: fn(&(String, String, bool)) -> &str| {
        lines.iter().map(|line| column(line).width()).max().unwrap_or(0) as u16
    };
    let (left, right) = (widest(|line| &line.0).min(48), widest(|line| &line.1));
    let more = menu.candidates().len() > rows;
    let width = (left + right + if right > 0 { 5 } else { 2 }).min(bar.width);
    let (first, _) = columns(state, bar, &(menu.start()..menu.start()));
    let x = (bar.x + first).saturating_sub(1).min(bar.right().saturating_sub(width));
    for (row, (shown, note, selected)) in lines.iter().enumerate() {
        let y = bar.y - (lines.len() - row) as u16;
        let area = Rect::new(x, y, width, 1);
        Clear.render(area, buffer);
        buffer.set_style(area, if *selected { theme.selection } else { theme.selection_unfocused });
        // Matched letters keep the colours of the row: in 16 colours, dimmed letters would be as grey as the row.
        let over = |style: Style| Style { fg: None, bg: None, ..style };
        let (text, dim) = if *selected { (Style::new(), Style::new()) } else { (over(theme.text), over(theme.dim)) };
        TextWriter::new(buffer, x + 1, y, (x + 1 + left).min(area.right())).write(SafeStr::new(shown), text);
        let note_x = area.right().saturating_sub(note.width() as u16 + 1);
        let note_x = if note.chars().all(|c| c.is_ascii_digit() || c == ',') { note_x } else { x + left + 4 };
        TextWriter::new(buffer, note_x.max(x + 1), y, area.right()).write(SafeStr::new(note), dim);
    }
    if more {
        let track = Rect::new(x, bar.y - lines.len() as u16, width, lines.len() as u16);
        scrollbar::draw(theme, track, (top, rows, menu.candidates().len()), &[], buffer);
    }
}

/// Returns the style of each term, which is that of its hits.
fn marks(state: &State, theme: &Theme) -> Vec<Highlight> {
    let query = state.filter().typed();
    let style = |kind| match kind {
        TokenKind::Term(id) if query.term(id).is_some_and(|term| term.negated) => Some(theme.warning),
        // A term that does not search the text has no hits.
        TokenKind::Term(id) if query.term(id).is_some_and(|term| !term.field.is_none_or(Field::is_text)) => {
            Some(theme.quote)
        }
        TokenKind::Term(id) => Some(theme.hit(id.0)),
        TokenKind::Operator | TokenKind::Field => Some(theme.accent),
        TokenKind::Value => Some(theme.quote),
        TokenKind::Mistake => Some(theme.error),
        TokenKind::Space => None::<Style>,
    };
    query.tokens().iter().filter_map(|token| Some((token.span.clone(), style(token.kind)?))).collect()
}

/// The right end of the bar: the case toggle and a summary of the answer.
struct RightEnd {
    toggle: Option<&'static str>,
    text: String,
}

impl RightEnd {
    fn width(&self) -> u16 {
        let gap = if self.text.is_empty() { 0 } else { TOGGLE_GAP };
        (self.toggle.map_or(0, |toggle| toggle.width() + gap) + self.text.width()) as u16
    }

    /// Returns its first column.
    fn x(&self, bar: Rect) -> u16 {
        bar.right().saturating_sub(self.width() + 1)
    }

    /// Returns the column limit of the typed text.
    fn text_end(&self, bar: Rect) -> u16 {
        bar.right().saturating_sub(self.width() + 2).max(bar.x)
    }
}

/// Returns the longest summary that fits beside the typed text or, if that is long, in half of the bar.
fn right_end(state: &State, bar: Rect) -> RightEnd {
    let typed = state.filter().editor().text();
    let is_shown = (state.focus() == Focus::Filter || !typed.is_empty()) && bar.width >= TOGGLE_FROM;
    let toggle = is_shown.then(|| match state.filter().typed().case() {
        Case::Auto => "Aa",
        Case::Exact => "A≠a",
        Case::Ignore => "A=a",
    });
    let width = usize::from(bar.width);
    let toggle_width = toggle.map_or(0, |toggle| toggle.width() + TOGGLE_GAP);
    let most = (width - width / 2).max(width.saturating_sub(SIGN.width() + typed.width() + ROOM_TO_TYPE));
    let fits = |text: &String| text.width() + toggle_width + 3 <= most;
    RightEnd { toggle, text: summary(state).into_iter().find(fits).unwrap_or_default() }
}

/// Returns the hint of the case toggle (`Alt-c ignores case (+136)`) and whether it would find more.
fn case_hint(state: &State) -> Option<(String, bool)> {
    let (case, matched) = state.filter().other_case()?;
    let now = state.filter().answer()?.matched;
    let key = state.keymap().keys(Action::ToggleCase).first()?;
    let what = match case {
        Case::Auto => "case by rule",
        Case::Exact => "exact case",
        Case::Ignore => "ignores case",
    };
    let (sign, difference) = if matched > now { ('+', matched - now) } else { ('−', now - matched) };
    (difference > 0).then(|| (format!("{key} {what} ({sign}{})", grouped(difference as u64)), matched > now))
}

/// Returns the summary of the answer and the reading position, the longest form first.
fn summary(state: &State) -> Vec<String> {
    let reading = state.reading();
    let place = reading.open().map(|_| {
        let rows = state.text_area().map_or(0, |area| usize::from(area.rows));
        format!("{} min · {} %", reading.minutes(), reading.percent(rows))
    });
    let place = place.filter(|_| state.layout().reading.is_some()).unwrap_or_default();
    let filter = state.filter();
    let Some(answer) = filter.answer().filter(|_| filter.is_on()) else { return vec![place, String::new()] };
    if answer.matched == 0
        && let Some((hint, true)) = case_hint(state)
    {
        return vec![format!("No match · {hint}"), "No match".to_owned(), "0".to_owned()];
    }
    if let Some(reason) = filter.empty_reason() {
        let (long, short) = match reason {
            EmptyReason::Without(condition, matched) => {
                let (condition, count) = (clean(condition), counted(*matched as u64, "article", "articles"));
                (
                    format!("No match; without {condition} {count}"),
                    format!("without {condition} {}", grouped(*matched as u64)),
                )
            }
            EmptyReason::Alone(condition) => {
                let condition = clean(condition);
                (format!("No match; no article has {condition}"), format!("none has {condition}"))
            }
        };
        return vec![long, short, "No match".to_owned(), "0".to_owned()];
    }
    let hint = case_hint(state);
    let more = match (filter.is_answered(), state.progress().stopped) {
        (false, _) => "…",
        // The reader stopped loading, so more articles may match.
        (true, true) => "+",
        (true, false) => "",
    };
    let articles = format!("{}{more}", counted(answer.matched as u64, "article", "articles"));
    let hits = filter.hits().filter(|_| filter.query().has_hits()).map(|(hits, complete)| {
        let more = if complete { "" } else { "+" };
        format!("{}{more} {}", grouped(hits), if hits == 1 && complete { "hit" } else { "hits" })
    });
    let here = reading.open().filter(|open| !open.hits.is_empty()).map(|open| match open.current {
        Some(current) => format!("{}/{} here", current + 1, open.hits.len()),
        None => format!("{} here", open.hits.len()),
    });
    let join =
        |parts: &[Option<&String>]| parts.iter().flatten().map(|part| part.as_str()).collect::<Vec<_>>().join(" · ");
    let all = join(&[Some(&articles), hits.as_ref(), here.as_ref()]);
    let counts = join(&[Some(&articles), hits.as_ref()]);
    let beside_place = |text: &str| if place.is_empty() { text.to_owned() } else { format!("{text}     {place}") };
    let number = format!("{}{more}", grouped(answer.matched as u64));
    let short = join(&[Some(&number), here.as_ref()]);
    let mut forms = Vec::new();
    if let Some((hint, is_more)) = &hint {
        let hint = Some(hint);
        forms.push(beside_place(&join(&[Some(&articles), hits.as_ref(), here.as_ref(), hint])));
        // The number of missing articles matters more than the position.
        if *is_more {
            forms.push(join(&[Some(&articles), hits.as_ref(), here.as_ref(), hint]));
            forms.push(join(&[Some(&articles), hits.as_ref(), hint]));
            forms.push(join(&[Some(&articles), hint]));
            forms.push(join(&[Some(&number), hint]));
        }
    }
    forms.extend([beside_place(&all), all, counts, short, articles, grouped(answer.matched as u64), String::new()]);
    forms
}
