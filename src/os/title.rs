//! What `ps` shows for this process.
//!
//! The kernel keeps the command line and the environment of a process in one stretch of its stack and
//! shows what stands there. So the title is written over them, after the environment was moved to a
//! place of its own.

use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::Mutex;

/// The stretch that may be written to.
struct Area {
    start: usize,
    length: usize,
}

static AREA: Mutex<Option<Area>> = Mutex::new(None);

/// Makes ready for [`set_title`]. To be called once, at the start of the program and before there is a
/// second thread; the arguments cannot be read any more afterwards.
pub fn claim_title() {
    let mut area = AREA
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if area.is_none() {
        *area = find();
        // Shown by tools that do not look at the command line; an executed `/proc/self/exe` is "exe".
        drop(std::fs::write("/proc/self/comm", env!("CARGO_PKG_NAME")));
    }
}

/// Changes the title, as far as there is room; without [`claim_title`] nothing happens.
pub fn set_title(title: &str) {
    let area = AREA
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(area) = area.as_ref() else { return };
    let text = title.as_bytes();
    // The last byte stays zero.
    let length = text.len().min(area.length.saturating_sub(1));
    let to = ptr::with_exposed_provenance_mut::<u8>(area.start);
    // SAFETY: the stretch belongs to this process, is writable, and nothing of ours points into it
    // since `find` moved the environment; `length` is within it.
    unsafe { ptr::copy_nonoverlapping(text.as_ptr(), to, length) };
    // SAFETY: `length` is within the stretch.
    let rest = unsafe { to.add(length) };
    // SAFETY: as above; this is what remains of the stretch.
    unsafe { ptr::write_bytes(rest, 0, area.length - length) };
}

/// Finds the stretch and moves the environment out of it.
fn find() -> Option<Area> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may contain anything, so count from its closing parenthesis: what
    // follows first is field 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3)?.parse::<usize>().ok();
    let (arguments, arguments_end) = (field(48)?, field(49)?);
    let (environment, environment_end) = (field(50)?, field(51)?);
    if arguments == 0 || arguments_end <= arguments {
        return None;
    }
    let adjacent = environment == arguments_end && environment_end > environment;
    let end = if adjacent && move_environment() {
        environment_end
    } else {
        arguments_end
    };
    Some(Area {
        start: arguments,
        length: end - arguments,
    })
}

/// Copies every variable and has the C library's table point to the copies, which live for good.
fn move_environment() -> bool {
    // SAFETY: there is no second thread yet, so nobody changes the table.
    let table = unsafe { libc::environ };
    if table.is_null() {
        return true;
    }
    let mut copies: Vec<*mut c_char> = Vec::new();
    for index in 0.. {
        // SAFETY: the table ends with a null pointer, where this loop ends, too.
        let place = unsafe { table.add(index) };
        // SAFETY: as above.
        let variable = unsafe { *place };
        if variable.is_null() {
            break;
        }
        // SAFETY: each entry of the table is a string ended by zero.
        let copy = unsafe { CStr::from_ptr(variable) }.to_owned();
        copies.push(copy.into_raw());
    }
    copies.push(ptr::null_mut());
    let copies: &'static mut [*mut c_char] = copies.leak();
    // SAFETY: there is no second thread yet; the new table has the same form and lives for good.
    unsafe { libc::environ = copies.as_mut_ptr() };
    true
}
