//! What the screen is about: the view, the order, the search, and what the server said last.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::fetch::{Found, Wanted};
use super::look::Look;
use super::opened::Opened;
use super::sample::Sample;
use super::table::{Sorting, Table};
use super::views::{Tab, VIEWS, cut, cut_title, request_rate};

/// Everything that is shown depends on this.
pub(super) struct State {
    /// The address that is asked.
    pub(super) url: String,
    pub(super) tab: Tab,
    sortings: Vec<Sorting>,
    /// The table that a row of the view led to.
    pub(super) opened: Option<Opened>,
    /// What is looked for in names.
    pub(super) search: String,
    /// Whether letters go to the search.
    pub(super) is_typing: bool,
    /// The row that is marked.
    pub(super) selected: usize,
    pub(super) is_paused: bool,
    pub(super) shows_help: bool,
    /// Why there is no news.
    pub(super) problem: Option<String>,
    /// How old an answer may be before that is told.
    pub(super) patience: Duration,
    tree: Sample,
    /// Requests in a second, the newest last.
    pub(super) history: VecDeque<u64>,
}

impl State {
    /// Before anything was asked.
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            tab: Tab(0),
            sortings: vec![Sorting::default(); VIEWS.len()],
            opened: None,
            search: String::new(),
            is_typing: false,
            selected: 0,
            is_paused: false,
            shows_help: false,
            problem: None,
            patience: PATIENCE,
            tree: Sample::default(),
            history: VecDeque::new(),
        }
    }

    /// What to ask for next.
    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            tree: "?rows=off&pretty=off".to_owned(),
            cut: self
                .opened
                .as_ref()
                .map(|opened| opened.query(&self.search)),
        }
    }

    /// Takes up what was found.
    pub(super) fn take(&mut self, found: Found) {
        self.problem = None;
        match found.tree {
            Ok(tree) => self.tree.put(tree, found.at),
            Err(problem) => self.problem = Some(problem),
        }
        if let Some((asked, answer)) = found.cut {
            self.take_cut(&asked, answer, found.at);
        }
        if self.problem.is_none() {
            let rate = request_rate(self.look()).unwrap_or_default();
            // Not negative, and far below the largest number.
            self.history.push_back(rate.round() as u64);
            if self.history.len() > LONGEST_HISTORY {
                self.history.pop_front();
            }
        }
    }

    fn take_cut(&mut self, asked: &str, answer: Result<Value, String>, at: Instant) {
        let search = self.search.clone();
        let Some(opened) = &mut self.opened else {
            return;
        };
        // What is not wanted any more comes late.
        if opened.query(&search) != asked {
            return;
        }
        match answer {
            Ok(part) if part.get("rows").is_some() => opened.part.put(part, at),
            Ok(_) => {
                self.problem = Some("the server is too old to show parts of a table".to_owned())
            }
            Err(problem) => self.problem = Some(problem),
        }
    }

    /// The newest tree beside the one before.
    pub(super) fn look(&self) -> Look<'_> {
        self.tree.look().0
    }

    /// How old what is shown is, if it is older than it should be: another answer is long in coming.
    pub(super) fn age(&self, now: Instant) -> Option<Duration> {
        let (_, at) = self.tree.now.as_ref()?;
        let age = now.saturating_duration_since(*at);
        (age > self.patience && !self.is_paused).then_some(age)
    }

    /// Whether there is anything to show.
    pub(super) fn has_news(&self) -> bool {
        self.tree.now.is_some()
    }

    /// The table on the screen.
    pub(super) fn table(&self) -> Table {
        let Some(opened) = &self.opened else {
            let mut table = (self.tab.view().table)(self.look());
            table.search(&self.search);
            table.sort(self.sorting());
            return table;
        };
        let (look, seconds, before) = opened.part.look();
        let mut table = cut(look, seconds, before);
        table.title = match opened.part.now {
            Some(_) => cut_title(&opened.name, look),
            None => format!("{}: …", crate::clients::printable::visible(&opened.name)),
        };
        table
    }

    /// The order of the table on the screen.
    pub(super) fn sorting(&self) -> Sorting {
        match &self.opened {
            Some(opened) => opened.sorting,
            None => self.sortings[self.tab.0],
        }
    }

    /// Orders the table on the screen by another column: numbers from the largest on, names from A.
    pub(super) fn sort_by(&mut self, step: isize) {
        let table = self.table();
        let last = table.columns.len().saturating_sub(1);
        let at = self.sorting().column.saturating_add_signed(step).min(last);
        let Some(column) = table.columns.get(at) else {
            return;
        };
        let sorting = Sorting {
            column: at,
            descending: !column.is_text,
        };
        self.order(sorting, column.by.clone());
    }

    /// Turns the order round.
    pub(super) fn reverse(&mut self) {
        let mut sorting = self.sorting();
        sorting.descending = !sorting.descending;
        let by = self.opened.as_ref().and_then(|opened| opened.by.clone());
        self.order(sorting, by);
    }

    fn order(&mut self, sorting: Sorting, by: Option<String>) {
        self.selected = 0;
        match &mut self.opened {
            Some(opened) => {
                opened.sorting = sorting;
                opened.by = by;
                opened.offset = 0;
            }
            None => self.sortings[self.tab.0] = sorting,
        }
    }

    /// Goes to another view.
    pub(super) fn go(&mut self, tab: usize) {
        self.tab = Tab(tab % VIEWS.len());
        self.opened = None;
        self.search.clear();
        self.selected = 0;
    }

    /// Opens what the marked row leads to.
    pub(super) fn open(&mut self) {
        let Some((branch, leaf)) = self.tab.view().opens.filter(|_| self.opened.is_none()) else {
            return;
        };
        let table = self.table();
        let Some(row) = table.rows.get(self.selected) else {
            return;
        };
        self.opened = Some(Opened::new(&row.name, branch, leaf));
        self.search.clear();
        self.selected = 0;
    }

    /// Goes back to where it was opened; whether there is such a place.
    pub(super) fn back(&mut self) -> bool {
        let was_opened = self.opened.take().is_some();
        if was_opened {
            self.search.clear();
            self.selected = 0;
        }
        was_opened
    }

    /// Turns pages of what the server shows in parts.
    pub(super) fn turn(&mut self, step: isize) {
        let Some(opened) = &mut self.opened else {
            return;
        };
        if opened.turn(step) {
            self.selected = 0;
        }
    }

    /// Changes the search; what is shown begins anew.
    pub(super) fn look_for(&mut self, text: String) {
        self.search = text;
        self.selected = 0;
        if let Some(opened) = &mut self.opened {
            opened.offset = 0;
        }
    }

    /// Marks another row.
    pub(super) fn mark(&mut self, step: isize) {
        let last = self.table().rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(step).min(last);
    }
}

