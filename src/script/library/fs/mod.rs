//! Module `fs`, as far as it reads. What would change something on a disk throws: workers serve many, and what they
//! write is said in the configuration.

mod stats;

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use rquickjs::{Array, Ctx, Exception, Object, Result, Value};

use super::buffer_of;
use super::encoding::Encoding;
use super::native::{boolean, error, given, is_set, later, member, number, string, undefined};
use crate::os::script::{Call, Member, View, define, method, text};

static MEMBERS: [Member; 18] = [
    method(c"accessSync", 2, access),
    method(c"existsSync", 1, exists),
    method(c"lstatSync", 2, stats::link),
    method(c"readFileSync", 2, read_file),
    method(c"readdirSync", 2, read_directory),
    method(c"realpathSync", 2, real_path),
    method(c"statSync", 2, stats::file),
    method(c"appendFileSync", 2, read_only),
    method(c"closeSync", 1, read_only),
    method(c"mkdirSync", 2, read_only),
    method(c"openSync", 3, read_only),
    method(c"readSync", 5, read_only),
    method(c"renameSync", 2, read_only),
    method(c"rmdirSync", 2, read_only),
    method(c"symlinkSync", 2, read_only),
    method(c"unlinkSync", 1, read_only),
    method(c"writeFileSync", 2, read_only),
    method(c"writeSync", 5, read_only),
];

static PROMISES: [Member; 13] = [
    method(c"access", 2, |call| later(call, access)),
    method(c"lstat", 2, |call| later(call, stats::link)),
    method(c"readFile", 2, |call| later(call, read_file)),
    method(c"readdir", 2, |call| later(call, read_directory)),
    method(c"realpath", 2, |call| later(call, real_path)),
    method(c"stat", 2, |call| later(call, stats::file)),
    method(c"appendFile", 2, |call| later(call, read_only)),
    method(c"mkdir", 2, |call| later(call, read_only)),
    method(c"open", 3, |call| later(call, read_only)),
    method(c"rename", 2, |call| later(call, read_only)),
    method(c"rmdir", 2, |call| later(call, read_only)),
    method(c"unlink", 1, |call| later(call, read_only)),
    method(c"writeFile", 2, |call| later(call, read_only)),
];

/// How large a file can be that is read, and how many names are read of a folder.
const FILE: u64 = 32 << 20;
const NAMES: usize = 100_000;

/// The module.
pub(super) fn module<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let module = Object::new(ctx.clone())?;
    define(&module, &MEMBERS)?;
    let promises = Object::new(ctx.clone())?;
    define(&promises, &PROMISES)?;
    module.set("promises", promises)?;
    let constants = Object::new(ctx.clone())?;
    for (name, mask) in [("F_OK", 0), ("R_OK", 4), ("W_OK", 2), ("X_OK", 1)] {
        constants.set(name, mask)?;
    }
    module.set("constants", constants)?;
    Ok(module)
}

/// The prototype of what is told of files, which has no name.
pub(super) fn prototype<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    stats::prototype(ctx)
}

fn read_only<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    error(
        call.ctx(),
        "fs is read-only here: nothing can be opened, written, renamed or removed",
    )
}

/// The path that is an argument.
fn path(call: &Call<'_>, index: usize) -> Result<PathBuf> {
    let value = call.arg(index);
    let bytes = match View::of(&value) {
        Some(view) => view.to_vec(),
        None if value.is_string() => text(&value)?.into_bytes(),
        None => {
            return super::native::type_error(call.ctx(), "\"path\" must be a string or Buffer");
        }
    };
    if bytes.contains(&0) {
        return super::native::type_error(call.ctx(), "\"path\" must be without null bytes");
    }
    Ok(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

/// Throws what the system said of a path.
fn failed<T>(call: &Call<'_>, what: &str, path: &std::path::Path, reason: &io::Error) -> Result<T> {
    let ctx = call.ctx();
    let code = reason.raw_os_error();
    let message = reason.to_string();
    let message = message.split(" (os error").next().unwrap_or_default();
    let exception = Exception::from_message(ctx.clone(), message)?;
    exception.set("errno", code)?;
    exception.set("code", code.and_then(code_name))?;
    exception.set("path", path.to_string_lossy().as_ref())?;
    exception.set("syscall", what)?;
    Err(exception.throw())
}

/// What the codes that paths meet are called.
fn code_name(code: i32) -> Option<&'static str> {
    Some(match code {
        libc::EACCES => "EACCES",
        libc::EFBIG => "EFBIG",
        libc::EINVAL => "EINVAL",
        libc::EIO => "EIO",
        libc::EISDIR => "EISDIR",
        libc::ELOOP => "ELOOP",
        libc::EMFILE => "EMFILE",
        libc::ENAMETOOLONG => "ENAMETOOLONG",
        libc::ENFILE => "ENFILE",
        libc::ENOENT => "ENOENT",
        libc::ENOTDIR => "ENOTDIR",
        libc::EPERM => "EPERM",
        _ => return None,
    })
}

fn exists<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let is_there = fs::metadata(path(call, 0)?).is_ok();
    Ok(boolean(call.ctx(), is_there))
}

