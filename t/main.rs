//! Runs the blocks of all `t/**/*.t` files as named tests in parallel; see `t/README.md`.
#![allow(clippy::unwrap_used, reason = "a test ends with its first surprise")]

#[path = "harness/mod.rs"]
mod harness;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use harness::block::{self, Asks, Block};
use harness::door::Door;
use harness::{golden, run};
use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Blocks mostly wait for processes to start and stop.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    arguments.test_threads.get_or_insert(cores * 2);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("t");
    let mut files = Vec::new();
    find(&root, &mut files);
    files.sort();
    let trials = files
        .iter()
        .flat_map(|file| trials_of(&root, file))
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    match golden::write() {
        Ok(files) => files
            .iter()
            .for_each(|file| println!("updated {}", file.display())),
        Err(error) => eprintln!("cannot update: {error}"),
    }
    conclusion.exit_code()
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "t") {
            files.push(path);
        }
    }
}

fn trials_of(root: &Path, file: &Path) -> Vec<Trial> {
    let name = file
        .strip_prefix(root)
        .unwrap_or(file)
        .display()
        .to_string();
    let text = std::fs::read_to_string(file).unwrap_or_default();
    match block::parse(file, &text) {
        Ok(blocks) => blocks
            .into_iter()
            .flat_map(|block| trials_of_block(&name, block))
            .collect(),
        Err(message) => vec![Trial::test(name, move || Err(message.into()))],
    }
}

/// A block is asked in HTTP/1, and what can be said in HTTP/2 in that, too.
fn trials_of_block(name: &str, block: Block) -> Vec<Trial> {
    let title = format!("{name}: {}", block.name);
    let trial = |title: String, block: Block, door: Door| {
        Trial::test(title, move || Ok(run::run(&block, door)?))
    };
    let asks = block.asks();
    let mut trials = Vec::new();
    if asks != Asks::Nothing {
        let title = format!("over HTTP/2: {title}");
        let second = trial(title, block.clone(), Door::Http2);
        trials.push(second.with_ignored_flag(asks == Asks::Bytes));
    }
    trials.push(trial(title, block, Door::Http1));
    trials
}