/// An answer is never called old before that.
const PATIENCE: Duration = Duration::from_secs(3);
/// More points have room on no screen.
const LONGEST_HISTORY: usize = 1000;

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// A state that knows a small server.
    pub(in super::super) fn sample() -> State {
        let mut state = State::new("http://h/status/".to_owned());
        let tree = json!({
            "angie": {"version": "0.1.0", "generation": 3, "self": {
                "zones": {"hits": {"size": 65536, "fill": 0.5, "keys": 2}},
                "processes": {"master": {"pid": 7, "cpu_seconds": 1.5}}
            }},
            "connections": {"active": 1, "idle": 2, "accepted": 3, "dropped": 0},
            "http": {
                "server_zones": {"site": {"requests": {"total": 9, "processing": 1}, "responses": {"200": 9}}},
                "metric_zones": {"a/b\u{1b}": {"discarded": 0}, "hits": {"discarded": 0}}
            }
        });
        state.take(Found {
            at: Instant::now(),
            tree: Ok(tree),
            cut: None,
        });
        state
    }

    #[test]
    fn rows_lead_to_tables() {
        let mut state = sample();
        state.go(2);
        assert_eq!(state.table().rows.len(), 2);
        state.open();
        let expected = "http/metric_zones/a%2Fb%1B/metrics/?top=200&offset=0&pretty=off&order=asc";
        assert_eq!(state.wanted().cut.as_deref(), Some(expected));
        let columns = json!([{"name": "n/x", "mode": "count"}]);
        let part =
            json!({"total": 500, "matched": 500, "offset": 0, "columns": columns, "rows": []});
        state.take_cut(expected, Ok(part), Instant::now());
        state.sort_by(1);
        state.turn(1);
        state.look_for("ü&".to_owned());
        state.turn(1);
        let asked = state.wanted().cut.unwrap();
        assert!(
            asked.ends_with("&offset=200&pretty=off&by=n%2Fx&order=desc&contains=%C3%BC%26"),
            "{asked}"
        );
        state.turn(5);
        assert_eq!(state.wanted().cut.as_ref(), Some(&asked));
        assert!(state.back() && !state.back());
        assert_eq!(state.wanted().cut, None);
    }

    #[test]
    fn answers_that_come_late_are_dropped() {
        let mut state = sample();
        state.go(2);
        state.open();
        state.take_cut("something else", Err("late".to_owned()), Instant::now());
        assert_eq!(state.problem, None);
        let asked = state.wanted().cut.unwrap();
        state.take_cut(&asked, Ok(json!({"k": 1})), Instant::now());
        assert!(state.problem.as_ref().unwrap().contains("too old"));
    }

    #[test]
    fn every_view_stands_what_a_server_may_say() {
        let nonsense = [
            json!(null),
            json!({"http": 5, "angie": []}),
            json!({"http": {"server_zones": {"x": 1}, "upstreams": {"x": {"peers": {"y": null}}}, "caches": {"": []},
                "session_zones": {"x": {"rejected": 4}}, "metric_zones": {"x": {"metrics": {"columns": [1]}}},
                "backpressure_zones": {"x": {"signals": {"y": 1}}}}}),
        ];
        for tree in nonsense {
            let mut state = sample();
            let at = Instant::now();
            state.take(Found {
                at,
                tree: Ok(tree),
                cut: None,
            });
            for tab in 0..VIEWS.len() {
                state.go(tab);
                for _ in 0..20 {
                    state.sort_by(1);
                    state.reverse();
                    state.mark(1);
                    state.open();
                    state.turn(1);
                }
                for row in state.table().rows {
                    assert!(row.cells.len() <= state.table().columns.len());
                }
            }
        }
    }
}
