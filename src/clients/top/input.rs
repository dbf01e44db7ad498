//! What keys do.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::state::State;
use super::views::VIEWS;

/// What a key means for the loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// To be drawn anew.
    Draw,
    /// Something else is wanted of the server, at once.
    Ask,
    End,
}

/// Does what a key is for; `rows` is how many fit on a page.
pub(super) fn press(state: &mut State, key: KeyEvent, rows: usize) -> Effect {
    if key.kind == KeyEventKind::Release {
        return Effect::Draw;
    }
    let with_control = key.modifiers.contains(KeyModifiers::CONTROL);
    if with_control && matches!(key.code, KeyCode::Char('c' | 'd')) {
        return Effect::End;
    }
    if state.is_typing {
        return typed(state, key.code);
    }
    if state.shows_help {
        state.shows_help = false;
        return Effect::Draw;
    }
    let before = (state.tab, state.wanted());
    let page = isize::try_from(rows).unwrap_or(1).max(1);
    match key.code {
        KeyCode::Char('q') => return Effect::End,
        KeyCode::Esc if !state.search.is_empty() => state.look_for(String::new()),
        KeyCode::Esc | KeyCode::Backspace => {
            state.back();
        }
        KeyCode::Char(digit @ '1'..='9') if (digit as usize - '1' as usize) < VIEWS.len() => {
            state.go(digit as usize - '1' as usize);
        }
        KeyCode::Tab => state.go(state.tab.0 + 1),
        KeyCode::BackTab => state.go(state.tab.0 + VIEWS.len() - 1),
        KeyCode::Up | KeyCode::Char('k') => state.mark(-1),
        KeyCode::Down | KeyCode::Char('j') => state.mark(1),
        KeyCode::PageUp => state.mark(-page),
        KeyCode::PageDown => state.mark(page),
        KeyCode::Home => state.mark(isize::MIN),
        KeyCode::End => state.mark(isize::MAX),
        KeyCode::Left => state.sort_by(-1),
        KeyCode::Right => state.sort_by(1),
        KeyCode::Char('r') => state.reverse(),
        KeyCode::Char('n') => state.turn(1),
        KeyCode::Char('b') => state.turn(-1),
        KeyCode::Char('/') => state.is_typing = true,
        KeyCode::Char('p' | ' ') => state.is_paused = !state.is_paused,
        KeyCode::Char('?' | 'h') => state.shows_help = true,
        KeyCode::Enter => state.open(),
        _ => {}
    }
    match before == (state.tab, state.wanted()) {
        true => Effect::Draw,
        false => Effect::Ask,
    }
}

fn typed(state: &mut State, key: KeyCode) -> Effect {
    let mut text = state.search.clone();
    match key {
        KeyCode::Enter => {
            state.is_typing = false;
            return Effect::Draw;
        }
        KeyCode::Esc => {
            state.is_typing = false;
            text.clear();
        }
        KeyCode::Backspace => {
            text.pop();
        }
        KeyCode::Char(character) if text.len() < LONGEST_SEARCH => text.push(character),
        _ => return Effect::Draw,
    }
    state.look_for(text);
    Effect::Ask
}

/// A key is no longer than this.
const LONGEST_SEARCH: usize = 255;

/// What the keys do, for whoever asks.
pub(super) const HELP: &[(&str, &str)] = &[
    ("1 to 7, Tab", "another view"),
    ("Up, Down, PageUp, PageDown, Home, End", "mark a row"),
    ("Enter, Esc", "open what the row leads to, and go back"),
    ("Left, Right", "sort by another column"),
    ("r", "turn the order round"),
    ("/", "search in the names; Esc ends the search"),
    ("n, b", "the next and the previous page of keys"),
    ("p", "stand still, and go on"),
    ("q, Ctrl-C", "end"),
];

#[cfg(test)]
mod tests {
    use super::super::state::tests::sample;
    use super::*;

    fn keys(state: &mut State, keys: &[KeyCode]) -> Effect {
        let press = |state: &mut State, key: &KeyCode| super::press(state, (*key).into(), 5);
        let mut last = Effect::Draw;
        for key in keys {
            last = press(state, key);
        }
        last
    }

    #[test]
    fn keys_move_between_views_and_tables() {
        let mut state = sample();
        assert_eq!(keys(&mut state, &[KeyCode::Char('3')]), Effect::Ask);
        assert_eq!(keys(&mut state, &[KeyCode::Down]), Effect::Draw);
        assert_eq!(keys(&mut state, &[KeyCode::Enter]), Effect::Ask);
        assert_eq!(state.opened.as_ref().unwrap().name, "hits");
        assert_eq!(keys(&mut state, &[KeyCode::Esc]), Effect::Ask);
        assert_eq!(
            keys(
                &mut state,
                &[KeyCode::Tab, KeyCode::BackTab, KeyCode::BackTab]
            ),
            Effect::Ask
        );
        assert_eq!(state.tab.0, 1);
        assert_eq!(
            keys(&mut state, &[KeyCode::Char('x'), KeyCode::Home]),
            Effect::Draw
        );
        assert_eq!(keys(&mut state, &[KeyCode::Char('q')]), Effect::End);
    }

    #[test]
    fn letters_go_to_the_search() {
        let mut state = sample();
        let text = "/qA".chars().map(KeyCode::Char);
        let mut all: Vec<KeyCode> = text.collect();
        all.push(KeyCode::Backspace);
        assert_eq!(keys(&mut state, &all), Effect::Ask);
        assert_eq!(state.search, "q");
        keys(&mut state, &[KeyCode::Enter]);
        assert!(!state.is_typing && state.search == "q");
        keys(&mut state, &[KeyCode::Esc]);
        assert_eq!(state.search, "");
        let control = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        state.is_typing = true;
        assert_eq!(press(&mut state, control, 5), Effect::End);
    }
}
