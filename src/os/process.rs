//! Processes: how one is started, whom it belongs to, how it ends with its parent.
//!
//! A child is always another run of a program, never a mere fork: between fork and exec only system
//! calls are made that are allowed there, so it does not matter what else the parent is doing.

use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::ptr;

use super::descriptor::checked;
use super::signals::hold_signals;

/// Whether a child stays in the session of its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// It does, and so belongs to the same terminal.
    Same,
    /// It gets one of its own, without a terminal.
    New,
}

/// Starts a process that inherits these descriptors, under the same numbers, and no others but the
/// standard ones. Signals to it wait until it lets them in, with [`admit_signals`](super::admit_signals).
///
/// # Errors
/// When the process cannot be started.
pub fn spawn(
    command: &mut Command,
    descriptors: &[BorrowedFd<'_>],
    session: Session,
) -> io::Result<Child> {
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let prepare = move || {
        for number in &numbers {
            keep_on_exec(*number)?;
        }
        match session {
            Session::Same => Ok(()),
            Session::New => new_session(),
        }
    };
    // SAFETY: `prepare` makes two kinds of system call, both allowed between fork and exec, and reads
    // a vector that was filled before.
    unsafe { command.pre_exec(prepare) };
    let _held = hold_signals()?;
    command.spawn()
}

fn keep_on_exec(number: RawFd) -> io::Result<()> {
    // SAFETY: the call takes integers and touches no memory of ours.
    checked(unsafe { libc::fcntl(number, libc::F_SETFD, 0) }).map(drop)
}

fn new_session() -> io::Result<()> {
    // SAFETY: the call has no arguments and touches no memory of ours.
    checked(unsafe { libc::setsid() }).map(drop)
}

/// Sends a signal.
///
/// # Errors
/// When there is no such process, or it may not be signalled.
pub fn signal(process: u32, signal: i32) -> io::Result<()> {
    let process = libc::pid_t::try_from(process).unwrap_or(0);
    if process <= 0 {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: the call takes integers and touches no memory of ours.
    checked(unsafe { libc::kill(process, signal) }).map(drop)
}

/// Has this process killed when its parent ends. To be called after [`assume`], which undoes it.
///
/// # Errors
/// When `parent` is the parent no longer, or the system refuses.
pub fn end_with_parent(parent: u32) -> io::Result<()> {
    let signal = libc::SIGKILL as libc::c_ulong;
    // SAFETY: this option takes one integer.
    checked(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) })?;
    if std::os::unix::process::parent_id() == parent {
        Ok(())
    } else {
        Err(io::Error::other("the master process is gone"))
    }
}

/// A user and a group that a process can become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user's number.
    pub user: u32,
    /// The group's number.
    pub group: u32,
    name: CString,
}

impl Identity {
    /// The user of this name, with its own group or the one named; `None` when either is unknown.
    pub fn named(user: &str, group: Option<&str>) -> Option<Self> {
        let name = CString::new(user).ok()?;
        let (user, own_group) = user_numbers(&name)?;
        let group = match group {
            Some(group) => group_number(&CString::new(group).ok()?)?,
            None => own_group,
        };
        Some(Self { user, group, name })
    }

    /// Whom the system gives to processes that shall have no rights.
    pub fn nobody() -> Self {
        Self::named("nobody", None).unwrap_or_else(|| Self {
            user: 65534,
            group: 65534,
            name: c"nobody".to_owned(),
        })
    }
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

/// Becomes another user for good, with the groups that user belongs to.
///
/// # Errors
/// When the system refuses; the process may then have changed in part and must end.
pub fn assume(identity: &Identity) -> io::Result<()> {
    // SAFETY: the call takes an integer.
    checked(unsafe { libc::setgid(identity.group) })?;
    // SAFETY: the name is a string ended by zero that outlives the call.
    checked(unsafe { libc::initgroups(identity.name.as_ptr(), identity.group) })?;
    // SAFETY: the call takes an integer.
    checked(unsafe { libc::setuid(identity.user) }).map(drop)
}

/// Sets how many files this process may have open; without a number, as many as it is allowed to.
///
/// # Errors
/// When more are asked for than the system allows.
pub fn limit_open_files(files: Option<u64>) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `limit` is a valid place for the call to fill.
    checked(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) })?;
    let wanted = files.unwrap_or(limit.rlim_max);
    limit.rlim_cur = wanted;
    limit.rlim_max = limit.rlim_max.max(wanted);
    // SAFETY: `limit` is valid and only read.
    checked(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }).map(drop)
}

/// The number of the calling thread, as logs show it.
pub fn thread_id() -> u32 {
    // SAFETY: the call has no arguments and cannot fail.
    unsafe { libc::gettid() as u32 }
}

fn user_numbers(name: &CString) -> Option<(u32, u32)> {
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut text = vec![0; ENTRY_BYTES];
    let mut found = ptr::null_mut();
    // SAFETY: all pointers are to memory of ours that lives through the call; the length is the text's.
    let failed = unsafe {
        libc::getpwnam_r(
            name.as_ptr(),
            entry.as_mut_ptr(),
            text.as_mut_ptr(),
            text.len(),
            &raw mut found,
        )
    };
    if failed != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded and so filled the entry.
    let entry = unsafe { entry.assume_init() };
    Some((entry.pw_uid, entry.pw_gid))
}

fn group_number(name: &CString) -> Option<u32> {
    let mut entry = MaybeUninit::<libc::group>::uninit();
    let mut text = vec![0; ENTRY_BYTES];
    let mut found = ptr::null_mut();
    // SAFETY: all pointers are to memory of ours that lives through the call; the length is the text's.
    let failed = unsafe {
        libc::getgrnam_r(
            name.as_ptr(),
            entry.as_mut_ptr(),
            text.as_mut_ptr(),
            text.len(),
            &raw mut found,
        )
    };
    if failed != 0 || found.is_null() {
        return None;
    }
    // SAFETY: the call succeeded and so filled the entry.
    Some(unsafe { entry.assume_init() }.gr_gid)
}

/// Room for the text of an entry of the user or group database; groups list all their members.
const ENTRY_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_child_gets_the_named_descriptors_and_no_others() {
        let given = std::fs::File::open("/dev/null").unwrap();
        let kept = std::fs::File::open("/dev/null").unwrap();
        let mut command = Command::new("/bin/sh");
        let exists = |fd: RawFd| format!("[ -e /proc/self/fd/{fd} ] && echo yes || echo no;");
        let script = exists(given.as_raw_fd()) + &exists(kept.as_raw_fd());
        command.args(["-c", &script]).stdout(Stdio::piped());
        let mut child = spawn(&mut command, &[given.as_fd()], Session::New).unwrap();
        let mut said = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        child.wait().unwrap();
        assert_eq!(said, "yes\nno\n");
    }

    #[test]
    fn users_are_found_by_name() {
        let root = Identity::named("root", None).unwrap();
        assert_eq!((root.user, root.group), (0, 0));
        assert_eq!(Identity::named("root", Some("root")), Some(root));
        assert_eq!(Identity::named("no such user", None), None);
        assert_eq!(Identity::named("root", Some("no such group")), None);
        assert_ne!(Identity::nobody().user, 0);
    }

    #[test]
    fn only_one_process_can_be_signalled() {
        assert!(signal(0, 0).is_err());
        assert!(signal(u32::MAX, 0).is_err());
        signal(std::process::id(), 0).unwrap();
    }

    #[test]
    fn the_limit_of_open_files_goes_up_to_what_is_allowed() {
        limit_open_files(None).unwrap();
    }
}
