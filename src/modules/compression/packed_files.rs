//! `gzip_static` and its like: files that were packed beforehand and lie beside those that they stand for.

use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::choice::Varied;
use super::coding::{BROTLI, CODINGS, Coding, GZIP, ZSTD};
use super::conditions::{GzipRules, weights};
use super::directives::family::{Static, UsesPacked};
use super::directives::gzip::Vary;
use super::place;
use crate::conf::{Chain, reason};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Circumstances;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;
use crate::modules::open_files::Opened;

/// The packed files of a location.
pub(in crate::modules) struct PackedFiles {
    ways: Box<[Way]>,
    gzip_rules: GzipRules,
    varies: bool,
    varied: StateIndex<Varied>,
}

/// Files of one coding.
struct Way {
    coding: usize,
    /// Whether nobody is asked for taking it.
    is_always: bool,
}

/// A packed file.
pub(in crate::modules) struct PackedFile {
    pub(in crate::modules) file: Arc<File>,
    pub(in crate::modules) metadata: Metadata,
    /// What its `Content-Encoding` says.
    pub(in crate::modules) coding: &'static str,
}

impl PackedFiles {
    /// Those of a location, if it uses any.
    pub(in crate::modules) fn of(builder: &mut Builder<'_>, chain: &Chain<'_>) -> Option<Self> {
        let ways = [way::<BROTLI>(chain), way::<ZSTD>(chain), way::<GZIP>(chain)];
        let ways: Box<[Way]> = ways.into_iter().flatten().collect();
        if ways.is_empty() {
            return None;
        }
        Some(Self {
            ways,
            gzip_rules: GzipRules::of(builder, chain),
            varies: matches!(chain.nearest(), Some(Vary(true))),
            varied: place(builder),
        })
    }

    /// What the client is sent instead of the file `path`, if it is there: of what it takes, that which weighs most for it,
    /// or else what is sent to everybody.
    ///
    /// # Errors
    /// The status of an answer where something is that is no file.
    pub(in crate::modules) fn find(
        &self,
        request: &mut Request,
        path: &Path,
        open: impl Fn(&Path) -> io::Result<Opened>,
    ) -> Result<Option<PackedFile>, u16> {
        let weights = weights(request, &self.gzip_rules);
        let weight = |way: &Way| weights[way.coding];
        let mut ways: Vec<&Way> = self.ways.iter().collect();
        ways.sort_by_key(|way| std::cmp::Reverse(weight(way)));
        for way in ways {
            let is_taken = way.is_always || weight(way) > 0;
            if !is_taken && !self.varies {
                continue;
            }
            let coding = &CODINGS[way.coding];
            let packed = beside(path, coding);
            let Some((file, metadata)) = opened(request, &packed, &open) else {
                continue;
            };
            if !way.is_always {
                request.state(self.varied).0 = true;
            }
            if !is_taken || metadata.is_dir() {
                continue;
            }
            if !metadata.is_file() {
                let packed = packed.as_os_str().as_bytes().escape_ascii();
                log::error!(
                    "\"{packed}\" is not a regular file{}",
                    Circumstances(request)
                );
                return Err(404);
            }
            let coding = coding.name;
            return Ok(Some(PackedFile {
                file,
                metadata,
                coding,
            }));
        }
        Ok(None)
    }
}

fn way<const C: usize>(chain: &Chain<'_>) -> Option<Way> {
    let is_always = match chain
        .nearest()
        .map_or(UsesPacked::Off, |Static::<C>(uses)| *uses)
    {
        UsesPacked::Off => return None,
        UsesPacked::On => false,
        UsesPacked::Always => true,
    };
    Some(Way {
        coding: C,
        is_always,
    })
}

fn beside(path: &Path, coding: &Coding) -> PathBuf {
    let mut packed: OsString = path.to_owned().into();
    packed.push(coding.suffix);
    packed.into()
}

/// A file and what is known of it; nothing where there is none, or none that can be had, which the log is told.
fn opened(
    request: &Request,
    path: &Path,
    open: impl Fn(&Path) -> io::Result<Opened>,
) -> Option<Opened> {
    match open(path) {
        Ok(opened) => Some(opened),
        Err(error) if is_absent(&error) => None,
        Err(error) => {
            let path = path.as_os_str().as_bytes().escape_ascii();
            let reason = reason(&error);
            log::error!(
                "open() \"{path}\" failed ({reason}){}",
                Circumstances(request)
            );
            None
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}
