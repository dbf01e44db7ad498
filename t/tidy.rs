//! The architecture, kept by a test: layers, unsafe, budgets, registrations, documents. Each failure
//! lists every offence and says how to mend it.
#![allow(clippy::unwrap_used, reason = "a test ends with its first surprise")]

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/files.rs"]
mod files;

use files::{File, find, has_word, is_word, list, read};

/// Folder and layer; a file uses lower layers only, and its own folder.
const LAYERS: &[(&str, usize)] = &[
    ("conf", 0),
    ("os", 0),
    ("metric", 1),
    ("status", 2),
    ("zone", 3),
    ("cache", 4),
    ("script", 4),
    ("sessions", 4),
    ("http", 5),
    ("modules", 6),
    ("clients", 6),
    ("server", 7),
];
const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 60;

#[test]
fn layers_point_downwards() {
    let layer = |name: &str| Some(LAYERS.iter().find(|(folder, _)| *folder == name)?.1);
    let mut offences = Vec::new();
    for file in find("src", "rs") {
        let own = file.path.split('/').nth(1).unwrap_or_default();
        let Some(own_layer) = layer(own) else {
            continue;
        }; // main.rs and lib.rs stand above all
        for rest in file.text.split("crate::").skip(1) {
            let used = rest.split(|c: char| !is_word(c)).next().unwrap_or_default();
            if used != own && layer(used).is_some_and(|used| used >= own_layer) {
                offences.push(format!("{} uses {used}", file.path));
            }
        }
    }
    report(
        offences,
        "use lower layers only; src/README.md has the order",
    );
}

/// The rooms of `src/http`; each uses those that stand behind it.
const ROOMS: &[&str] = &[
    "build",
    "client",
    "upstream",
    "course",
    "plan",
    "transport",
    "message",
];
/// What the matter itself has in a circle: a location holds handlers, a handler is given the request.
const CIRCLE: (&str, &str) = ("plan", "course");

#[test]
fn rooms_of_http_point_downwards() {
    let place = |name: &str| ROOMS.iter().position(|room| *room == name);
    let mut offences = Vec::new();
    for file in find("src/http", "rs") {
        let own = file.path.split('/').nth(2).unwrap_or_default();
        let Some(own_place) = place(own) else {
            if own != "mod.rs" {
                offences.push(format!("{} stands in no room", file.path));
            }
            continue;
        };
        for rest in file.text.split("crate::http::").skip(1) {
            let used = rest.split(|c: char| !is_word(c)).next().unwrap_or_default();
            let is_above = place(used).is_some_and(|used| used < own_place);
            if is_above && (own, used) != CIRCLE {
                offences.push(format!("{} uses {used}", file.path));
            }
        }
    }
    report(
        offences,
        "use rooms that stand behind it in ROOMS; src/README.md says what belongs where",
    );
}

#[test]
fn modules_use_each_other_one_way() {
    let name = |path: &str| {
        let name = path.split('/').nth(2).unwrap_or_default();
        name.trim_end_matches(".rs").to_owned()
    };
    let all: Vec<String> = list("src/modules").iter().map(|path| name(path)).collect();
    let mut arrows = std::collections::BTreeSet::new();
    for file in find("src/modules", "rs") {
        let own = name(&file.path);
        // Next to each other in the folder, or by the whole path.
        let is_beside = file.path.matches('/').count() == 2 || file.path.ends_with("/mod.rs");
        let starts = [("modules::", true), ("super::", is_beside)];
        let starts = starts.into_iter().filter(|(_, counts)| *counts);
        for (start, _) in starts {
            for rest in file.text.split(start).skip(1) {
                let used = rest.split(|c: char| !is_word(c)).next().unwrap_or_default();
                if used != own && own != "mod" && all.iter().any(|one| one == used) {
                    arrows.insert((own.clone(), used.to_owned()));
                }
            }
        }
    }
    assert!(arrows.len() > 20, "where have they gone? {arrows:?}");
    // Whoever uses nobody that is left cannot be in a circle.
    loop {
        let users: Vec<String> = arrows.iter().map(|(own, _)| own.clone()).collect();
        let before = arrows.len();
        arrows.retain(|(_, used)| users.contains(used));
        if arrows.len() == before {
            break;
        }
    }
    let circles = arrows
        .into_iter()
        .map(|(own, used)| format!("{own} uses {used}"));
    report(
        circles.collect(),
        "some of these go in a circle; move what both use to a file of its own beside them",
    );
}

