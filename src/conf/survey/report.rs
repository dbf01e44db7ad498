//! What a survey found, as text: section by section, and what needs no explanation last.

use std::collections::HashMap;
use std::fmt::Write;
use std::hash::Hash;

use super::{Line, Standing, Survey};

impl Survey {
    /// The whole report.
    pub fn report(&self) -> String {
        let mut text = String::new();
        let (count, files) = (self.lines.len(), self.files);
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{} in {}.",
            counted(count, "statement"),
            counted(files, "file")
        );
        for one in &self.unplaced {
            let _ = writeln!(text, "\nTo be corrected: {one}");
        }
        for section in SECTIONS {
            self.section(section, &mut text);
        }
        self.as_written(&mut text);
        text
    }

    fn section(&self, section: &Section, text: &mut String) {
        let all = self
            .lines
            .iter()
            .map(|line| (line, (section.read)(&line.standing)));
        let all: Vec<_> = all.filter(|(_, explained)| !explained.is_empty()).collect();
        if all.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\n{}: {}",
            section.title,
            counted(all.len(), "statement")
        );
        let mut groups: Grouped<Explained<'_>, Vec<&Line>> = Grouped::new();
        let each = |(line, all): (_, Vec<_>)| all.into_iter().map(move |one| (line, one));
        for (line, explained) in all.into_iter().flat_map(each) {
            groups.of(explained).push(line);
        }
        for ((name, explanation), lines) in groups.all {
            let _ = writeln!(text);
            if !name.is_empty() {
                let _ = writeln!(text, "  {name}");
            }
            for shown in self.shown(&lines) {
                let _ = writeln!(text, "    {shown}");
            }
            let _ = writeln!(text, "    {}{explanation}", section.leads);
        }
    }

    /// The statements of a group: each with its place, but of an included file those of one name together.
    fn shown(&self, lines: &[&Line]) -> Vec<String> {
        let mut groups: Grouped<(&str, &str), Vec<&Line>> = Grouped::new();
        for line in lines {
            groups.of((&line.file, &line.name)).push(line);
        }
        let mut shown = Vec::new();
        for ((file, name), lines) in groups.all {
            let mut places: Grouped<(&str, &str), usize> = Grouped::new();
            for line in &lines {
                *places.of((&line.place, &line.text)) += 1;
            }
            if file != self.main && places.all.len() > MOST_LISTED {
                let (count, at) = (lines.len(), counted(places.all.len(), "place"));
                shown.push(format!("{file}  {name} … ({count} statements at {at})"));
                continue;
            }
            shown.extend(places.all.iter().map(|((place, text), count)| match count {
                1 => format!("{place}  {text}"),
                _ => format!("{place}  {text} ({count} times)"),
            }));
        }
        shown
    }

    /// What needs no explanation: the names of directives, counted, by file.
    fn as_written(&self, text: &mut String) {
        let all = self
            .lines
            .iter()
            .filter(|line| line.standing == Standing::AsWritten);
        let mut files: Grouped<&str, Grouped<&str, usize>> = Grouped::new();
        let mut count = 0;
        for line in all {
            count += 1;
            *files.of(&line.file).of(&line.name) += 1;
        }
        if count == 0 {
            return;
        }
        let _ = writeln!(text, "\nAs written: {}\n", counted(count, "statement"));
        for (file, names) in files.all {
            let one = |(name, count): &(&str, usize)| match count {
                1 => (*name).to_owned(),
                _ => format!("{name} ({count})"),
            };
            let names: Vec<String> = names.all.iter().map(one).collect();
            let _ = writeln!(text, "    {file}  {}", names.join(", "));
        }
    }
}

/// Values by key, in the order in which the keys were met.
struct Grouped<K, V> {
    all: Vec<(K, V)>,
    places: HashMap<K, usize>,
}

impl<K: Copy + Eq + Hash, V: Default> Grouped<K, V> {
    fn new() -> Self {
        Self {
            all: Vec::new(),
            places: HashMap::new(),
        }
    }

    /// The value of a key, made if need be.
    fn of(&mut self, key: K) -> &mut V {
        let next = self.all.len();
        let place = *self.places.entry(key).or_insert(next);
        if place == next {
            self.all.push((key, V::default()));
        }
        &mut self.all[place].1
    }
}

impl<K: Copy + Eq + Hash, V: Default> Default for Grouped<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

/// What lines stand under, and what is said below them.
type Explained<'a> = (&'a str, &'a str);

struct Section {
    title: &'static str,
    /// What an explanation begins with.
    leads: &'static str,
    read: fn(&Standing) -> Vec<Explained<'_>>,
}

const SECTIONS: &[Section] = &[
    Section {
        title: "Not supported here",
        leads: "Instead: ",
        read: |standing| match standing {
            Standing::Missing(all) => all
                .iter()
                .map(|(name, instead)| (name.as_str(), *instead))
                .collect(),
            _ => Vec::new(),
        },
    },
    Section {
        title: "To be corrected",
        leads: "",
        read: |standing| match standing {
            Standing::Wrong(text) => vec![("", text)],
            _ => Vec::new(),
        },
    },
    Section {
        title: "Of note",
        leads: "",
        read: |standing| match standing {
            Standing::OfNote(text) => vec![("", text)],
            _ => Vec::new(),
        },
    },
    Section {
        title: "Accepted, without effect here",
        leads: "",
        read: |standing| match standing {
            Standing::WithoutEffect(text) => vec![("", text)],
            _ => Vec::new(),
        },
    },
];

/// So many statements of one name in an included file are listed one by one.
const MOST_LISTED: usize = 4;

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
