//! Locations: the settings and handlers of a part of the URI space, and how one is found.
//!
//! The search is nginx's: an exact match wins at once; else the longest prefix is refined by its
//! nested locations; patterns are tried, those of the innermost level first, in the order of the file, but for those of a
//! level whose own prefix is `^~`; else the prefix stands. A path that is the name of no location
//! until a slash is put behind it belongs to the location of that name, if it redirects there.

use std::any::{Any, TypeId};
use std::collections::HashMap;

use super::pattern::Pattern;
use super::phase::{
    AccessRule, ContentHandler, ErrorAnswer, Phase, PhaseHandler, PreaccessHandler, RewriteStep,
};
use super::quick_hash::QuickMap;
use super::settings::Settings;
use crate::http::course::request::Request;

/// Index of a location in its runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocationIndex(pub(in crate::http) u32);

/// What a location is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not a location: the settings of a server itself.
    Server,
    /// `location = /x`
    Exact,
    /// `location /x`
    Prefix,
    /// `location ^~ /x`
    FinalPrefix,
    /// `location ~ x`
    Pattern,
    /// `location @x`
    Named,
    /// An `if` block, which lends its settings to requests that enter it.
    If,
}

/// Everything a request needs once its location is known.
pub struct Location {
    /// The path or pattern as written.
    pub name: String,
    /// What it is written as.
    pub kind: Kind,
    /// Values of directives that the request's course itself depends on.
    pub settings: Settings,
    /// Run in order when the location is entered.
    pub rewrite: Box<[Box<dyn RewriteStep>]>,
    /// Asked in order before access is judged: limits on how much goes on at once.
    pub preaccess: Box<[Box<dyn PreaccessHandler>]>,
    /// Judged before content is made.
    pub access: Box<[Box<dyn AccessRule>]>,
    /// Tried before the content handlers (`try_files`).
    pub before_content: Box<[Box<dyn ContentHandler>]>,
    /// The first that does not pass makes the answer.
    pub content: Box<[Box<dyn ContentHandler>]>,
    /// Asked for what stands in the place of a standard page.
    pub error_answer: Option<Box<dyn ErrorAnswer>>,
    /// Run just before the head leaves, whatever the phases have (`add_header`).
    pub header_filters: Box<[Box<dyn PhaseHandler>]>,
    /// What is declared for each phase.
    pub phases: [Box<[Box<dyn PhaseHandler>]>; Phase::COUNT],
    /// Run after the end phase (`access_log`, `status_zone`).
    pub finally: Box<[Box<dyn PhaseHandler>]>,
    /// Whether `/x` is answered with a redirect to this location's `/x/`.
    pub redirects_to_slash: bool,
    /// Settings that are looked up by their type.
    pub(in crate::http) extras: Extras,
    /// Nested locations.
    pub inner: Locations,
}

/// Settings by type.
pub(in crate::http) type Extras = HashMap<TypeId, Box<dyn Any + Send + Sync>>;

impl Location {
    /// A setting that a module keeps here.
    pub fn extra<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.extras.get(&TypeId::of::<T>())?.downcast_ref()
    }

    /// The handlers of a phase.
    pub fn phase(&self, phase: Phase) -> &[Box<dyn PhaseHandler>] {
        &self.phases[phase as usize]
    }
}

/// The locations of one level.
#[derive(Default)]
pub struct Locations {
    exact: QuickMap<Vec<u8>, LocationIndex>,
    /// Those of them that end in a slash.
    exact_folders: Vec<(Vec<u8>, LocationIndex)>,
    prefixes: Vec<(Vec<u8>, LocationIndex)>,
    patterns: Vec<(Pattern, LocationIndex)>,
    named: HashMap<String, LocationIndex>,
}

/// What a search found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No location: the server's own settings apply.
    Nothing,
    /// This one.
    Location(LocationIndex),
    /// The same path with a slash at the end has this location, which wants it so.
    Slash(LocationIndex),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Static {
    Exact(LocationIndex),
    Prefix(LocationIndex),
    Slash(LocationIndex),
    Nothing,
}