#[test]
fn unsafe_stays_in_os() {
    let others = find("src", "rs")
        .into_iter()
        .filter(|file| !file.path.starts_with("src/os/"));
    let places = others.flat_map(|file| file.places_of("unsafe")).collect();
    report(
        places,
        "move it to src/os behind a safe function, or do without",
    );
}

#[test]
fn what_is_shared_takes_its_atomics_from_one_place() {
    let files = ["src/cache", "src/metric", "src/zone"]
        .into_iter()
        .flat_map(|folder| find(folder, "rs"))
        .filter(|file| !file.path.contains("/tests"));
    let mut offences = Vec::new();
    for file in files {
        for (line, text) in file.product_lines().iter().enumerate() {
            if text.contains("std::sync::atomic") {
                offences.push(format!("{}:{}", file.path, line + 1));
            }
        }
    }
    report(offences, "use crate::os::atomic, which t/loom replaces");
}

#[test]
fn files_and_functions_keep_their_budgets() {
    let mut offences = Vec::new();
    for file in find("src", "rs")
        .iter()
        .filter(|file| !file.path.contains("/tests"))
    {
        let lines = file.product_lines();
        if lines.len() > FILE_LINES {
            offences.push(format!(
                "{}: {} lines of {FILE_LINES}",
                file.path,
                lines.len()
            ));
        }
        for (start, head) in lines
            .iter()
            .enumerate()
            .filter(|(_, line)| opens_function(line))
        {
            let indent = head.len() - head.trim_start().len();
            let closing = " ".repeat(indent) + "}";
            let length = lines[start..]
                .iter()
                .position(|line| *line == closing)
                .unwrap_or(0)
                + 1;
            if length > FUNCTION_LINES {
                let place = format!("{}:{}", file.path, start + 1);
                offences.push(format!("{place}: {length} lines of {FUNCTION_LINES}"));
            }
        }
    }
    report(offences, "split it by meaning");
}

#[test]
fn every_file_says_what_it_is() {
    let is_open = |file: &File| match file.path.strip_suffix(".t") {
        Some(_) => file.text.starts_with("# "),
        None => file.text.starts_with("//!") || file.path == "src/lib.rs",
    };
    let all = find("src", "rs")
        .into_iter()
        .chain(find("t", "rs"))
        .chain(find("t", "t"));
    let silent = all
        .filter(|file| !is_open(file))
        .map(|file| file.path)
        .collect();
    report(
        silent,
        "open it with `//!` (`# ` in a .t): what it is, why so, what must stay true",
    );
}

#[test]
fn every_mode_and_module_is_registered() {
    let mut offences = Vec::new();
    for (folder, row) in [
        ("src/metric/mode", "SPEC: ModeSpec"),
        ("src/modules", "MODULE: Module"),
    ] {
        let table = read(&format!("{folder}/mod.rs"));
        let constant = row.split(':').next().unwrap_or_default();
        for path in list(folder) {
            let inner = if path.ends_with(".rs") {
                path.clone()
            } else {
                format!("{path}/mod.rs")
            };
            let name = path
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .trim_end_matches(".rs");
            if read(&inner).contains(row) && !table.contains(&format!("&{name}::{constant}")) {
                offences.push(path);
            }
        }
    }
    report(offences, "add it to the table in mod.rs");
}

#[test]
fn nothing_is_left_to_do() {
    let all = find("src", "rs")
        .into_iter()
        .chain(find("conf", "conf"))
        .chain(find("t", "rs"));
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let has_mark = |file: &File| marks.iter().any(|mark| has_word(&file.text, mark));
    let unfinished = all.filter(has_mark).map(|file| file.path).collect();
    report(unfinished, "do it, or open an issue");
}

fn opens_function(line: &str) -> bool {
    let is_one_line = line.ends_with('}') || line.ends_with(';');
    let words = ["fn", "pub", "pub(crate)", "pub(super)", "const", "async"];
    let first = line.trim_start().split(' ').next().unwrap_or_default();
    words.contains(&first) && has_word(line, "fn") && !is_one_line
}

fn report(offences: Vec<String>, remedy: &str) {
    assert!(
        offences.is_empty(),
        "{remedy}:\n  {}",
        offences.join("\n  ")
    );
}
