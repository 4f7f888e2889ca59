//! The article list. Only visible rows are laid out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::app::{Focus, ListView, State};
use crate::article::Role;
use crate::corpus::ArticleRef;
use crate::keys::Action;
use crate::marks::ArticleMarks;
use crate::query::{Case, TermId};
use crate::render::dates;
use crate::render::typeset::wrap;
use crate::search::{EmptyReason, Hit};
use crate::text::format::{counted, grouped};
use crate::text::{SafeStr, SafeText};
use crate::ui::text_writer::{Highlight, TextWriter, within};
use crate::ui::{Theme, scrollbar};

/// The number of bytes of an article that are searched for hits and a snippet at every frame: about 40,000 words.
const LOOKED_THROUGH: usize = 256 << 10;

/// The minimum width for dates.
const DATES: usize = 36;
/// The minimum width for marks.
const MARKS: usize = 12;

pub(crate) fn draw(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let Some(view) = state.list_view() else { return };
    if let Some(head) = view.head {
        draw_head(state, theme, Rect::new(head.column, head.row, head.columns, head.rows), buffer);
    }
    let rows = Rect::new(view.rows.column, view.rows.row, view.rows.columns, view.rows.rows).intersection(area);
    if state.list().slots().is_empty() {
        return draw_empty(state, theme, rows, buffer);
    }
    draw_rows(state, theme, view, rows, buffer);
    let list = state.list();
    scrollbar::draw(theme, rows, (list.top(), view.visible(), list.slots().len()), &[], buffer);
}

fn draw_head(state: &State, theme: &Theme, head: Rect, buffer: &mut Buffer) {
    // A plus sign shows that articles may be missing because the reader stopped loading.
    let more = if state.progress().stopped { "+" } else { "" };
    let all = state.corpus().len() as u64;
    let of_all = format!("{}{more}", counted(all, "article", "articles"));
    let shown = state.list().slots().len() as u64;
    let count = match state.filter().answer() {
        Some(answer) if state.filter().is_on() => {
            format!("{}{more} of {of_all}", grouped(answer.matched as u64))
        }
        // Say how many articles are hidden.
        _ if shown < all && state.hides_future() => {
            format!("{}{more} · {} in the future", counted(shown, "article", "articles"), grouped(all - shown))
        }
        _ => of_all,
    };
    let room = usize::from(head.width).saturating_sub(count.width() + 3);
    let mut writer = TextWriter::new(buffer, head.x + 1, head.y, head.x + room as u16);
    writer.write("newsdesk", theme.accent.add_modifier(ratatui::style::Modifier::BOLD));
    writer.write("  ", theme.dim);
    writer.write(SafeStr::new(state.title()), theme.dim);
    let x = head.right().saturating_sub(count.width() as u16 + 2).max(head.x);
    TextWriter::new(buffer, x, head.y, head.right()).write(count, theme.dim);
}

fn draw_empty(state: &State, theme: &Theme, rows: Rect, buffer: &mut Buffer) {
    if let Some((case, matched @ 1..)) = state.filter().other_case()
        && let Some(key) = state.keymap().keys(Action::ToggleCase).first()
    {
        let what = if case == Case::Ignore { "ignores case" } else { "changes case matching" };
        let text = format!("No article matches. {key} {what}: {}.", counted(matched as u64, "article", "articles"));
        let y = rows.y + u16::from(rows.height > 2);
        return TextWriter::new(buffer, rows.x + 1, y, rows.right()).write(text, theme.dim);
    }
    if let Some(reason) = state.filter().empty_reason() {
        let text = match reason {
            EmptyReason::Without(condition, 1) => {
                format!("No article matches all of it. Without {condition} there is 1.")
            }
            EmptyReason::Without(condition, matched) => {
                let count = grouped(*matched as u64);
                format!("No article matches all of it. Without {condition} there are {count}.")
            }
            EmptyReason::Alone(condition) => format!("No article matches all of it; none has {condition}."),
        };
        let text = SafeStr::from(text);
        let lines = wrap(&text, usize::from(rows.width.saturating_sub(2).max(1)), false);
        for (row, (range, _)) in lines.into_iter().enumerate() {
            let y = rows.y + u16::from(rows.height > 2) + row as u16;
            TextWriter::new(buffer, rows.x + 1, y.min(rows.bottom()), rows.right()).write(text.slice(range), theme.dim);
        }
        return;
    }
    let key = |action| state.keymap().shown(action);
    let text = if state.filter().is_on() && state.filter().is_answered() {
        format!("No article matches. {} clears the filter.", key(Action::Back))
    } else if state.progress().done && !state.filter().is_on() {
        match (state.problem_count(), state.feeds().rows().is_empty()) {
            (0, true) => "No articles here.".to_owned(),
            (0, false) => format!("No articles yet. {} fetches the feeds.", key(Action::RefreshFeeds)),
            (_, _) => format!("No articles. {} lists the problems.", key(Action::ShowProblems)),
        }
    } else {
        return;
    };
    let y = rows.y + u16::from(rows.height > 2);
    TextWriter::new(buffer, rows.x + 1, y, rows.right()).write(text, theme.dim);
}

