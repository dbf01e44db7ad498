//! The screen, made of the state; whatever its size.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style, Stylize};
use ratatui::text::{Line, Span};
use ratatui::widgets::{
    Cell as Place, Paragraph, Row as Line2, Sparkline, Table as Grid, TableState,
};

use super::input::HELP;
use super::state::State;
use super::table::{Column, Sorting, Table};
use super::views::{VIEWS, summary};
use crate::clients::printable::{one_line, visible};

/// Draws everything; gives how many rows of a table fit.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) -> usize {
    let [top, tabs, body, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(2),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    head(frame, state, top);
    frame.render_widget(Paragraph::new(vec![names(state), trouble(state)]), tabs);
    foot(frame, state, bottom);
    if state.shows_help {
        help(frame, body);
        return 0;
    }
    if !state.has_news() {
        let text = if state.problem.is_none() {
            "asking …"
        } else {
            ""
        };
        frame.render_widget(Paragraph::new(text), body);
        return 0;
    }
    let is_overview = state.tab.0 == 0 && state.opened.is_none();
    let below = if is_overview {
        overview(frame, state, body)
    } else {
        body
    };
    table(frame, state, below)
}

/// The server, and how it is with it.
fn head(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let look = state.look();
    let version = visible(look.text("angie/version"));
    let mut words = vec![Span::raw("Pingauge ").bold(), Span::raw(version).bold()];
    words.push(Span::raw(format!("  {}", visible(&state.url))));
    if let Some(generation) = look.number("angie/generation") {
        words.push(Span::raw(format!("  generation {generation}")));
    }
    if state.is_paused {
        words.push(Span::raw("  standing still").yellow());
    }
    frame.render_widget(Paragraph::new(Line::from(words)), area);
}

/// Why what is shown is old, if it is.
fn trouble(state: &State) -> Line<'static> {
    match &state.problem {
        Some(problem) => Line::from(format!(" no answer: {}", one_line(problem)))
            .red()
            .bold(),
        None => match state.age(Instant::now()) {
            Some(age) => {
                let text = format!(" waiting for an answer: this is {} s old", age.as_secs());
                Line::from(text).yellow().bold()
            }
            None => Line::default(),
        },
    }
}

fn names(state: &State) -> Line<'static> {
    let mut words = Vec::new();
    for (index, view) in VIEWS.iter().enumerate() {
        let name = Span::raw(format!(" {} {} ", index + 1, view.name));
        words.push(if index == state.tab.0 {
            name.reversed()
        } else {
            name
        });
    }
    Line::from(words)
}

fn foot(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let text = if state.is_typing {
        Line::from(format!("search: {}_", visible(&state.search))).bold()
    } else if !state.search.is_empty() {
        Line::from(format!("search: {}   Esc ends it", visible(&state.search)))
    } else if state.opened.is_some() {
        Line::from(
            "? help   q end   Esc back   Left, Right sort   r reverse   / search   n, b pages",
        )
        .dim()
    } else {
        Line::from(
            "? help   q end   1-7 views   Left, Right sort   r reverse   / search   Enter open",
        )
        .dim()
    };
    frame.render_widget(Paragraph::new(text), area);
}

fn help(frame: &mut Frame<'_>, area: Rect) {
    let line = |(keys, what): &(&str, &str)| Line::from(format!("  {keys:<40}{what}"));
    let lines: Vec<Line<'_>> = HELP.iter().map(line).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// The lines and the curve of the first view; gives what is left below them.
fn overview(frame: &mut Frame<'_>, state: &State, area: Rect) -> Rect {
    let facts = summary(state.look());
    let height = u16::try_from(facts.len()).unwrap_or(u16::MAX);
    let has_curve = area.height >= height + CURVE + 8;
    let [lines, curve, rest] = Layout::vertical([
        Constraint::Length(height + 1),
        Constraint::Length(if has_curve { CURVE } else { 0 }),
        Constraint::Min(0),
    ])
    .areas(area);
    let line = |(name, text): &(&'static str, String)| {
        Line::from(vec![
            Span::raw(format!("{name:<13}")).bold(),
            Span::raw(text.clone()),
        ])
    };
    let text: Vec<Line<'_>> = facts.iter().map(line).collect();
    frame.render_widget(Paragraph::new(text), lines);
    if has_curve {
        draw_curve(frame, state, curve);
    }
    rest
}

fn draw_curve(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [title, curve, _] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(0),
        Constraint::Length(1),
    ])
    .areas(area);
    let room = usize::from(curve.width);
    let from = state.history.len().saturating_sub(room);
    let shown: Vec<u64> = state.history.iter().skip(from).copied().collect();
    let most = shown.iter().max().copied().unwrap_or_default();
    let text = format!("Requests per second, at most {most}");
    frame.render_widget(Paragraph::new(Line::from(text).bold()), title);
    frame.render_widget(Sparkline::default().data(shown).max(most.max(1)), curve);
}

fn table(frame: &mut Frame<'_>, state: &State, area: Rect) -> usize {
    let table = state.table();
    let [title, body] = Layout::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(area);
    frame.render_widget(
        Paragraph::new(Line::from(table.title.clone()).bold()),
        title,
    );
    let rows = usize::from(body.height.saturating_sub(1));
    if table.rows.is_empty() {
        let text = match state.search.is_empty() {
            true => table.when_empty,
            false => "nothing is called so",
        };
        frame.render_widget(Paragraph::new(text), body);
        return rows;
    }
    let first = state.selected.saturating_sub(rows.saturating_sub(1));
    let texts = texts(&table, first, rows);
    let shown = fitting(&table, &texts, state.sorting(), usize::from(body.width));
    let mut marked = TableState::default().with_selected(Some(state.selected - first));
    frame.render_stateful_widget(
        grid(&table, &texts, &shown, state.sorting()),
        body,
        &mut marked,
    );
    rows
}

