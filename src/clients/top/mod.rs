//! `pingauge top`: what a server does, in a terminal, as the page of `console` shows it in a browser.
//!
//! A thread asks once a second (`fetch.rs`), for the tree without its tables and for the part of a table that is on the
//! screen; the server sorts and cuts. `state.rs` keeps the last two answers and what is wanted, `input.rs`
//! changes it by keys, `views/` makes tables of answers (`look.rs`, `table.rs`, `numbers.rs`), and
//! `draw.rs` puts them on the screen. A server that goes away is asked on until it is back.

mod draw;
mod fetch;
mod input;
mod look;
mod numbers;
mod opened;
mod sample;
mod state;
mod table;
mod views;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::iterator::Signals;

use fetch::{Fetcher, Found};
use input::Effect;
use state::State;

use super::access::{Access, time};
use super::address::Whom;
use super::reading::Reader;
use super::{end, usage};
use crate::conf::reason;

/// The word after the program's name that asks for this.
pub const WORD: &str = "top";

/// Shows in a terminal what a running server does: its requests, metrics, peers, caches and sessions.
#[derive(Debug, Parser)]
#[command(name = "pingauge top", disable_version_flag = true, after_help = AFTER)]
struct Arguments {
    #[command(flatten)]
    whom: Whom,
    /// How often the server is asked
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    every: Duration,
    #[command(flatten)]
    access: Access,
}

const AFTER: &str = "\
The server is found by --address, or by its configuration: that of --config, else
/etc/pingauge/pingauge.conf, else that of the demo. An API key is read from
--api-key-file or PINGAUGE_API_KEY.

The key ? shows what the other keys do, q ends. Without a terminal, pingauge status
prints what there is.

Exit codes: 0 ended by a key or a signal, 1 no terminal, 2 wrong arguments.";

/// Does what the arguments behind the word ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let all = std::iter::once("pingauge top".into()).chain(arguments);
    match Arguments::try_parse_from(all) {
        Ok(arguments) => end(show(&arguments)),
        Err(error) => usage(&error),
    }
}

fn show(arguments: &Arguments) -> Result<(), String> {
    let reader = Reader::new(&arguments.whom.place()?, &arguments.access)?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err("pingauge top needs a terminal; pingauge status prints without one".to_owned());
    }
    let failed = |error: io::Error| format!("the terminal failed ({})", reason(&error));
    let signals = Signals::new([SIGTERM, SIGHUP]).map_err(failed)?;
    let mut terminal = ratatui::try_init().map_err(failed)?;
    let mut screen = Screen::new(reader, signals, arguments.every);
    let done = screen.go_on(&mut terminal);
    let restored = ratatui::try_restore();
    done.and(restored).map_err(failed)
}

/// What may happen next.
enum Happening {
    Input(io::Result<Event>),
    Answer(Found),
    Signal,
}

/// The loop around keys, answers and signals. Each has a thread that waits for it.
struct Screen {
    state: State,
    fetcher: Fetcher,
    happenings: Receiver<Happening>,
    every: Duration,
    /// How many rows fit.
    rows: usize,
}

impl Screen {
    fn new(reader: Reader, mut signals: Signals, every: Duration) -> Self {
        let (tell, happenings) = channel();
        let mut state = State::new(reader.url.clone());
        state.patience = state.patience.max(every.saturating_mul(3));
        let answers = tell.clone();
        let fetcher = Fetcher::start(reader, move |found| {
            answers.send(Happening::Answer(found)).is_ok()
        });
        let keys = tell.clone();
        thread::spawn(move || {
            let mut goes_on = true;
            while goes_on {
                let input = event::read();
                goes_on = input.is_ok() && keys.send(Happening::Input(input)).is_ok();
            }
        });
        thread::spawn(move || {
            let mut pending = signals.forever();
            while pending.next().is_some() && tell.send(Happening::Signal).is_ok() {}
        });
        Self {
            state,
            fetcher,
            happenings,
            every,
            rows: 0,
        }
    }

    /// Ends with a key or a signal. That a terminal is gone shows when it is drawn on.
    fn go_on(&mut self, terminal: &mut DefaultTerminal) -> io::Result<()> {
        let mut next = Instant::now();
        loop {
            let (state, rows) = (&self.state, &mut self.rows);
            terminal.draw(|frame| *rows = draw::draw(frame, state))?;
            if Instant::now() >= next && self.ask() {
                next = Instant::now() + self.every;
            }
            let left = next.saturating_duration_since(Instant::now());
            // Nothing is due while an answer is still to come.
            let left = left.max(SHORTEST_PAUSE);
            match self.happenings.recv_timeout(left) {
                Ok(Happening::Signal) => return Ok(()),
                Ok(Happening::Answer(found)) => {
                    self.fetcher.answered();
                    self.state.take(found);
                }
                Ok(Happening::Input(input)) => match self.happened(&input?) {
                    Effect::End => return Ok(()),
                    Effect::Ask => next = Instant::now(),
                    Effect::Draw => {}
                },
                Err(_) => {}
            }
        }
    }

    fn ask(&mut self) -> bool {
        let is_waiting = self.state.is_paused && self.state.has_news();
        !is_waiting && self.fetcher.ask(self.state.wanted())
    }

    fn happened(&mut self, event: &Event) -> Effect {
        match event {
            Event::Key(key) => input::press(&mut self.state, *key, self.rows),
            _ => Effect::Draw,
        }
    }
}

/// Between two looks at what is due.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
