//! The files of the package, as the architecture test looks at them.

use std::fs;
use std::path::Path;

/// A file: its path below the package's root with `/` between the parts, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// Places (`path:line`) of the lines, comments left out, that hold a word.
    pub(crate) fn places_of(&self, word: &str) -> Vec<String> {
        let is_code = |line: &str| !line.trim_start().starts_with("//");
        let lines = self.text.lines().enumerate();
        let found = lines.filter(|(_, line)| is_code(line) && has_word(line, word));
        found
            .map(|(index, _)| format!("{}:{}", self.path, index + 1))
            .collect()
    }

    /// The lines without the tests at the end.
    pub(crate) fn product_lines(&self) -> Vec<&str> {
        let product = self
            .text
            .split("#[cfg(test)]\nmod ")
            .next()
            .unwrap_or_default();
        product.lines().collect()
    }
}

/// The files of an extension below a folder, sorted; build results are left out.
pub(crate) fn find(folder: &str, extension: &str) -> Vec<File> {
    let mut found = Vec::new();
    for path in list(folder) {
        if root().join(&path).is_dir() {
            if !path.ends_with("/target") {
                found.extend(find(&path, extension));
            }
        } else if path.ends_with(&format!(".{extension}")) {
            found.push(File {
                text: read(&path),
                path,
            });
        }
    }
    found
}

/// What stands directly in a folder, sorted.
pub(crate) fn list(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder))
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut paths: Vec<_> = names.map(|name| format!("{folder}/{name}")).collect();
    paths.sort();
    paths
}

/// The text of a file, empty if there is none.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// The package's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a line holds a word of its own.
pub(crate) fn has_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !is_word(c)).any(|found| found == word)
}

/// Whether a character belongs to a Rust name.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