fn access<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let path = path(call, 0)?;
    let mode = super::native::integer(call, 1)?.unwrap_or(0.0) as i32;
    match crate::os::may_access(&path, mode) {
        Ok(()) => Ok(undefined(call.ctx())),
        Err(reason) => failed(call, "access", &path, &reason),
    }
}

/// The encoding that options name: a text, or a member of an object. Without one bytes are bytes.
fn encoding(call: &Call<'_>, index: usize) -> Result<Option<Encoding>> {
    let options = call.arg(index);
    let name = match options.is_string() {
        true => Some(options),
        false => member(&options, "encoding")?.filter(|name| !name.is_null()),
    };
    let Some(name) = name else {
        return Ok(None);
    };
    let name = text(&name)?;
    if name == "buffer" {
        return Ok(None);
    }
    Encoding::named(call.ctx(), Some(&name)).map(Some)
}

fn read_file<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let path = path(call, 0)?;
    let encoding = encoding(call, 1)?;
    let bytes = match contents(&path) {
        Ok(bytes) => bytes,
        Err(reason) => return failed(call, "open", &path, &reason),
    };
    match encoding {
        Some(encoding) => string(ctx, &encoding.encode(&bytes)),
        None => buffer_of(ctx, &bytes),
    }
}

/// What is in a file. Nothing else is read: what is no file may never end, or never begin.
fn contents(path: &std::path::Path) -> io::Result<Vec<u8>> {
    let mut options = fs::OpenOptions::new();
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path)?;
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Err(io::Error::from_raw_os_error(libc::EISDIR));
    }
    if !facts.is_file() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let mut bytes = Vec::new();
    file.take(FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE {
        return Err(io::Error::from_raw_os_error(libc::EFBIG));
    }
    Ok(bytes)
}

fn real_path<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let path = path(call, 0)?;
    match fs::canonicalize(&path) {
        Ok(real) => named(call, real.as_os_str().as_bytes(), encoding(call, 1)?),
        Err(reason) => failed(call, "realpath", &path, &reason),
    }
}

/// A name of a file as options have it: a text unless they say otherwise.
fn named<'js>(call: &Call<'js>, name: &[u8], encoding: Option<Encoding>) -> Result<Value<'js>> {
    let wants_bytes = match given(call, 1) {
        Some(options) if options.is_string() => text(&options)? == "buffer",
        Some(options) => match member(&options, "encoding")? {
            Some(name) => text(&name)? == "buffer",
            None => false,
        },
        None => false,
    };
    if wants_bytes {
        return buffer_of(call.ctx(), name);
    }
    string(call.ctx(), &encoding.unwrap_or(Encoding::Utf8).encode(name))
}

fn read_directory<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    let ctx = call.ctx();
    let path = path(call, 0)?;
    let with_kinds = is_set(&call.arg(1), "withFileTypes")?;
    let encoding = encoding(call, 1)?;
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(reason) => return failed(call, "scandir", &path, &reason),
    };
    let names = Array::new(ctx.clone())?;
    for (index, entry) in entries.enumerate() {
        let entry = match entry {
            Ok(_) if index == NAMES => return error(ctx, "too many files in the directory"),
            Ok(entry) => entry,
            Err(reason) => return failed(call, "scandir", &path, &reason),
        };
        let name = named(call, entry.file_name().as_bytes(), encoding)?;
        names.set(
            index,
            match with_kinds {
                true => stats::entry(ctx, name, entry.file_type().ok())?,
                false => name,
            },
        )?;
    }
    Ok(names.into_value())
}

/// A number of the system's as a script's.
fn count<'js>(ctx: &Ctx<'js>, value: u64) -> Value<'js> {
    number(ctx, value as f64)
}

#[cfg(test)]
mod tests;
