//! What an update and a listing of a zone cost, and a way in and out of a window, each beside a reference measured in the same round.
//!
//! A plain program, because what matters here is several processes at once and ratios within one round, on
//! machines that are busy with other things; the usual frameworks measure one function of one process.
//! Every subject is measured once per round; of all rounds it prints the median, the least and the most, of
//! the processor's time, of the time on the wall, and of the ratios to the first subject. Names on the command line choose sections.
//!
//! Children are this program again, with a role in the environment; see `processes`.

#![expect(clippy::unwrap_used, reason = "a benchmark ends where something fails")]

mod gate;
mod instructions;
mod keys;
mod processes;
mod sections;
mod sessions;
mod subject;
mod targets;
mod took;

use std::process::ExitCode;

fn main() -> ExitCode {
    if processes::is_child() {
        processes::child();
        return ExitCode::SUCCESS;
    }
    if instructions::is_child() {
        instructions::child();
        return ExitCode::SUCCESS;
    }
    let words = std::env::args().skip(1);
    let chosen: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
    for (name, run) in sections::SECTIONS {
        if chosen.is_empty() || chosen.iter().any(|word| word == name) {
            println!("{name}");
            run();
        }
    }
    ExitCode::SUCCESS
}
