//! Sizes and areas in cells, and the one pure function that lays out the screen: update, mouse and drawing share it.

use super::Focus;
use crate::config::Split;

/// From this width on, list and text stand side by side.
const WIDE: u16 = 100;
/// From this height on, a narrow screen has the list above the text.
const TALL: u16 = 40;
/// From this width on, the sources pane stands beside them unless it is closed.
const VERY_WIDE: u16 = 140;
/// How many columns the sources pane takes.
const SOURCES: u16 = 28;

/// A size in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// The column of its left edge.
    pub column: u16,
    /// The row of its upper edge.
    pub row: u16,
    /// How many columns it has.
    pub columns: u16,
    /// How many rows it has.
    pub rows: u16,
}

impl Area {
    /// Whether the cell lies in it.
    pub fn contains(self, column: u16, row: u16) -> bool {
        (self.column..self.column.saturating_add(self.columns)).contains(&column)
            && (self.row..self.row.saturating_add(self.rows)).contains(&row)
    }
}

/// Where everything stands; what has no room is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The sources pane.
    pub sources: Option<Area>,
    /// The rule between the sources pane and the others.
    pub sources_rule: Option<Area>,
    /// The article list.
    pub list: Option<Area>,
    /// The rule between list and text, which the mouse drags.
    pub rule: Option<Area>,
    /// The reading pane.
    pub reading: Option<Area>,
    /// The filter bar.
    pub bar: Option<Area>,
    /// The status line.
    pub status: Option<Area>,
}

/// What the layout depends on besides the size.
#[derive(Clone, Copy, Debug)]
pub struct LayoutPrefs {
    /// Which pane has the focus.
    pub focus: Focus,
    /// The text alone.
    pub zen: bool,
    /// Whether the sources pane is wanted; by the width where nobody has said so.
    pub sources: Option<bool>,
    /// How the panes are to stand.
    pub split: Split,
    /// How much of the width or height the list takes, in percent.
    pub list_share: u16,
}

/// Lays out a screen of this size.
pub fn layout(size: Size, prefs: LayoutPrefs) -> Layout {
    let Size { columns, rows } = size;
    if columns == 0 || rows == 0 {
        return Layout::default();
    }
    let whole = Area { column: 0, row: 0, columns, rows };
    let typing = prefs.focus == Focus::Filter;
    if prefs.zen && !typing {
        return Layout { reading: Some(whole), ..Layout::default() };
    }
    let line = |row| Some(Area { column: 0, row, columns, rows: 1 });
    // What is typed goes before what is told.
    let (panes, bar, status) = match rows {
        1 if typing => (0, line(0), None),
        1..=3 if !typing => (rows, None, None),
        2..=5 if typing => (rows - 1, line(rows - 1), None),
        4..=5 => (rows - 1, None, line(rows - 1)),
        _ => (rows - 2, line(rows - 2), line(rows - 1)),
    };
    let mut layout = Layout { bar, status, ..Layout::default() };
    if panes == 0 {
        return layout;
    }
    let in_sources = prefs.focus == Focus::Sources;
    let beside = prefs.sources.unwrap_or(columns >= VERY_WIDE) && columns >= WIDE && prefs.split != Split::Single;
    let mut left = 0;
    if beside {
        left = SOURCES + 1;
        layout.sources = Some(Area { column: 0, row: 0, columns: SOURCES, rows: panes });
        layout.sources_rule = Some(Area { column: SOURCES, row: 0, columns: 1, rows: panes });
    } else if in_sources {
        layout.sources = Some(Area { rows: panes, ..whole });
        return layout;
    }
    let whole = Area { column: left, columns: columns - left, ..whole };
    let columns = whole.columns;
    let split = match prefs.split {
        Split::Auto if columns + left >= WIDE => Split::Columns,
        Split::Auto if rows >= TALL => Split::Rows,
        Split::Auto => Split::Single,
        chosen => chosen,
    };
    let share = |of: u16| (u32::from(of) * u32::from(prefs.list_share.min(100)) / 100) as u16;
    match split {
        Split::Columns if columns >= 8 => {
            let list = share(columns).clamp(3, columns - 4);
            layout.list = Some(Area { column: left, row: 0, columns: list, rows: panes });
            layout.rule = Some(Area { column: left + list, row: 0, columns: 1, rows: panes });
            layout.reading = Some(Area { column: left + list + 1, row: 0, columns: columns - list - 1, rows: panes });
        }
        Split::Rows if panes >= 6 => {
            let list = share(panes).clamp(2, panes - 3);
            layout.list = Some(Area { rows: list, ..whole });
            layout.rule = Some(Area { row: list, rows: 1, ..whole });
            layout.reading = Some(Area { row: list + 1, rows: panes - list - 1, ..whole });
        }
        Split::Auto | Split::Columns | Split::Rows | Split::Single => {
            let area = Some(Area { rows: panes, ..whole });
            match prefs.focus {
                Focus::Reading => layout.reading = area,
                Focus::List | Focus::Filter | Focus::Sources => layout.list = area,
            }
        }
    }
    layout
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(columns: u16, rows: u16, focus: Focus) -> Layout {
        let prefs = LayoutPrefs { focus, zen: false, sources: None, split: Split::Auto, list_share: 45 };
        layout(Size { columns, rows }, prefs)
    }

    #[test]
    fn wide_screens_have_two_panes_and_narrow_ones_one_at_a_time() {
        let wide = of(160, 50, Focus::List);
        assert!(wide.list.is_some() && wide.rule.is_some() && wide.reading.is_some());
        let narrow = of(80, 24, Focus::List);
        assert!(narrow.list.is_some() && narrow.reading.is_none());
        assert!(of(80, 24, Focus::Reading).reading.is_some());
        let tall = of(60, 50, Focus::List);
        assert!(tall.rule.is_some_and(|rule| rule.columns == 60));
    }

    #[test]
    fn panes_fit_the_screen_without_overlap_at_any_size() {
        for columns in (0..30).chain([79, 99, 100, 101, 300]) {
            for rows in (0..15).chain([39, 40, 41, 200]) {
                for focus in [Focus::List, Focus::Reading, Focus::Filter, Focus::Sources] {
                    for (split, sources) in [Split::Auto, Split::Columns, Split::Rows, Split::Single]
                        .into_iter()
                        .flat_map(|split| [None, Some(true), Some(false)].map(|sources| (split, sources)))
                    {
                        let prefs = LayoutPrefs { focus, zen: false, sources, split, list_share: 80 };
                        let Layout { sources, sources_rule, list, rule, reading, bar, status } =
                            layout(Size { columns, rows }, prefs);
                        let areas = [sources, sources_rule, list, rule, reading, bar, status];
                        let areas: Vec<Area> = areas.into_iter().flatten().collect();
                        let cells: usize =
                            areas.iter().map(|area| usize::from(area.columns) * usize::from(area.rows)).sum();
                        assert_eq!(
                            cells,
                            usize::from(columns) * usize::from(rows),
                            "{columns}x{rows} {focus:?} {split:?}"
                        );
                        for area in areas {
                            assert!(area.column + area.columns <= columns && area.row + area.rows <= rows);
                            assert!(area.columns > 0 && area.rows > 0);
                        }
                    }
                }
            }
        }
    }
}