fn draw_rows(state: &State, theme: &Theme, view: ListView, rows: Rect, buffer: &mut Buffer) {
    let list = state.list();
    for row in 0..view.visible() {
        let place = list.top() + row;
        let Some(entry) = list.slots().get(place).and_then(|&slot| state.corpus().get(slot)) else { continue };
        let y = rows.y + row as u16 * view.row_height;
        let area = Rect::new(rows.x, y, rows.width, view.row_height).intersection(rows);
        let mut base = Style::new();
        if place == list.selected() {
            base = if state.focus() == Focus::List { theme.selection } else { theme.selection_unfocused };
            buffer.set_style(area, base);
        }
        draw_article(state, theme, entry, area, base, buffer);
    }
}

fn draw_article(state: &State, theme: &Theme, entry: ArticleRef<'_>, area: Rect, base: Style, buffer: &mut Buffer) {
    // On the selected row, only highlights keep their colour; grey text on a grey row would be illegible.
    let over = |style: Style| {
        if base.fg.is_some() { style.patch(base) } else { style.patch(Style::new().add_modifier(base.add_modifier)) }
    };
    let hits = state.filter().matcher().map_or_else(Vec::new, |matcher| matcher.hits_within(entry, LOOKED_THROUGH));
    let marks = |part: usize| -> Vec<Highlight> {
        hits.iter().filter(|hit| hit.part == part).map(|hit| (hit.range.clone(), theme.hit(hit.term.0))).collect()
    };
    let snippet_row = u16::from(state.has_snippets() && area.height > 1);
    let text_rows = area.height - snippet_row;
    // The last column is the scrollbar's.
    let end = area.right().saturating_sub(1);
    let mut x = area.x + 1;
    let width = usize::from(area.width);
    let marked = state.marks().current().get(entry.id());
    if width >= MARKS && state.marks().is_ready() {
        let pending = state.marks().is_pending(entry.id());
        let (sign, style) = match (pending, marked.is_read()) {
            // Unsaved marks have a sign of their own.
            (true, _) => ("◌", theme.warning),
            (false, false) => ("●", theme.accent),
            (false, true) => (" ", theme.dim),
        };
        let mut writer = TextWriter::new(buffer, area.x, area.y, end);
        writer.write(sign, over(style));
        let star = if !marked.is_starred() {
            " "
        } else if pending {
            "☆"
        } else {
            "★"
        };
        writer.write(star, over(theme.warning));
        x += 2;
    }
    if width >= DATES {
        let date = entry.published().map_or_else(String::new, |published| dates::short(published, state.now()));
        TextWriter::new(buffer, x, area.y, end).write(date, over(theme.dim));
        x += dates::SHORT as u16 + 2;
    }

    let headline = entry.headline();
    let shown = if headline.is_empty() { SafeText::new("(no headline)") } else { headline };
    let marks_here = marks(0);
    let room = end.saturating_sub(x);
    // On one line the section is beside the headline, which is cut. On two lines it uses the free end of the second
    // line, with the source if both fit.
    let (lines, meta) = if text_rows == 1 {
        let meta =
            if width >= 60 { meta(theme, entry, marked, 12, (width >= 110).then_some(18)) } else { Meta::default() };
        let beside = if meta.width > 0 { meta.width + 2 } else { 0 };
        (wrap(&shown, usize::from(room.saturating_sub(beside).max(1)), false), meta)
    } else {
        let lines = wrap(&shown, usize::from(room.max(1)), false);
        let rest = lines.get(1).and_then(|(range, _)| shown.get(range.start..)).map_or(0, UnicodeWidthStr::width);
        let free = usize::from(room).saturating_sub(if rest > 0 { rest + 3 } else { 1 });
        let fits = |meta: &Meta| usize::from(meta.width) <= free;
        let sizes = [Some(40), Some(18), None];
        let meta = sizes.into_iter().map(|source| meta(theme, entry, marked, 20, source)).find(fits);
        (lines, meta.unwrap_or_default())
    };
    let first_room = if text_rows == 1 && meta.width > 0 { room.saturating_sub(meta.width + 2) } else { room };
    let read = marked.is_read() && state.marks().is_ready();
    let bold = over(if read { theme.dim } else { theme.text });
    for (row, (range, _)) in lines.iter().enumerate().take(usize::from(text_rows)) {
        let last = row + 1 == usize::from(text_rows);
        let text_end =
            if last && text_rows > 1 && meta.width > 0 { end.saturating_sub(meta.width + 2) } else { x + first_room };
        // The last line takes the rest of the headline, so that it is cut with a sign.
        let range = if last { range.start..shown.len() } else { range.clone() };
        let text = shown.slice(range.clone());
        TextWriter::new(buffer, x, area.y + row as u16, text_end).write_highlighted(
            text,
            bold,
            &within(&marks_here, &range),
            0,
        );
    }
    if meta.width > 0 {
        // If the headline leaves the second line free, the section is at its left end.
        let left = text_rows > 1 && lines.len() < usize::from(text_rows);
        let meta_x = if left { x } else { end.saturating_sub(meta.width + 1) };
        let mut writer = TextWriter::new(buffer, meta_x, area.y + text_rows - 1, end);
        for (text, style) in meta.texts {
            writer.write(text, over(style));
        }
    }
    if snippet_row > 0 {
        let y = area.y + text_rows;
        let more = if entry.folded().len() > LOOKED_THROUGH { "+" } else { "" };
        let count = format!("{}{more}", hits.len());
        let count_x = end.saturating_sub(count.len() as u16 + 1);
        // If only the headline has a hit, the row shows the beginning of the article.
        let begins = || entry.parts().position(|part| part.role != Role::Headline).filter(|_| !hits.is_empty());
        let beginning = || begins().map(|part| Hit { term: TermId(0), part, range: 0..0 });
        if let Some(hit) = &hits.iter().find(|hit| hit.part > 0).cloned().or_else(beginning) {
            draw_snippet(entry, hit, &marks(hit.part), over(theme.dim), (x, y, count_x.saturating_sub(1)), buffer);
        }
        if !hits.is_empty() {
            TextWriter::new(buffer, count_x, y, end).write(count, over(theme.dim));
        }
    }
}

