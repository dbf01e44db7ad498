//! `pingauge check FILE`: what a configuration of another server needs to be used here.

use super::command_line::CommandLine;
use super::print;
use crate::conf::with_reasons;
use crate::modules;

/// Tells it; true when the configuration can be used as it is.
pub(super) fn survey(line: &CommandLine) -> bool {
    let source = line.source();
    let main = line.main.display();
    let (parsed, mut files) = source.record(source.files());
    let survey = modules::survey(parsed, &mut files, &source.prefix);
    let is_usable = survey.is_usable();
    let verdict = match survey.to_change() {
        _ if is_usable => format!(
            "It can be used as it is: pingauge -c {main} (-t also looks at log files and addresses of this machine, but not whether a port is taken)"
        ),
        0 => "It cannot be used as it is.".to_owned(),
        1 => "1 statement is to be changed before it can be used.".to_owned(),
        count => format!("{count} statements are to be changed before it can be used."),
    };
    let report = match line.quiet {
        true => String::new(),
        false => survey.report() + "\n",
    };
    print(&with_reasons(&format!("{main}: {report}{verdict}"))).is_ok() && is_usable
}