/// The cells of the rows on the screen, as text.
fn texts(table: &Table, first: usize, rows: usize) -> Vec<Vec<String>> {
    let shown = table.rows.iter().skip(first).take(rows);
    shown
        .map(|row| row.cells.iter().map(|cell| cell.shown()).collect())
        .collect()
}

/// The columns that have room, with their widths: the first, and those around the one that says the order.
fn fitting(
    table: &Table,
    texts: &[Vec<String>],
    sorting: Sorting,
    room: usize,
) -> Vec<(usize, usize)> {
    let width = |index: usize, column: &Column| {
        let cells = texts.iter().filter_map(|row| row.get(index));
        let widest = cells.map(|text| Span::raw(text.as_str()).width()).max();
        let title = Span::raw(column.title.as_str()).width() + 1;
        let most = if column.is_text {
            WIDEST_TEXT
        } else {
            WIDEST_NUMBER
        };
        (index, widest.unwrap_or_default().max(title).min(most))
    };
    let columns = table.columns.iter().enumerate();
    let mut all: Vec<(usize, usize)> = columns.map(|(index, one)| width(index, one)).collect();
    if all.is_empty() {
        return all;
    }
    let (first, name) = all.remove(0);
    let takes =
        |columns: &[(usize, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
    let left = room.saturating_sub(name.min(NARROWEST_NAME));
    // What stands before the order makes way for it, from the left.
    while all
        .first()
        .is_some_and(|(index, _)| *index < sorting.column)
        && takes(
            &all[..=all
                .iter()
                .position(|(index, _)| *index == sorting.column)
                .unwrap_or(0)],
        ) > left
    {
        all.remove(0);
    }
    while all.len() > 1 && takes(&all) > left {
        all.pop();
    }
    let name = room.saturating_sub(takes(&all));
    all.insert(0, (first, name));
    all
}

fn grid(
    table: &Table,
    texts: &[Vec<String>],
    shown: &[(usize, usize)],
    sorting: Sorting,
) -> Grid<'static> {
    let aligned = |index: usize, text: String| {
        let line = Line::from(text);
        let is_text = table.columns.get(index).is_none_or(|column| column.is_text);
        Place::from(if is_text { line } else { line.right_aligned() })
    };
    let title = |index: usize| {
        let mut title = table
            .columns
            .get(index)
            .map(|one| one.title.clone())
            .unwrap_or_default();
        if index == sorting.column {
            title.push(if sorting.descending { '↓' } else { '↑' });
        }
        aligned(index, title)
    };
    let head = Line2::new(shown.iter().map(|(index, _)| title(*index)));
    let row = |texts: &Vec<String>| {
        let cell = |(index, _): &(usize, usize)| {
            aligned(*index, texts.get(*index).cloned().unwrap_or_default())
        };
        Line2::new(shown.iter().map(cell).collect::<Vec<_>>())
    };
    let widths = shown
        .iter()
        .map(|(_, width)| u16::try_from(*width).unwrap_or(u16::MAX));
    Grid::new(
        texts.iter().map(row),
        widths.map(Constraint::Length).collect::<Vec<_>>(),
    )
    .header(head.style(Style::new().add_modifier(Modifier::BOLD)))
    .column_spacing(u16::try_from(GAP).unwrap_or(1))
    .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
}

/// Between two columns.
const GAP: usize = 2;
/// The first column is never narrower, unless its texts are.
const NARROWEST_NAME: usize = 24;
const WIDEST_TEXT: usize = 40;
const WIDEST_NUMBER: usize = 14;
/// The height of the curve, with its title and a line below.
const CURVE: u16 = 6;

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::super::state::tests::sample;
    use super::*;

    fn screen(state: &State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal
            .draw(|frame| {
                draw(frame, state);
            })
            .unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn hostile_names_move_nothing() {
        let mut state = sample();
        state.go(2);
        let screen = screen(&state, 100, 12);
        assert!(screen.contains("a/b\\x1b"), "{screen}");
        assert!(!screen.contains('\u{1b}'), "{screen}");
    }

    #[test]
    fn what_is_old_is_said_to_be() {
        let mut state = sample();
        assert!(!screen(&state, 80, 10).contains("waiting"));
        state.patience = std::time::Duration::ZERO;
        assert!(screen(&state, 80, 10).contains("waiting for an answer"));
        state.is_paused = true;
        assert!(!screen(&state, 80, 10).contains("waiting"));
    }

    #[test]
    fn the_way_to_the_help_is_on_every_screen() {
        let mut state = sample();
        for tab in 0..VIEWS.len() {
            state.go(tab);
            assert!(screen(&state, 80, 24).contains("? help"));
            assert!(screen(&state, 30, 24).contains("? help"));
            state.open();
            assert!(screen(&state, 30, 24).contains("? help"));
        }
    }

    #[test]
    fn every_size_is_drawn() {
        for tab in 0..VIEWS.len() {
            let mut state = sample();
            state.go(tab);
            for (width, height) in [(1, 1), (3, 2), (20, 4), (20, 50), (300, 3), (300, 100)] {
                screen(&state, width, height);
                state.shows_help = !state.shows_help;
                screen(&state, width, height);
                state.sort_by(1);
            }
        }
        screen(&State::new("http://h/".to_owned()), 10, 5);
    }

    #[test]
    fn the_column_that_sorts_is_on_the_screen() {
        let mut state = sample();
        state.go(1);
        for _ in 0..20 {
            state.sort_by(1);
        }
        assert!(screen(&state, 50, 10).contains("sent↓"));
        assert!(!screen(&state, 50, 10).contains("of a"));
        assert!(screen(&state, 200, 10).contains("of a"));
    }
}