/// The texts beside a headline and their width in columns.
#[derive(Default)]
struct Meta {
    texts: Vec<(String, Style)>,
    width: u16,
}

/// Returns the sign of a note, the tags, the section cut to `most` columns, and the source cut to `most_source`.
fn meta(theme: &Theme, entry: ArticleRef<'_>, marked: &ArticleMarks, most: usize, most_source: Option<usize>) -> Meta {
    let mut texts = Vec::new();
    if !marked.note().is_empty() {
        texts.push(("✎ ".to_owned(), theme.accent));
    }
    for tag in marked.tags().iter().take(3) {
        texts.push((format!("#{tag} "), theme.accent));
    }
    let cut = |text: &str, most: usize| {
        if text.width() <= most {
            return text.to_owned();
        }
        let mut shown = String::new();
        for grapheme in text.graphemes(true) {
            if shown.width() + grapheme.width() >= most {
                break;
            }
            shown.push_str(grapheme);
        }
        shown + "…"
    };
    if !entry.section().is_empty() {
        texts.push((cut(entry.section(), most), theme.section(entry.section())));
    }
    if let Some((source, most)) = entry.texts(Role::Source).next().zip(most_source) {
        if !entry.section().is_empty() {
            texts.push(("  ".to_owned(), theme.dim));
        }
        texts.push((cut(&source, most), theme.dim));
    }
    let width = texts.iter().map(|(text, _)| text.width()).sum::<usize>() as u16;
    Meta { texts, width }
}

/// Draws the text around a hit, on one row.
fn draw_snippet(
    entry: ArticleRef<'_>,
    hit: &Hit,
    marks: &[Highlight],
    style: Style,
    (x, y, end): (u16, u16, u16),
    buffer: &mut Buffer,
) {
    let Some(view) = entry.parts().nth(hit.part) else { return };
    let mut unfolder = entry.unfolder();
    unfolder.skip_to(view.folded.start);
    let end_of_text = view.folded.end.min(entry.boundary(LOOKED_THROUGH)).max(view.folded.start);
    let text = SafeText::new(&unfolder.take(end_of_text).replace('\n', " "));
    let before = usize::from(end.saturating_sub(x)) / 3;
    // Starts at a word, about a third of the row before the hit.
    let mut start = hit.range.start.min(text.len());
    let mut used = 0;
    for (at, grapheme) in
        unicode_segmentation::UnicodeSegmentation::grapheme_indices(text.get(..start).unwrap_or(""), true).rev()
    {
        used += grapheme.width();
        if used > before {
            break;
        }
        if at == 0 || grapheme == " " {
            start = if at == 0 { 0 } else { at + 1 };
        }
    }
    let mut writer = TextWriter::new(buffer, x, y, end);
    if start > 0 {
        writer.write("… ", style);
    }
    let range = start..text.len();
    // A row shows a few hundred bytes at most, so the rest of a long text is not measured.
    let most = text.floor_char_boundary(start + writer.room() * 8 + 64);
    writer.write_highlighted(text.slice(start..most), style, &within(marks, &range), 0);
}
