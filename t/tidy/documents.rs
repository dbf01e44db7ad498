//! Documents and examples agree with the source.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use pingauge::modules::reference;

use super::files::{find, is_word, list, read, root};
use super::{LAYERS, report};

#[test]
fn every_folder_is_on_the_map() {
    let map = read("src/README.md");
    let folders = list("src")
        .into_iter()
        .filter(|path| root().join(path).is_dir());
    let is_known = |path: &String| {
        let name = path.trim_start_matches("src/");
        LAYERS.iter().any(|(layer, _)| *layer == name) && map.contains(&format!("{name}/"))
    };
    let unknown = folders.filter(|path| !is_known(path)).collect();
    report(
        unknown,
        "describe the folder in src/README.md and give it a layer in t/tidy.rs",
    );
}

#[test]
fn every_directive_has_documentation_and_a_block() {
    let blocks: String = find("t", "t").into_iter().map(|file| file.text).collect();
    let words: BTreeSet<&str> = blocks.split(|c: char| !is_word(c)).collect();
    let mut offences = Vec::new();
    let page = reference::directives();
    let (with_effect, idle) = page.split_once("\n## Without effect\n").unwrap();
    for row in idle.lines().filter_map(|line| line.strip_prefix("| `")) {
        let name = row.split(' ').next().unwrap_or_default();
        let why = row.trim_end_matches(" |").rsplit(" | ").next();
        if !(why.is_some_and(|why| why.len() > 10) && words.contains(name)) {
            offences.push(name.to_owned());
        }
    }
    for section in with_effect.split("\n### ").skip(1) {
        let name = section.lines().next().unwrap_or_default();
        let described = section
            .lines()
            .skip(1)
            .any(|line| line.starts_with(char::is_alphabetic));
        let regular = name
            .chars()
            .all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
        if !(described && regular && words.contains(name)) {
            offences.push(name.to_owned());
        }
    }
    report(
        offences,
        "document the directive in its row, and use it in a block of t/**/*.t",
    );
}

/// The pages that are made from tables, with what makes them.
const REFERENCES: &[(&str, fn() -> String)] = &[
    ("conf/DIRECTIVES.md", reference::directives),
    ("conf/VARIABLES.md", reference::variables),
    ("conf/MODES.md", reference::modes),
    ("conf/STATUS.md", reference::status),
    ("conf/SERIES.md", reference::series),
    ("README.md", readme),
    ("conf/COMMANDS.md", pingauge::server::reference),
];

/// The README with the table of modes as it is.
fn readme() -> String {
    let text = read("README.md");
    let is_table = |line: &&str| line.starts_with("| ") || line.starts_with("|--");
    let Some((before, rest)) = text.split_once("| mode | ") else {
        return text;
    };
    let lines = rest.split_inclusive('\n');
    let length: usize = lines
        .enumerate()
        .take_while(|(number, line)| *number == 0 || is_table(line))
        .map(|(_, line)| line.len())
        .sum();
    format!("{before}{}{}", reference::modes_table(), &rest[length..])
}

#[test]
fn the_references_are_fresh() {
    let mut stale = Vec::new();
    for (path, make) in REFERENCES {
        let fresh = make();
        if std::env::var_os("UPDATE").is_some() {
            fs::write(root().join(path), &fresh).unwrap();
        }
        if fs::read_to_string(root().join(path)).unwrap_or_default() != fresh {
            stale.push((*path).to_owned());
        }
    }
    report(
        stale,
        "they are stale; run: UPDATE=1 cargo test --test tidy",
    );
}

#[test]
fn every_example_configuration_loads() {
    let scratch = std::env::temp_dir().join(format!("pingauge-tidy-{}", std::process::id()));
    fs::create_dir_all(scratch.join("logs")).unwrap();
    let mut offences = Vec::new();
    for file in find("conf", "conf") {
        let path = root().join(&file.path);
        let part = format!("events {{}}\nhttp {{ include {}; }}\n", path.display());
        fs::write(scratch.join("part.conf"), part).unwrap();
        let is_whole = file.text.lines().any(|line| line.starts_with("events"));
        let main_file = if is_whole {
            path
        } else {
            scratch.join("part.conf")
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_pingauge"));
        command
            .args(["-t", "-q", "-c"])
            .arg(main_file)
            .arg("-p")
            .arg(&scratch);
        let output = command.output().unwrap();
        if !output.status.success() || !output.stderr.is_empty() {
            offences.push(format!(
                "{}: {}",
                file.path,
                String::from_utf8_lossy(&output.stderr)
            ));
        }
    }
    fs::remove_dir_all(scratch).unwrap();
    report(
        offences,
        "make `pingauge -t -c FILE` accept it without a word",
    );
}

#[test]
fn merges_are_finished() {
    let marks = ["<<<<<<< ", "=======\n", ">>>>>>> "];
    let mut files = find("conf", "md");
    files.extend(find(".github", "md"));
    files.extend(find("src", "md"));
    files.extend(find("t", "md"));
    let unfinished = files
        .into_iter()
        .filter(|file| {
            let mut lines = file.text.split_inclusive('\n');
            lines.any(|line| marks.iter().any(|mark| line.starts_with(mark)))
        })
        .map(|file| file.path)
        .collect();
    report(unfinished, "both sides of a merge stand in the file");
}

#[test]
fn files_that_documents_name_exist() {
    let mut files: Vec<String> = Vec::new();
    for folder in ["src", "t", "conf"] {
        for extension in ["rs", "py", "conf", "json", "yml", "html"] {
            let found = find(folder, extension).into_iter();
            files.extend(found.map(|file| format!("/{}", file.path)));
        }
    }
    let exists = |named: &str| {
        let end = format!("/{named}");
        files.iter().any(|path| path.ends_with(&end))
    };
    let is_file = |word: &&str| {
        let is_path = word
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c));
        let name = word.rsplit('/').next().unwrap_or_default();
        is_path && name.ends_with(".rs") && !name.starts_with('.')
    };
    let mut offences = Vec::new();
    for map in ["src/README.md", "t/README.md", "README.md"] {
        let text = read(map);
        let words = text.split('`').skip(1).step_by(2);
        let missing = words.filter(is_file).filter(|word| !exists(word));
        offences.extend(missing.map(|word| format!("{map}: {word}")));
    }
    report(offences, "the map names files that are not there");
}
