//! The command line of `pingauge push`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, ValueEnum};

use crate::clients::access::Access;

/// Changes or reads a metric of a server that has `metric_push`.
///
/// A change carries an idempotency key that stays the same over its attempts, so that it counts once
/// however often it is tried. An API key is read from --api-key-file or PINGAUGE_API_KEY.
#[derive(Debug, Parser)]
#[command(name = "pingauge push", disable_version_flag = true, after_help = AFTER)]
pub(super) struct Arguments {
    /// The push location's address, such as https://metrics.local/push/
    pub(super) url: String,
    /// The name of the metric
    #[arg(required_unless_present = "import")]
    pub(super) key: Option<String>,
    /// What to do
    #[arg(value_enum, required_unless_present = "import")]
    pub(super) action: Option<Action>,
    /// What the action needs: create [HELP], set V, add V, sub V, create-set V [HELP]
    #[arg(value_name = "VALUE", num_args = 0..=2, allow_negative_numbers = true)]
    pub(super) words: Vec<String>,
    /// A label of the metric; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub(super) labels: Vec<(String, String)>,
    /// Make and set every metric of a state file of MetricNexus
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    pub(super) import: Option<PathBuf>,
    #[command(flatten)]
    pub(super) access: Access,
    /// How often to try again when the server cannot be reached, or answers 429, 502, 503 or 504
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..=1000))]
    pub(super) retries: u32,
}

/// What is done with a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Action {
    /// Make it, with a help text, unless it is there
    Create,
    /// Give it a value
    Set,
    /// Make it unless it is there, then give it a value
    CreateSet,
    /// Print its value
    Get,
    /// Add to its value
    Add,
    /// Subtract from its value
    Sub,
    /// Add 1
    Inc,
    /// Subtract 1
    Dec,
    /// Remove it
    Delete,
}

const AFTER: &str = "\
Without --cacert the certificates that the system trusts are trusted. The server is
asked directly, whatever proxies the environment names.

Exit codes: 0 done, 1 refused or not reached, 2 wrong arguments.

Examples:
  pingauge push http://127.0.0.1:3000/ backups create \"backups made\"
  pingauge push --label job=db http://127.0.0.1:3000/ backups inc
  pingauge push --import state.yaml http://127.0.0.1:3000/";

impl Arguments {
    /// Understands the arguments behind the word.
    pub(super) fn understand(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, clap::Error> {
        Self::try_parse_from(std::iter::once("pingauge push".into()).chain(arguments))
    }
}

/// A mistake that only shows when the arguments are seen together.
pub(super) fn mistake(message: String) -> clap::Error {
    Arguments::command().error(ErrorKind::ValueValidation, message)
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn understand(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::understand(line.split(' ').map(Into::into))
    }

    #[test]
    fn lines_are_understood() {
        let line = understood("http://h/ k set -1.5e3 --label a=b --label c=d=e --timeout 500ms");
        assert_eq!(
            (line.action, line.words),
            (Some(Action::Set), vec!["-1.5e3".to_owned()])
        );
        let labels = [("a", "b"), ("c", "d=e")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(line.labels, labels);
        assert_eq!(
            (line.access.timeout, line.retries),
            (Duration::from_millis(500), 5)
        );
        let line = understood("--retries 0 --insecure http://h/ k create-set 1 help");
        assert_eq!((line.action, line.retries), (Some(Action::CreateSet), 0));
        let line = understood("--import state.yaml http://h/");
        assert_eq!(
            (line.action, line.import),
            (None, Some("state.yaml".into()))
        );
    }

    fn understood(line: &str) -> Arguments {
        understand(line).unwrap()
    }

    #[test]
    fn mistakes_are_usage() {
        for line in [
            "",
            "http://h/",
            "http://h/ k",
            "http://h/ k explode",
            "http://h/ k set 1 2 3",
            "http://h/ k inc --label x",
            "http://h/ k inc --label =x",
            "http://h/ k inc --timeout soon",
            "http://h/ k inc --timeout 0",
            "http://h/ k inc --retries -1",
            "http://h/ k inc --api-key secret",
            "http://h/ k inc --insecure --cacert x",
            "http://h/ k inc --import x",
            "--import x",
        ] {
            assert_eq!(understand(line).unwrap_err().exit_code(), 2, "{line}");
        }
        assert_eq!(understand("--help").unwrap_err().exit_code(), 0);
    }
}
