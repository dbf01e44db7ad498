//! `UPDATE=1`: sections whose text is known only by running the server are rewritten in their files
//! instead of failing. Changes are gathered while blocks run in parallel and written once at the
//! end, from the bottom of each file up, so that line numbers stay true.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::block::Section;

/// One section body to replace: line of its `---`, lines it has now, new text.
pub(crate) type Change = (usize, usize, String);

static CHANGES: Mutex<BTreeMap<PathBuf, Vec<Change>>> = Mutex::new(BTreeMap::new());

/// Whether differences are to be written rather than reported.
pub(crate) fn is_updating() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Remembers a new body for a section.
pub(crate) fn replace(file: &Path, section: &Section, body: String) {
    if let Ok(mut changes) = CHANGES.lock() {
        let of_file = changes.entry(file.to_owned()).or_default();
        of_file.push((section.line, section.body_lines, body));
    }
}

/// Writes all remembered changes; gives the files touched.
pub(crate) fn write() -> io::Result<Vec<PathBuf>> {
    let changes = CHANGES
        .lock()
        .map(|mut map| std::mem::take(&mut *map))
        .unwrap_or_default();
    for (file, of_file) in &changes {
        let text = fs::read_to_string(file)?;
        fs::write(file, rewritten(&text, of_file.clone()))?;
    }
    Ok(changes.into_keys().collect())
}

/// The text with each change in place.
pub(crate) fn rewritten(text: &str, mut changes: Vec<Change>) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    changes.sort_by_key(|(line, _, _)| std::cmp::Reverse(*line));
    for (line, length, body) in &changes {
        lines.splice(*line..line + length, body.lines());
    }
    lines.join("\n") + "\n"
}
