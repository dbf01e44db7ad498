//! `/status/angie/self/processes`: what the processes of this server take, by what they are.

use crate::os::{self, ProcessFacts};
use crate::status::{Node, Value};

/// The master and its children: the workers of this configuration, numbered, those of others, and the keeper.
pub(super) fn node(generation: u64) -> Node<'static> {
    let master = os::parent();
    let (mut workers, mut old) = (0, 0);
    let mut members = Vec::new();
    for (process, is_master) in [(master, true)]
        .into_iter()
        .chain(os::children(master).into_iter().map(|one| (one, false)))
    {
        let Some(facts) = ProcessFacts::of(process) else {
            continue;
        };
        let name = match is_master {
            true => "master".to_owned(),
            false => match Role::of(&facts.title, generation) {
                Role::Worker => numbered("worker", &mut workers),
                Role::Old => numbered("old", &mut old),
                Role::Other(name) => name,
            },
        };
        members.push((name, shown(process, &facts)));
    }
    Node::object(members)
}

fn numbered(name: &str, count: &mut u32) -> String {
    *count += 1;
    format!("{name}-{count}")
}

/// What a child is.
#[derive(Debug, PartialEq, Eq)]
enum Role {
    /// It serves with this configuration.
    Worker,
    /// It ends what it has begun with another.
    Old,
    /// It does something else.
    Other(String),
}

impl Role {
    fn of(title: &str, generation: u64) -> Self {
        let words: Vec<&str> = title.split(' ').collect();
        match words[..] {
            [_, "worker", "process", number] if number == format!("#{generation}") => Self::Worker,
            [_, "worker", ..] => Self::Old,
            [_, name, "process", ..] => Self::Other(name.to_owned()),
            _ => Self::Other("other".to_owned()),
        }
    }
}

fn shown(process: u32, facts: &ProcessFacts) -> Node<'static> {
    let count = |value: u64| Node::Value(Value::Integer(value));
    let mut members = vec![
        ("pid", count(u64::from(process))),
        ("start_time", Node::Value(Value::since_1970(facts.started))),
        ("cpu_seconds", Node::from(facts.processor_seconds)),
        ("resident_memory", count(facts.resident)),
    ];
    members.extend(facts.open_files.map(|files| ("open_files", count(files))));
    members.extend(facts.most_files.map(|files| ("max_files", count(files))));
    Node::object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_told_by_their_titles() {
        for (title, role) in [
            ("pingauge: worker process #2", Role::Worker),
            ("pingauge: worker process #22", Role::Old),
            ("pingauge: worker process is shutting down #2", Role::Old),
            ("pingauge: keeper process #2", Role::Other("keeper".into())),
            ("sh", Role::Other("other".into())),
        ] {
            assert_eq!(Role::of(title, 2), role, "{title}");
        }
    }
}
