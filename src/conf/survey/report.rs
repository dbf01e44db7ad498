//! What a survey found, as text: section by section, and what needs no explanation last.

use std::fmt::Write;

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
        let mut groups: Vec<(Explained<'_>, Vec<&Line>)> = Vec::new();
        let each = |(line, all): (_, Vec<_>)| all.into_iter().map(move |one| (line, one));
        for (line, explained) in all.into_iter().flat_map(each) {
            match groups.iter_mut().find(|(known, _)| *known == explained) {
                Some((_, lines)) => lines.push(line),
                None => groups.push((explained, vec![line])),
            }
        }
        for ((name, explanation), lines) in groups {
            let _ = writeln!(text);
            if !name.is_empty() {
                let _ = writeln!(text, "  {name}");
            }
            for line in &lines {
                let _ = writeln!(text, "    {}  {}", line.place, line.text);
            }
            let _ = writeln!(text, "    {}{explanation}", section.leads);
        }
    }

    /// What needs no explanation: the names of directives, counted, by file.
    fn as_written(&self, text: &mut String) {
        let all = self
            .lines
            .iter()
            .filter(|line| line.standing == Standing::AsWritten);
        let mut files: Vec<(&str, Vec<(&str, usize)>)> = Vec::new();
        let mut count = 0;
        for line in all {
            count += 1;
            let known = files.iter().position(|(file, _)| *file == line.file);
            let place = known.unwrap_or_else(|| {
                files.push((&line.file, Vec::new()));
                files.len() - 1
            });
            let names = &mut files[place].1;
            match names.iter_mut().find(|(name, _)| *name == line.name) {
                Some((_, count)) => *count += 1,
                None => names.push((&line.name, 1)),
            }
        }
        if count == 0 {
            return;
        }
        let _ = writeln!(text, "\nAs written: {}\n", counted(count, "statement"));
        for (file, names) in files {
            let one = |(name, count): &(&str, usize)| match count {
                1 => (*name).to_owned(),
                _ => format!("{name} ({count})"),
            };
            let names: Vec<String> = names.iter().map(one).collect();
            let _ = writeln!(text, "    {file}  {}", names.join(", "));
        }
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

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
