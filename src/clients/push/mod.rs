//! `pingauge push`: changes a metric of a server that has `metric_push`, for scripts and cron.
//!
//! `arguments.rs` understands the command line, `steps.rs` says which requests that means, `import.rs` reads files of others,
//! `exchange.rs` makes one, and `patience.rs` decides about another attempt. Each change has an
//! idempotency key that stays the same over its attempts: however often an answer is lost on
//! the way, it counts once.

mod arguments;
mod exchange;
mod import;
mod patience;
mod steps;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;

use arguments::Arguments;
use exchange::{Answer, Exchange, Failure};
use patience::Patience;
use steps::Step;

use super::{end, output, usage};

/// The word after the program's name that asks for this.
pub const WORD: &str = "push";

/// Does what the arguments behind the word ask for. The exit code is 0 when it is done, 1 when the
/// server refused or could not be reached, 2 when the arguments are wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let understood = Arguments::understand(arguments).and_then(|arguments| {
        let steps = steps::of(&arguments).map_err(arguments::mistake)?;
        Ok((arguments, steps))
    });
    match understood {
        Ok((arguments, steps)) => end(push(&arguments, &steps)),
        Err(error) => usage(&error),
    }
}

fn push(arguments: &Arguments, steps: &[Step]) -> Result<(), String> {
    let exchange = Exchange::new(arguments, steps)?;
    for step in steps {
        let answer = attempt(&exchange, step, arguments.retries)?;
        if step.shows_answer {
            let text = String::from_utf8_lossy(&answer.body);
            let written = writeln!(io::stdout(), "{}", text.trim_end());
            written.or_else(|error| output(&error))?;
        }
    }
    if arguments.import.is_some() {
        // Each is made and set.
        let told = writeln!(io::stdout(), "{} metrics", steps.len() / 2);
        told.or_else(|error| output(&error))?;
    }
    Ok(())
}

/// Makes a request until it is answered or patience is over.
fn attempt(exchange: &Exchange, step: &Step, retries: u32) -> Result<Answer, String> {
    let mut patience = Patience::new(retries);
    loop {
        let failure = match exchange.make(step) {
            Ok(answer) => match answer.refusal() {
                None => return Ok(answer),
                Some(message) if !answer.is_temporary() => return Err(message),
                Some(message) => Failure {
                    message,
                    may_pass: true,
                    wait: answer.wait,
                },
            },
            Err(failure) => failure,
        };
        let pause = failure.may_pass.then(|| patience.pause(failure.wait));
        match pause.flatten() {
            Some(pause) => thread::sleep(pause),
            None => return Err(patience.told(failure.message)),
        }
    }
}
