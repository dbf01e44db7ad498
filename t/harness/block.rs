//! Reads a `.t` file into blocks (the form of Test::Nginx): `# why`, then `=== name` starting each
//! block and `--- section argument` starting each section. Keeps line numbers, both for messages
//! and for `UPDATE=1`, which rewrites section bodies in place.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::door::Door;

/// One named test of a file.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    pub(crate) file: PathBuf,
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) sections: Vec<Section>,
}

/// One `--- name argument` with the lines below it, without trailing blank lines.
#[derive(Clone, Debug)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) argument: String,
    pub(crate) body: String,
    /// Line of the `---`, counted from 1; the body starts on the next one.
    pub(crate) line: usize,
    /// How many lines the body has in the file, trailing blank ones not counted.
    pub(crate) body_lines: usize,
}

impl Block {
    /// The first section of that name.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Whether its requests can be sent by another door than that of HTTP/1.
    pub(crate) fn asks(&self) -> Asks {
        let mut asks = Asks::Nothing;
        for section in &self.sections {
            match section.name.trim_start_matches(Door::Http2.mark()) {
                "requests" => return Asks::Requests,
                "raw_request" => asks = Asks::Bytes,
                "json" | "json_like" | "wait" | "wait_like" | "prometheus"
                    if asks == Asks::Nothing && section.argument.starts_with(['/', ':']) =>
                {
                    asks = Asks::Requests;
                }
                _ => {}
            }
        }
        asks
    }
}

/// Parses the text of `file`; the message of an error tells how to repair the file.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Vec<Block>, String> {
    let at = |line: usize, message: &str| Err(format!("{}:{line}: {message}", file.display()));
    if !text.starts_with("# ") {
        return at(
            1,
            "open the file with a `# ` sentence that says why it exists",
        );
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (index, content) in text.lines().enumerate() {
        let line = index + 1;
        if let Some(name) = content.strip_prefix("=== ") {
            let name = name.trim().to_owned();
            if blocks.iter().any(|block| block.name == name) {
                return at(
                    line,
                    "two blocks of one file have the same name; rename one",
                );
            }
            blocks.push(Block {
                file: file.to_owned(),
                line,
                name,
                sections: Vec::new(),
            });
        } else if let Some(head) = content.strip_prefix("--- ") {
            let Some(block) = blocks.last_mut() else {
                return at(line, "a section stands before the first `=== name`");
            };
            block.sections.push(Section::open(head, line));
        } else if let Some(section) = blocks
            .last_mut()
            .and_then(|block| block.sections.last_mut())
        {
            section.push(content);
        } else if !(content.is_empty() || content.starts_with('#')) {
            return at(
                line,
                "text outside a section; start the line with `#` if it is a comment",
            );
        }
    }
    blocks
        .iter_mut()
        .flat_map(|block| &mut block.sections)
        .for_each(Section::close);
    Ok(blocks)
}

/// What a block sends to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Nothing,
    /// Nothing but bytes of HTTP/1.
    Bytes,
    Requests,
}

impl Section {
    /// The section as it is for a door; `None` if it is for another one only.
    pub(crate) fn at(&self, door: Door) -> Option<Cow<'_, Self>> {
        if let Some(name) = self.name.strip_prefix(door.mark()) {
            let name = name.to_owned();
            return Some(Cow::Owned(Self {
                name,
                ..self.clone()
            }));
        }
        let is_marked = self.name.starts_with("http") && self.name.contains(':');
        (!is_marked).then_some(Cow::Borrowed(self))
    }

    fn open(head: &str, line: usize) -> Self {
        let (name, argument) = head.trim().split_once(' ').unwrap_or((head.trim(), ""));
        let (name, argument) = (name.to_owned(), argument.trim().to_owned());
        Self {
            name,
            argument,
            body: String::new(),
            line,
            body_lines: 0,
        }
    }

    /// A body line that would look like a mark is written with a backslash before it.
    fn push(&mut self, content: &str) {
        let escaped = content.starts_with("\\---") || content.starts_with("\\===");
        self.body
            .push_str(if escaped { &content[1..] } else { content });
        self.body.push('\n');
    }

    fn close(&mut self) {
        let kept = self.body.trim_end_matches('\n').len();
        self.body.truncate(kept);
        if !self.body.is_empty() {
            self.body.push('\n');
        }
        self.body_lines = self.body.lines().count();
    }
}
