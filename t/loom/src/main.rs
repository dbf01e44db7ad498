//! Every order in which users of a zone can meet, tried by loom on the product's own `zone/` and `metric/`; and those
//! of a gate of `modules/backpressure`.
//!
//! Only the system is played (`os`): its words and its lock are loom's. What is tried is therefore what runs,
//! the constants included; the zone is so small that a few keys fill it.
//!
//!     cd t/loom && cargo run --release [-- WORD]     the models whose name has the word
//!     cd t/loom && cargo run --release -- --broken   that they find what is broken on purpose

#[allow(dead_code, unused_imports, reason = "not all of it takes part")]
#[path = "../../../src/conf/mod.rs"]
mod conf;
#[allow(dead_code, unused_imports, reason = "not all of it takes part")]
#[path = "../../../src/modules/backpressure/gate.rs"]
mod gate;
mod gates;
#[allow(dead_code, unused_imports, reason = "not all of it takes part")]
#[path = "../../../src/metric/mod.rs"]
mod metric;
mod models;
mod os;
mod stage;
#[allow(dead_code, unused_imports, reason = "not all of it takes part")]
#[path = "../../../src/zone/mod.rs"]
mod zone;

use std::process::{Command, ExitCode, Stdio};

use models::Model;
use os::atomic::{BREAKAGES, break_it};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--broken"] => return try_all_breakages(),
        ["--broken", breakage, word] => {
            break_it(breakage);
            explore(word);
        }
        [word] => explore(word),
        _ => explore(""),
    }
    ExitCode::SUCCESS
}

fn models() -> impl Iterator<Item = &'static Model> {
    models::MODELS.iter().chain(gates::MODELS)
}

/// Goes through the models whose name has the word; the first that fails ends the process.
fn explore(word: &str) {
    for model in models().filter(|model| model.name.contains(word)) {
        let orders = (model.explore)();
        let name = model.name.replace('_', " ");
        println!("{name}: {} orders, {:.1?}", orders.number, orders.took);
    }
}

/// Has a process of its own try each breakage: it must fail.
fn try_all_breakages() -> ExitCode {
    let mut result = ExitCode::SUCCESS;
    for (name, _) in BREAKAGES {
        let finder = models().find(|model| !passes(name, model.name));
        match finder {
            Some(model) => println!("{name}: found by {}", model.name.replace('_', " ")),
            None => {
                println!("{name}: NOT FOUND");
                result = ExitCode::FAILURE;
            }
        }
    }
    result
}

fn passes(breakage: &str, model: &str) -> bool {
    let Ok(program) = std::env::current_exe() else {
        return true;
    };
    let mut child = Command::new(program);
    child.args(["--broken", breakage, model]);
    child.stdout(Stdio::null()).stderr(Stdio::null());
    let status = child.env("RUST_BACKTRACE", "0").status();
    status.is_ok_and(|status| status.success() || status.code() == Some(stage::NOT_ALL))
}
