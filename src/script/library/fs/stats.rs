//! What the system tells of a file: `fs.statSync`, and the kinds that `fs.readdirSync` tells of names.

use std::fs::{self, FileType, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use rquickjs::{Ctx, Function, Object, Result, Value};

use super::{count, failed, path};
use crate::os::script::{Call, Member, held, hold, method};
use crate::script::library::native::{boolean, member, number, type_error, undefined};
use crate::script::library::{Kept, kept};

static KINDS: [Member; 7] = [
    method(c"isBlockDevice", 0, |call| {
        is(call, FileTypeExt::is_block_device)
    }),
    method(c"isCharacterDevice", 0, |call| {
        is(call, FileTypeExt::is_char_device)
    }),
    method(c"isDirectory", 0, |call| is(call, FileType::is_dir)),
    method(c"isFIFO", 0, |call| is(call, FileTypeExt::is_fifo)),
    method(c"isFile", 0, |call| is(call, FileType::is_file)),
    method(c"isSocket", 0, |call| is(call, FileTypeExt::is_socket)),
    method(c"isSymbolicLink", 0, |call| is(call, FileType::is_symlink)),
];

fn is<'js>(call: &Call<'js>, kind: fn(&FileType) -> bool) -> Result<Value<'js>> {
    match held::<Option<FileType>>(call.this()) {
        Some(own) => Ok(boolean(call.ctx(), own.as_ref().is_some_and(kind))),
        None => type_error(call.ctx(), "\"this\" says nothing of a file"),
    }
}

/// The prototype of what is told of files.
pub(super) fn prototype<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    kept(ctx, Kept::FileEntry, &KINDS)
}

fn with_kind<'js>(ctx: &Ctx<'js>, kind: Option<FileType>) -> Result<Object<'js>> {
    hold(prototype(ctx)?, kind)
}

/// An entry of a folder: its name, and what it is.
pub(super) fn entry<'js>(
    ctx: &Ctx<'js>,
    name: Value<'js>,
    kind: Option<FileType>,
) -> Result<Value<'js>> {
    let entry = with_kind(ctx, kind)?;
    entry.set("name", name)?;
    Ok(entry.into_value())
}

/// `fs.statSync(path[, options])`.
pub(super) fn file<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    told(call, "stat", |path| fs::metadata(path))
}

/// `fs.lstatSync(path[, options])`.
pub(super) fn link<'js>(call: &Call<'js>) -> Result<Value<'js>> {
    told(call, "lstat", |path| fs::symlink_metadata(path))
}

fn told<'js>(
    call: &Call<'js>,
    what: &str,
    ask: fn(&std::path::Path) -> std::io::Result<Metadata>,
) -> Result<Value<'js>> {
    let path = path(call, 0)?;
    match ask(&path) {
        Ok(facts) => stats(call.ctx(), &facts).map(Object::into_value),
        Err(reason) => {
            let throws = member(&call.arg(1), "throwIfNoEntry")?;
            if reason.raw_os_error() == Some(libc::ENOENT)
                && throws.is_some_and(|throws| throws.as_bool() == Some(false))
            {
                return Ok(undefined(call.ctx()));
            }
            failed(call, what, &path, &reason)
        }
    }
}

fn stats<'js>(ctx: &Ctx<'js>, facts: &Metadata) -> Result<Object<'js>> {
    let stats = with_kind(ctx, Some(facts.file_type()))?;
    for (name, value) in [
        ("dev", facts.dev()),
        ("ino", facts.ino()),
        ("mode", u64::from(facts.mode())),
        ("nlink", facts.nlink()),
        ("uid", u64::from(facts.uid())),
        ("gid", u64::from(facts.gid())),
        ("rdev", facts.rdev()),
        ("size", facts.size()),
        ("blksize", facts.blksize()),
        ("blocks", facts.blocks()),
    ] {
        stats.set(name, count(ctx, value))?;
    }
    let date: Function<'js> = ctx.globals().get("Date")?;
    for (name, seconds, nanoseconds) in [
        ("atime", facts.atime(), facts.atime_nsec()),
        ("mtime", facts.mtime(), facts.mtime_nsec()),
        ("ctime", facts.ctime(), facts.ctime_nsec()),
        ("birthtime", facts.ctime(), facts.ctime_nsec()),
    ] {
        let milliseconds = seconds as f64 * 1e3 + nanoseconds as f64 / 1e6;
        stats.set(format!("{name}Ms"), number(ctx, milliseconds))?;
        if let Some(date) = date.as_constructor() {
            stats.set(name, date.construct::<_, Value<'js>>((milliseconds,))?)?;
        }
    }
    Ok(stats)
}
