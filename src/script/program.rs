//! Programs: what a configuration imports, checked and made ready while it is loaded.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rquickjs::{Ctx, Object, Result};

use super::engine;
use super::fault::Place;
use super::library;
use super::rewrite::{self, Import};
use crate::os::script::Code;

/// The modules that a configuration imports, and those that they import.
pub struct Program {
    pub(super) number: u64,
    pub(super) modules: Vec<Module>,
    /// The words and short strings of all sources.
    words: HashSet<String>,
    pub(super) globals: Box<dyn Globals>,
    pub(super) limits: Limits,
    /// Whether each instance has a context of its own, because its modules may change built-in objects.
    pub(super) is_apart: bool,
}

/// What the host gives scripts beside the language and the library.
pub trait Globals: Send + Sync {
    /// Gives a context its globals; objects that cannot be reached from the global one come back.
    ///
    /// # Errors
    /// No memory.
    fn furnish<'js>(&self, ctx: &Ctx<'js>) -> Result<Vec<Object<'js>>>;
}

/// What all scripts of a thread may take together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes.
    pub memory: usize,
    /// Bytes.
    pub stack: usize,
}

/// A module as a function.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) path: PathBuf,
    /// See [`rewrite::Rewritten`].
    pub(super) text: String,
    /// The same once it was wanted.
    pub(super) code: Code,
    pub(super) imports: Vec<Imported>,
    exports: Vec<String>,
    /// Whether its function is called with one that freezes, see [`rewrite::Rewritten`].
    pub(super) freezes: bool,
    /// Whether nothing of it can change, nor of what it imports.
    pub(super) is_constant: bool,
}

/// What a module imports.
#[derive(Clone, Debug)]
pub(super) enum Imported {
    /// A module of the library.
    Library(String),
    /// Another one of the program.
    Module(usize),
}

/// Why a module cannot be had.
#[derive(Debug)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// Where it is, and the line of the source there, unless it is the file itself.
    pub place: Option<(Place, String)>,
}

/// Where the files of modules are.
pub trait Files {
    /// The whole path of a file that is imported, by the file at `from` if it is one, and its content.
    ///
    /// # Errors
    /// Says why there is none.
    fn read(
        &mut self,
        name: &str,
        from: Option<&Path>,
    ) -> std::result::Result<(PathBuf, String), String>;
}

impl Program {
    /// The words and short strings of its sources: among them are all names that are written in it.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// What all scripts of a thread may take together.
    pub fn limits(&self) -> Limits {
        self.limits
    }
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self {
            message,
            place: None,
        }
    }
}

/// A program in the making.
#[derive(Default)]
pub struct Loading {
    modules: Vec<Module>,
    known: HashMap<PathBuf, usize>,
    /// Those whose imports are being loaded.
    under_way: Vec<PathBuf>,
    reaches_globals: bool,
    words: HashSet<String>,
}

/// Modules that import each other deeper than this are no program that anybody wrote.
const DEEPEST: usize = 64;

impl Loading {
    /// The number of a module, which is loaded with all that it imports unless it is there already.
    ///
    /// # Errors
    /// What is wrong with it, or with one that it imports.
    pub fn module(
        &mut self,
        name: &str,
        from: Option<&Path>,
        files: &mut dyn Files,
    ) -> std::result::Result<usize, Refusal> {
        let (path, source) = files.read(name, from).map_err(Refusal::from)?;
        if let Some(known) = self.known.get(&path) {
            return Ok(*known);
        }
        let shown = path.display();
        if self.under_way.contains(&path) {
            return Err(format!("\"{shown}\" imports itself, directly or through others").into());
        }
        if self.under_way.len() >= DEEPEST {
            return Err(format!("\"{shown}\" is imported too deeply").into());
        }
        self.under_way.push(path.clone());
        let module = self.read(&path, &source, files);
        self.under_way.pop();
        self.modules.push(module?);
        self.known.insert(path, self.modules.len() - 1);
        Ok(self.modules.len() - 1)
    }

    /// Makes a program of all that was loaded.
    pub fn finish(self, globals: Box<dyn Globals>, limits: Limits) -> Program {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        Program {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            is_apart: self.reaches_globals,
            modules: self.modules,
            words: self.words,
            globals,
            limits,
        }
    }

    fn read(
        &mut self,
        path: &Path,
        source: &str,
        files: &mut dyn Files,
    ) -> std::result::Result<Module, Refusal> {
        let shown = path.to_string_lossy();
        if let Err(fault) = engine::compile(&shown, source) {
            let place = fault.place().map(|place| {
                let line = source.lines().nth(place.line.saturating_sub(1));
                (place, line.unwrap_or_default().to_owned())
            });
            let message = fault.message;
            return Err(Refusal { message, place });
        }
        let rewritten = rewrite::rewrite(source).map_err(|one| {
            let message = format!("{} is not supported", one.what);
            let place = Some(place_at(&shown, source, one.at));
            Refusal { message, place }
        })?;
        self.reaches_globals |= rewritten.reaches_globals;
        self.words.extend(rewritten.words);
        let mut imports = Vec::new();
        for import in &rewritten.imports {
            let imported = self.import(import, path, files);
            imports.push(imported.map_err(|mut refusal| {
                let own = || place_at(&shown, source, import.at);
                refusal.place.get_or_insert_with(own);
                refusal
            })?);
        }
        let is_constant = |import: &Imported| match import {
            Imported::Library(_) => true,
            Imported::Module(other) => self.modules[*other].is_constant,
        };
        Ok(Module {
            path: path.to_owned(),
            text: rewritten.text,
            code: Code::new(),
            freezes: rewritten.is_constant,
            is_constant: rewritten.is_constant && imports.iter().all(is_constant),
            imports,
            exports: rewritten.exports,
        })
    }

    fn import(
        &mut self,
        import: &Import,
        path: &Path,
        files: &mut dyn Files,
    ) -> std::result::Result<Imported, Refusal> {
        let from = &import.from;
        if library::is_module(from) {
            return match import.names.iter().find(|name| *name != "default") {
                Some(name) => {
                    Err(format!("\"{from}\" exports no \"{name}\", but a default").into())
                }
                None => Ok(Imported::Library(from.clone())),
            };
        }
        let module = self.module(from, Some(path), files)?;
        let exports = &self.modules[module].exports;
        match import.names.iter().find(|name| !exports.contains(name)) {
            Some(name) => Err(format!("\"{from}\" exports no \"{name}\"").into()),
            None => Ok(Imported::Module(module)),
        }
    }
}

/// The place of a byte of a source, and its line.
fn place_at(file: &str, source: &str, at: usize) -> (Place, String) {
    let before = &source[..at];
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let place = Place {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: source[start..at].chars().count() + 1,
    };
    let line = source[start..].lines().next().unwrap_or_default();
    (place, line.to_owned())
}
