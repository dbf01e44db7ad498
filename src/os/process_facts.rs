//! What the system tells of the processes of this server, as tools like `ps` read it.
//!
//! Everything comes from `/proc`, where some of it may be hidden from other users.

use std::fs;
use std::os::unix::process::parent_id;
use std::path::Path;

/// One process at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessFacts {
    /// What `ps` shows for it.
    pub title: String,
    /// When it was started, in milliseconds since 1970.
    pub started: u64,
    /// Seconds of processor time it has used.
    pub processor_seconds: f64,
    /// Bytes of memory it holds, shared ones included.
    pub resident: u64,
    /// How many descriptors it has open.
    pub open_files: Option<u64>,
    /// How many it may have, unless that is unlimited.
    pub most_files: Option<u64>,
}

/// The process that started this one.
pub fn parent() -> u32 {
    parent_id()
}

/// The processes that were started by one, in the order of their numbers.
pub fn children(of: u32) -> Vec<u32> {
    let text = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let numbers = text.split_ascii_whitespace();
    let mut children: Vec<u32> = numbers.filter_map(|one| one.parse().ok()).collect();
    children.sort_unstable();
    children
}

impl ProcessFacts {
    /// Those of a process; nothing if it is gone, or out of sight.
    pub fn of(process: u32) -> Option<Self> {
        let folder = format!("/proc/{process}");
        let read = |file: &str| fs::read(format!("{folder}/{file}")).ok();
        let stat = String::from_utf8(read("stat")?).ok()?;
        // The name before it may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        let (second, page) = (setting(libc::_SC_CLK_TCK)?, setting(libc::_SC_PAGESIZE)?);
        let seconds = |ticks: u64| ticks as f64 / second as f64;
        let title = read("cmdline")?;
        let end = title.iter().position(|byte| *byte == 0);
        Some(Self {
            title: String::from_utf8_lossy(&title[..end.unwrap_or(title.len())]).into_owned(),
            started: booted()? * 1000 + field(22)? * 1000 / second,
            processor_seconds: seconds(field(14)? + field(15)?),
            resident: field(24)? * page,
            open_files: open_files(Path::new(&format!("{folder}/fd"))),
            most_files: most_files(&read("limits").unwrap_or_default()),
        })
    }
}

/// A number that stays as long as the system runs.
fn setting(name: libc::c_int) -> Option<u64> {
    // SAFETY: it takes a number and reads no memory of ours.
    let value = unsafe { libc::sysconf(name) };
    u64::try_from(value).ok().filter(|value| *value > 0)
}

/// When the machine was started, in seconds since 1970.
fn booted() -> Option<u64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let line = stat.lines().find_map(|line| line.strip_prefix("btime "))?;
    line.trim().parse().ok()
}

/// Newer systems tell anybody by the size of the folder; of older ones its owner may count.
fn open_files(folder: &Path) -> Option<u64> {
    let size = fs::metadata(folder).ok().map(|folder| folder.len());
    size.filter(|size| *size > 0)
        .or_else(|| Some(fs::read_dir(folder).ok()?.count() as u64))
}

fn most_files(limits: &[u8]) -> Option<u64> {
    let limits = String::from_utf8_lossy(limits);
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_tells_about_itself() {
        let own = ProcessFacts::of(std::process::id()).unwrap();
        let files: Vec<_> = (0..20)
            .map(|_| fs::File::open("/dev/null").unwrap())
            .collect();
        let later = ProcessFacts::of(std::process::id()).unwrap();
        assert!(!own.title.is_empty() && own.resident > 1 << 20);
        assert!(own.started > 1_600_000_000_000);
        assert!(later.open_files.unwrap() >= 20 && own.most_files > later.open_files);
        assert!(children(parent()).contains(&std::process::id()));
        assert_eq!(ProcessFacts::of(u32::MAX), None);
        drop(files);
    }
}
