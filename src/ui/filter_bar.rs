//! The filter bar: what is typed in the colours of its terms, and what came of it.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::spans::{Marked, Pen, counted, grouped, within};
use crate::app::{Focus, LineEditor, State};
use crate::query::TokenKind;

/// Draws the bar, and gives the cell of the cursor while something is typed.
pub(super) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    let typing = state.focus() == Focus::Filter;
    let typed = state.filter().editor();
    // What is typed has at least half of the bar.
    let most = usize::from(area.width) - usize::from(area.width) / 2;
    let told = summary(state).into_iter().find(|text| text.width() + 3 <= most).unwrap_or_default();
    let told_x = area.right().saturating_sub(told.width() as u16 + 1);
    Pen::new(buffer, told_x, area.y, area.right()).put(&told, theme.dim);
    let sign = if typing || state.filter().is_on() { theme.accent } else { theme.dim };
    let mut pen = Pen::new(buffer, area.x, area.y, told_x.saturating_sub(1).max(area.x));
    pen.put(" / ", sign);
    if typed.text().is_empty() && !typing {
        return None;
    }
    draw_line(theme, typed, &marks(state, theme), typing, pen)
}

/// Draws a line that is typed; gives the cell of its cursor.
pub(super) fn draw_line(
    theme: &Theme,
    line: &LineEditor,
    marks: &[Marked],
    typing: bool,
    mut pen: Pen<'_>,
) -> Option<Position> {
    // A line that is too long is shown from where the cursor stays in sight.
    let room = pen.room().saturating_sub(2);
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
    let (y, last) = (pen.y(), pen.last());
    let x = pen.x() + width as u16;
    let range = start..line.text().len();
    pen.put_marked(line.text().get(range.clone()).unwrap_or(""), theme.text, &within(marks, &range), 0);
    // On a screen too narrow for the sign before it, the cursor stands on the last column.
    typing.then(|| Position::new(x.min(last), y))
}

/// Each term in the colour that its hits have.
fn marks(state: &State, theme: &Theme) -> Vec<Marked> {
    let query = state.filter().query();
    let style = |kind| match kind {
        TokenKind::Term(id) if query.term(id).is_some_and(|term| term.negated) => Some(theme.warning),
        TokenKind::Term(id) => Some(theme.hit(id.0)),
        TokenKind::Operator => Some(theme.accent),
        TokenKind::Space => None::<Style>,
    };
    query.tokens().iter().filter_map(|token| Some((token.span.clone(), style(token.kind)?))).collect()
}

/// What came of the filter and where the reader is, the longest form first.
fn summary(state: &State) -> Vec<String> {
    let reading = state.reading();
    let place = reading.open().map(|_| {
        let rows = state.text_area().map_or(0, |area| usize::from(area.rows));
        format!("{} min · {} %", reading.minutes(), reading.percent(rows))
    });
    let place = place.filter(|_| state.layout().reading.is_some()).unwrap_or_default();
    let filter = state.filter();
    let Some(answer) = filter.answer().filter(|_| filter.is_on()) else { return vec![place, String::new()] };
    let more = if filter.is_answered() { "" } else { "…" };
    let articles = format!("{}{more}", counted(answer.matched as u64, "article", "articles"));
    let hits = filter.hits().map(|(hits, complete)| {
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
    let with_place = if place.is_empty() { all.clone() } else { format!("{all}     {place}") };
    let short = join(&[Some(&format!("{}{more}", grouped(answer.matched as u64))), here.as_ref()]);
    vec![with_place, all, counts, short, articles, grouped(answer.matched as u64), String::new()]
}
