//! The layout of the screen: one pure function that updates, the mouse and drawing share.

use crate::config::Split;

/// The minimum width for list and text side by side.
const WIDE: u16 = 100;
/// The minimum height of a narrow screen for the list above the text.
const TALL: u16 = 40;
/// The minimum width for the sources pane beside them, unless it is closed.
const VERY_WIDE: u16 = 140;
/// The width of the sources pane.
const SOURCES: u16 = 28;

/// The pane that receives keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Focus {
    /// The article list.
    #[default]
    List,
    /// The reading pane.
    Reading,
    /// The filter bar.
    Filter,
    /// The sources pane.
    Sources,
}

/// A size in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// The width.
    pub columns: u16,
    /// The height.
    pub rows: u16,
}

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// The column of its left edge.
    pub column: u16,
    /// The row of its upper edge.
    pub row: u16,
    /// The width.
    pub columns: u16,
    /// The height.
    pub rows: u16,
}

impl Area {
    /// Returns whether it contains the cell.
    pub fn contains(self, column: u16, row: u16) -> bool {
        (self.column..self.column.saturating_add(self.columns)).contains(&column)
            && (self.row..self.row.saturating_add(self.rows)).contains(&row)
    }
}

/// The areas of the screen; `None` for those that are not visible.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The sources pane.
    pub sources: Option<Area>,
    /// The line between the sources pane and the others.
    pub sources_divider: Option<Area>,
    /// The article list.
    pub list: Option<Area>,
    /// The line between list and text, which the mouse drags.
    pub divider: Option<Area>,
    /// The reading pane.
    pub reading: Option<Area>,
    /// The filter bar.
    pub bar: Option<Area>,
    /// The status line.
    pub status: Option<Area>,
}

/// The inputs of the layout besides the size.
#[derive(Clone, Copy, Debug)]
pub struct LayoutPrefs {
    /// The pane with the focus.
    pub focus: Focus,
    /// Whether only the text is shown.
    pub zen: bool,
    /// Whether the reader opened or closed the sources pane; `None` if the width decides.
    pub sources: Option<bool>,
    /// The split between list and text.
    pub split: Split,
    /// The share of the list, in percent of the width or height.
    pub list_share: u16,
}

impl Layout {
    /// Returns the pane that contains the cell.
    pub(crate) fn pane_at(&self, column: u16, row: u16) -> Option<Focus> {
        [(self.sources, Focus::Sources), (self.list, Focus::List), (self.reading, Focus::Reading)]
            .into_iter()
            .find(|(area, _)| area.is_some_and(|area| area.contains(column, row)))
            .map(|(_, focus)| focus)
    }
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
    // If rows are few, the filter bar matters more than the status line.
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
        layout.sources_divider = Some(Area { column: SOURCES, row: 0, columns: 1, rows: panes });
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
            layout.divider = Some(Area { column: left + list, row: 0, columns: 1, rows: panes });
            layout.reading = Some(Area { column: left + list + 1, row: 0, columns: columns - list - 1, rows: panes });
        }
        Split::Rows if panes >= 6 => {
            let list = share(panes).clamp(2, panes - 3);
            layout.list = Some(Area { rows: list, ..whole });
            layout.divider = Some(Area { row: list, rows: 1, ..whole });
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
    fn layout_has_two_panes_if_the_screen_is_wide() {
        let wide = of(160, 50, Focus::List);
        assert!(wide.list.is_some() && wide.divider.is_some() && wide.reading.is_some());
        let narrow = of(80, 24, Focus::List);
        assert!(narrow.list.is_some() && narrow.reading.is_none());
        assert!(of(80, 24, Focus::Reading).reading.is_some());
        let tall = of(60, 50, Focus::List);
        assert!(tall.divider.is_some_and(|divider| divider.columns == 60));
    }

    #[test]
    fn layout_covers_the_screen_without_overlaps_at_any_size() {
        for columns in (0..30).chain([79, 99, 100, 101, 300]) {
            for rows in (0..15).chain([39, 40, 41, 200]) {
                for focus in [Focus::List, Focus::Reading, Focus::Filter, Focus::Sources] {
                    for (split, sources) in [Split::Auto, Split::Columns, Split::Rows, Split::Single]
                        .into_iter()
                        .flat_map(|split| [None, Some(true), Some(false)].map(|sources| (split, sources)))
                    {
                        let prefs = LayoutPrefs { focus, zen: false, sources, split, list_share: 80 };
                        let Layout { sources, sources_divider, list, divider, reading, bar, status } =
                            layout(Size { columns, rows }, prefs);
                        let areas = [sources, sources_divider, list, divider, reading, bar, status];
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
