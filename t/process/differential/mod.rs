//! Debian's nginx and the server under test side by side: the configurations of `t/differential`, asked the same.
//!
//! Compared are status, fields, bodies, what reaches the origins, and logs. What differs on purpose stands in
//! `t/differential/differences` with the section of `conf/differences.md` that tells users of it; a line of that list which
//! nothing needs any more is a failure, too. `SITES=text` runs only files whose name contains the text.

mod answer;
mod known;
mod pair;
mod run;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::harness::block;
use crate::harness::nginx::Nginx;
use known::{Difference, Known};

/// How many configurations run at a time: they mostly wait for processes to start and stop.
const AT_ONCE: usize = 4;

#[test]
fn both_answer_alike() {
    if !Nginx::is_here(&[]) {
        return;
    }
    let files = files();
    let (found, failures) = (Mutex::default(), Mutex::default());
    let left = Mutex::new(files.iter());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(file) = next(&left) {
                    match differences_of(file) {
                        Ok(more) => extend(&found, more),
                        Err(message) => extend(&failures, vec![message]),
                    }
                }
            });
        }
    });
    let known = Known::read(&folder().join("differences"), &files).unwrap();
    let mut told = failures
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    told.extend(known.judge(&found.into_inner().unwrap_or_else(PoisonError::into_inner)));
    assert!(
        told.is_empty(),
        "{}\n{} in all",
        told.join("\n"),
        told.len()
    );
}

fn next<'a>(left: &Mutex<impl Iterator<Item = &'a PathBuf>>) -> Option<&'a PathBuf> {
    left.lock().unwrap_or_else(PoisonError::into_inner).next()
}

fn extend<T>(all: &Mutex<Vec<T>>, more: Vec<T>) {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.extend(more);
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("t/differential")
}

fn files() -> Vec<PathBuf> {
    let wanted = std::env::var("SITES").unwrap_or_default();
    let entries = fs::read_dir(folder()).unwrap().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    let is_meant = |path: &PathBuf| {
        let is_site = path
            .extension()
            .is_some_and(|extension| extension == "site");
        is_site && known::stem(path).contains(&wanted)
    };
    files.retain(is_meant);
    files.sort();
    files
}

fn differences_of(file: &Path) -> Result<Vec<Difference>, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    for block in block::parse(file, &text)? {
        let place = format!("{}: {}", known::stem(file), block.name);
        let found = run::run(&block).map_err(|message| format!("{place}: {message}"))?;
        all.extend(found);
    }
    Ok(all)
}
