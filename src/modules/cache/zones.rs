//! The caches of a configuration: made, taken over or attached to, and found by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::path_directive::{PURPOSE, Pace, PathWritten, PathsWritten, USE};
use super::place::{self, Folder, SameFileSystem};
use super::status;
use super::upkeep::Upkeep;
use super::visit::State;
use super::waiting::Bells;
use super::watching::Watching;
use crate::cache::index::Index;
use crate::cache::store::{Cache, Limits, Place};
use crate::conf::{Chain, Diagnostic, Word, nearest};
use crate::http::build::builder::Builder;
use crate::http::build::memory::Role;
use crate::metric::{Moment, Schema};
use crate::modules::family::Family;
use crate::modules::process::identity_of_workers;
use crate::modules::shared_zone::{self, Declaration, Found, Holder, Lasting, Purpose};
use crate::os;
use crate::zone::Zone;

/// A cache and what its configuration says.
pub(in crate::modules) struct Entry {
    pub name: String,
    schema: Arc<Schema>,
    /// Where its zone lasts, if it does.
    lasting: Option<Lasting>,
    pub cache: Arc<Cache>,
    /// Those who wait for its entries.
    pub bells: Bells,
    /// What is heard of entries that others fill.
    pub watching: Watching,
    /// One purge at a time.
    pub purges: Semaphore,
    /// The folder of its files.
    pub path: PathBuf,
    pub limits: Limits,
    /// How fast what is too much is removed.
    pub manager: Pace,
    /// How fast what is there at the start is found.
    pub loader: Pace,
}

/// The caches of a configuration, in the order of the file.
#[derive(Default)]
pub(in crate::modules) struct Registry {
    pub all: Vec<Arc<Entry>>,
    /// Where requests keep what they know of caches, if there are any.
    pub state: Option<State>,
}

impl Registry {
    /// The place of what requests know of caches.
    pub(super) fn state(builder: &mut Builder<'_>) -> State {
        if let Some(state) = builder.thing::<Self>().state {
            return state;
        }
        let state = builder.state();
        builder.thing::<Self>().state = Some(state);
        state
    }
}

/// Makes the caches of an `http` block.
pub(super) fn declare(builder: &mut Builder<'_>, chain: &Chain<'_>) {
    let Some(PathsWritten(paths)) = chain.own() else {
        return;
    };
    Registry::state(builder);
    for written in paths {
        let declared = written.memory.declaration(&PURPOSE);
        let Some(entry) = open(builder, chain, written, &declared) else {
            continue;
        };
        let entry = Arc::new(entry);
        builder.chores.push(Box::new(Upkeep::new(&entry)));
        shared_zone::add_chores(builder, &entry, &declared);
        builder.thing::<Registry>().all.push(entry);
    }
    let all: Arc<[Arc<Entry>]> = builder.thing::<Registry>().all.iter().cloned().collect();
    shared_zone::mount(builder, &all);
    status::mount(builder, &all);
}

fn open(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    written: &PathWritten,
    declared: &Declaration,
) -> Option<Entry> {
    let opened = shared_zone::declare(builder, declared)?;
    let found = opened.found;
    let index = Index::new(opened.zone, Moment(os::monotonic())).map_err(|error| {
        let message = format!("zone \"{}\" cannot be used: {error}", declared.name);
        Diagnostic::error(declared.span, message)
    });
    let index = builder.diagnostics.check(index)?;
    let path = builder.path(&written.path.text);
    let others = &builder.thing::<Registry>().all;
    if others
        .iter()
        .any(|other| place::is_same(&other.path, &path))
    {
        let message = format!("\"{}\" is the path of another cache", written.path.text);
        builder
            .diagnostics
            .push(Diagnostic::error(written.path.span, message));
        return None;
    }
    // It is made before it is compared with another one.
    builder.provisions.push(Box::new(Folder {
        path: path.clone(),
        owner: identity_of_workers(chain),
    }));
    let temporary = temporary(builder, chain, written, &path);
    let place = Place {
        directory: path.clone(),
        levels: written.levels,
        temporary,
    };
    place::check(builder, written, &place);
    settle(builder, (written, found), &index, &place)?;
    Some(Entry {
        name: declared.name.clone(),
        schema: Arc::clone(&declared.schema),
        lasting: opened.lasting,
        cache: Arc::new(Cache::new(index, place)),
        bells: Bells::default(),
        watching: Watching::default(),
        purges: Semaphore::new(1),
        path,
        limits: written.limits,
        manager: written.manager,
        loader: written.loader.unwrap_or(Pace::HALF),
    })
}