impl Locations {
    /// Adds a location that is written with `=`; the earlier one if there is already such a one.
    pub fn add_exact(&mut self, path: &str, index: LocationIndex) -> Option<LocationIndex> {
        if path.ends_with('/') {
            self.exact_folders.push((path.as_bytes().to_vec(), index));
        }
        self.exact.insert(path.as_bytes().to_vec(), index)
    }

    /// Adds a prefix location; the earlier one if there is already such a one.
    pub fn add_prefix(&mut self, path: &str, index: LocationIndex) -> Option<LocationIndex> {
        let bytes = path.as_bytes();
        let same = self
            .prefixes
            .iter()
            .find(|(own, _)| own == bytes)
            .map(|(_, index)| *index);
        let place = self
            .prefixes
            .partition_point(|(own, _)| own.len() > bytes.len());
        self.prefixes.insert(place, (bytes.to_vec(), index));
        same
    }

    /// Adds a pattern location; those added first are tried first.
    pub fn add_pattern(&mut self, pattern: Pattern, index: LocationIndex) {
        self.patterns.push((pattern, index));
    }

    /// Adds a named location; the earlier one if there is already such a one.
    pub fn add_named(&mut self, name: &str, index: LocationIndex) -> Option<LocationIndex> {
        self.named.insert(name.to_owned(), index)
    }

    /// The location called `@name`.
    pub fn named(&self, name: &str) -> Option<LocationIndex> {
        self.named.get(name).copied()
    }

    /// Finds the location of a path.
    pub fn find(&self, request: &mut Request, path: &[u8], all: &'static [Location]) -> Found {
        let mut found = Found::Nothing;
        let mut patterns_allowed = true;
        match self.find_static(path, all) {
            Static::Exact(index) => return Found::Location(index),
            Static::Slash(index) => return Found::Slash(index),
            Static::Prefix(index) => {
                let location = &all[index.0 as usize];
                patterns_allowed = location.kind != Kind::FinalPrefix;
                found = match location.inner.find(request, path, all) {
                    Found::Nothing => Found::Location(index),
                    Found::Slash(inner) => return Found::Slash(inner),
                    Found::Location(inner) if is_decided(&all[inner.0 as usize]) => {
                        return Found::Location(inner);
                    }
                    better => better,
                };
            }
            Static::Nothing => {}
        }
        if patterns_allowed {
            return self
                .find_pattern(request, path, all)
                .map_or(found, Found::Location);
        }
        found
    }

    fn find_static(&self, path: &[u8], all: &[Location]) -> Static {
        if let Some(index) = self.exact.get(path) {
            return Static::Exact(*index);
        }
        let slash = self.find_slash(path, all);
        let prefix = self
            .prefixes
            .iter()
            .find(|(prefix, _)| path.starts_with(prefix));
        match (prefix, slash) {
            (Some((prefix, index)), _) if prefix.len() == path.len() => Static::Prefix(*index),
            (_, Some(index)) => Static::Slash(index),
            (Some((_, index)), None) => Static::Prefix(*index),
            (None, None) => Static::Nothing,
        }
    }

    /// The location of the path with a slash behind it, if it takes the path without one, too.
    fn find_slash(&self, path: &[u8], all: &[Location]) -> Option<LocationIndex> {
        let mut folders = self.exact_folders.iter().chain(&self.prefixes);
        let (_, index) = folders.find(|(folder, index)| {
            folder.len() == path.len() + 1
                && all[index.0 as usize].redirects_to_slash
                && folder.strip_suffix(b"/") == Some(path)
        })?;
        Some(*index)
    }

    fn find_pattern(
        &self,
        request: &mut Request,
        path: &[u8],
        all: &'static [Location],
    ) -> Option<LocationIndex> {
        let (_, index) = self
            .patterns
            .iter()
            .find(|(one, _)| one.matches(request, path))?;
        let inner = &all[index.0 as usize].inner;
        match inner.find(request, path, all) {
            Found::Location(inner) => Some(inner),
            _ => Some(*index),
        }
    }
}

/// Whether a nested find ended the search, so that outer patterns are not asked.
fn is_decided(location: &Location) -> bool {
    matches!(location.kind, Kind::Exact | Kind::Pattern)
}
