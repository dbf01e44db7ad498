//! Lines that mean something else here than where they come from, or may surprise whoever moves them.

use std::path::Path;

use crate::conf::Habit;

pub(in crate::modules) const HABITS: &[Habit] = &[
    Habit {
        directive: "pid",
        applies: is_anothers,
        text: "this is the file of the other server: while both run, write \"pid /run/pingauge.pid;\"",
    },
    Habit {
        directive: "error_log",
        applies: |path| path != "stderr" && is_relative(path),
        text: RELATIVE,
    },
    Habit {
        directive: "access_log",
        applies: |path| path != "off" && is_relative(path),
        text: RELATIVE,
    },
    Habit {
        directive: "root",
        applies: is_relative,
        text: RELATIVE,
    },
];

const RELATIVE: &str = "a relative path begins in the folder of the main file, or in that of -p; with nginx it \
                        begins in the folder that \"nginx -V\" shows as --prefix";

fn is_anothers(path: &str) -> bool {
    let name = Path::new(path).file_name().and_then(|name| name.to_str());
    matches!(
        name,
        Some("nginx.pid" | "angie.pid" | "freenginx.pid" | "openresty.pid")
    )
}

fn is_relative(path: &str) -> bool {
    !path.starts_with(['/', '$']) && !path.contains(':')
}