/// Has an index be of this place, if it is of none or nobody uses it. What a running server keeps stays where it is.
fn settle(
    builder: &mut Builder<'_>,
    (written, found): (&PathWritten, Found),
    index: &Index,
    place: &Place,
) -> Option<()> {
    if builder.memory.role() != Role::Master {
        return Some(());
    }
    let (name, now) = (&written.memory.name, Moment(os::monotonic()));
    let text = place.to_string();
    let noted = index.note_place(&text, now).and_then(|before| {
        if before.is_some() && found == Found::Files {
            index.forget_entries(now)?;
            index.note_place(&text, now)?;
        }
        Ok(before)
    });
    let noted = noted.map_err(|error| {
        let message = format!("zone \"{name}\" cannot be used: {error}");
        Diagnostic::error(written.memory.span, message)
    });
    let Some(before) = builder.diagnostics.check(noted)? else {
        return Some(());
    };
    if found == Found::Files {
        let message = format!(
            "cache \"{name}\": its index is of files in {before}, and begins anew for {text}"
        );
        builder.told.push((log::Level::Warn, message));
        return Some(());
    }
    let message = format!("cache \"{name}\" uses {text} while previously it used {before}");
    let problem = Diagnostic::error(written.path.span, message);
    let help = "give it another name, or stop the server and start it again";
    builder.diagnostics.push(problem.with_help(help));
    None
}

/// Where files grow, if that is not beside their place.
fn temporary(
    builder: &mut Builder<'_>,
    chain: &Chain<'_>,
    written: &PathWritten,
    path: &Path,
) -> Option<PathBuf> {
    written.grows_elsewhere.as_ref()?;
    let temporary = (written.temporary.of)(builder, chain);
    builder.provisions.push(Box::new(SameFileSystem {
        path: path.to_owned(),
        temporary: temporary.to_path_buf(),
        prefix: written.temporary.prefix,
    }));
    Some(temporary.to_path_buf())
}

impl Holder for Entry {
    fn name(&self) -> &str {
        &self.name
    }

    fn purpose(&self) -> &'static Purpose {
        &PURPOSE
    }

    fn zone(&self) -> &Zone {
        self.cache.index().zone()
    }

    fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    fn lasting(&self) -> Option<&Lasting> {
        self.lasting.as_ref()
    }
}
/// The cache that a word names; one that is not there is reported.
pub(super) fn find<F: Family>(builder: &mut Builder<'_>, word: &Word) -> Option<Arc<Entry>> {
    let name = &word.text;
    let registry = builder.thing::<Registry>();
    if let Some(entry) = registry.all.iter().find(|entry| entry.name == *name) {
        return Some(Arc::clone(entry));
    }
    let all = registry.all.iter();
    let known: Vec<String> = all.map(|entry| entry.name.clone()).collect();
    let problem = Diagnostic::error(word.span, format!("unknown cache \"{name}\""));
    let help = match builder.use_of_zone(name) {
        // What is wrong with the zone itself was told.
        Some(USE) => return None,
        Some(other) => format!("it is a zone of {other}, not of {USE}"),
        None => match nearest(name, known.iter().map(String::as_str)) {
            Some(similar) => format!("did you mean \"{similar}\"?"),
            None if known.is_empty() => {
                format!(
                    "declare it: {}_cache_path /PATH keys_zone={name}:10m;",
                    F::PREFIX
                )
            }
            None => format!("declared are {}", known.join(", ")),
        },
    };
    builder.diagnostics.push(problem.with_help(help));
    None
}
