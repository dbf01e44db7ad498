//! Differences that were found, and the list of those that are meant.
//!
//! ```text
//! FILE | METHOD TARGET | WHAT | Section of conf/differences.md
//! ```
//!
//! A `*` stands for any text. WHAT is `status`, `field NAME`, `body`, `end` (how the connection is left), `origin NAME`
//! or `log NAME`, several with commas.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Something that the two did not do alike.
pub(super) struct Difference {
    pub(super) file: String,
    pub(super) request: String,
    pub(super) what: String,
    pub(super) theirs: String,
    pub(super) ours: String,
}

/// The list.
pub(super) struct Known {
    rows: Vec<Row>,
}

struct Row {
    line: usize,
    file: String,
    request: String,
    what: Vec<String>,
}

/// What a file is called in the list.
pub(super) fn stem(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

impl Known {
    /// The rows about these files.
    pub(super) fn read(list: &Path, files: &[PathBuf]) -> Result<Self, String> {
        let read = |path: &Path| fs::read_to_string(path).map_err(|error| error.to_string());
        let told = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conf/differences.md"))?;
        let files: Vec<String> = files.iter().map(|file| stem(file)).collect();
        Self::parse(&read(list)?, &told, &files)
    }

    fn parse(list: &str, told: &str, files: &[String]) -> Result<Self, String> {
        let mut rows = Vec::new();
        for (index, text) in list.lines().enumerate() {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let line = index + 1;
            let columns: Vec<&str> = text.split(" | ").map(str::trim).collect();
            let [file, request, what, section] = columns[..] else {
                return Err(format!(
                    "line {line} of the list has other than four columns"
                ));
            };
            if !told.contains(&format!("**{section}**"))
                && !told.contains(&format!("**{section}.**"))
            {
                return Err(format!(
                    "line {line}: conf/differences.md has no **{section}**"
                ));
            }
            if files.iter().any(|one| one == file) {
                rows.push(Row {
                    line,
                    file: file.to_owned(),
                    request: request.to_owned(),
                    what: what.split(',').map(|one| one.trim().to_owned()).collect(),
                });
            }
        }
        Ok(Self { rows })
    }

    /// What is not in the list, and what the list has in vain.
    pub(super) fn judge(&self, found: &[Difference]) -> Vec<String> {
        let is_known = |one: &Difference| self.rows.iter().any(|row| row.whats_of(one).count() > 0);
        let mut told: Vec<String> = found
            .iter()
            .filter(|one| !is_known(one))
            .map(Difference::told)
            .collect();
        for row in &self.rows {
            for what in &row.what {
                let is_there = |one: &Difference| row.whats_of(one).any(|other| other == what);
                if !found.iter().any(is_there) {
                    let Row { line, file, .. } = row;
                    told.push(format!(
                        "line {line} of the list: {file} has no such {what} any more"
                    ));
                }
            }
        }
        told
    }
}

impl Row {
    /// What of this row is about a difference.
    fn whats_of<'a>(&'a self, one: &'a Difference) -> impl Iterator<Item = &'a String> {
        let is_asked = self.file == one.file && fits(&self.request, &one.request);
        let whats = self.what.iter();
        whats.filter(move |what| is_asked && fits(what, &one.what))
    }
}

impl Difference {
    fn told(&self) -> String {
        let mut text = format!("{} | {} | {}", self.file, self.request, self.what);
        for (name, side) in [("nginx", &self.theirs), ("ours ", &self.ours)] {
            for line in side.lines().chain(side.is_empty().then_some("(nothing)")) {
                // A String takes whatever is written to it.
                let _ = write!(text, "\n    {name} {line}");
            }
        }
        text
    }
}

/// Whether a text is that of a pattern with `*` for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(tail) = text.strip_prefix(start) else {
        return false;
    };
    let mut ends = tail.char_indices().map(|(at, _)| at).chain([tail.len()]);
    ends.any(|at| fits(rest, &tail[at..]))
}

mod tests {
    use super::*;

    const LIST: &str = "# why\na | GET /x* | status, field Age | Ages\nb | * | * | Ages\n";

    fn difference(file: &str, request: &str, what: &str) -> Difference {
        let [file, request, what, theirs, ours] = [file, request, what, "1", ""].map(str::to_owned);
        Difference {
            file,
            request,
            what,
            theirs,
            ours,
        }
    }

    #[test]
    fn what_is_listed_is_forgiven_and_nothing_else() {
        let known = Known::parse(LIST, "**Ages.**", &["a".to_owned()]).unwrap();
        let found = [
            difference("a", "GET /xy", "status"),
            difference("a", "GET /x", "field Age"),
        ];
        assert_eq!(known.judge(&found), Vec::<String>::new());
        let more = [
            difference("a", "GET /xy", "status"),
            difference("a", "GET /x", "field Age"),
            difference("a", "GET /y", "status"),
            difference("b", "GET /x", "body"),
        ];
        let told = known.judge(&more);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].contains("a | GET /y | status\n    nginx 1\n    ours  (nothing)"),
            "{told:?}"
        );
    }

    #[test]
    fn what_is_listed_in_vain_is_told() {
        let known = Known::parse(LIST, "**Ages**", &["a".to_owned()]).unwrap();
        let told = known.judge(&[difference("a", "GET /x", "status")]);
        assert_eq!(
            told,
            ["line 2 of the list: a has no such field Age any more"]
        );
    }

    #[test]
    fn users_are_told_of_what_is_listed() {
        assert!(Known::parse(LIST, "**Other**", &[]).is_err());
        assert!(Known::parse("a | b | c\n", "", &[]).is_err());
    }
}
