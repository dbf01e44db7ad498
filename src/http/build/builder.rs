//! From scopes full of settings to a runtime: the servers, the locations with their handlers, and
//! everything by its index.
//!
//! The modules do the building; this is what they build with. Problems become diagnostics and
//! building goes on, so that one check tells all of them.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::listeners;
use super::location_tree;
use super::memory::{Memory, Role};
use super::module::{self, Module};
pub use super::server_parts::ServerParts;
use crate::conf::{
    Chain, Context, Diagnostic, Diagnostics, Foreign, Loader, Part, Scope, Severity, Sources, Span,
    Text,
};
use crate::http::plan::chore::Chore;
use crate::http::plan::counters::Connections;
use crate::http::plan::http2_counters::Http2Counters;
use crate::http::plan::location::{Extras, Kind, Location, LocationIndex, Locations};
use crate::http::plan::phase::{
    AccessRule, ContentHandler, ErrorAnswer, Phase, PhaseHandler, PreaccessHandler, RewriteStep,
};
use crate::http::plan::provision::Provision;
use crate::http::plan::runtime::{Runtime, Server};
use crate::http::plan::settings::{ConnectionSettings, Settings};
use crate::http::plan::state::StateIndex;
use crate::http::plan::template::{self, Template};
use crate::http::plan::variable::{VariableSpec, VariableTable};
use crate::status::Tree;

/// What modules build a runtime with.
pub struct Builder<'a> {
    /// Problems go here.
    pub diagnostics: &'a mut Diagnostics,
    /// The names of variables.
    pub variables: VariableTable,
    /// The status tree.
    pub tree: Tree,
    /// Memory that workers share.
    pub memory: &'a mut dyn Memory,
    /// The text of the configuration.
    pub sources: &'a Sources,
    /// The number of the configuration: 1, then one more with each reload.
    pub generation: u64,
    /// Counts of connections.
    pub connections: Arc<Connections>,
    /// Counts of HTTP/2 with clients.
    pub http2: Arc<Http2Counters>,
    /// What is done beside requests.
    pub chores: Vec<Box<dyn Chore>>,
    /// What a check of the configuration (`-t`) tells beside problems, a line each.
    pub notes: Vec<String>,
    /// What is to be told once there is a log.
    pub told: Vec<(log::Level, String)>,
    /// See [`Runtime`].
    pub worker_chores: Vec<Box<dyn Chore>>,
    /// See [`Runtime`].
    pub provisions: Vec<Box<dyn Provision>>,
    /// Where files are read that belong to the configuration.
    pub files: &'a mut dyn Loader,
    pub(in crate::http) modules: &'static [&'static Module],
    pub(in crate::http) locations: Vec<Option<Location>>,
    prefix: PathBuf,
    states: usize,
    things: HashMap<TypeId, Box<dyn Any>>,
    zones: HashMap<String, &'static str>,
}

/// What is known beside the text of a configuration.
pub struct Surroundings<'a> {
    /// The text, for places and for showing it.
    pub sources: &'a Sources,
    /// Further files of the configuration.
    pub files: &'a mut dyn Loader,
    /// Memory that workers share.
    pub memory: &'a mut dyn Memory,
    /// Where relative paths begin.
    pub prefix: &'a Path,
    /// The number of the configuration.
    pub generation: u64,
    /// What other servers have.
    pub foreign: Foreign,
}

/// A location while it is built.
pub struct LocationParts {
    /// What it is written as.
    pub kind: Kind,
    /// Path, pattern or name as written.
    pub name: String,
    /// Values that the request's course depends on.
    pub settings: Settings,
    /// See [`Location`].
    pub rewrite: Vec<Box<dyn RewriteStep>>,
    /// See [`Location`].
    pub preaccess: Vec<Box<dyn PreaccessHandler>>,
    /// See [`Location`].
    pub access: Vec<Box<dyn AccessRule>>,
    /// See [`Location`].
    pub before_content: Vec<Box<dyn ContentHandler>>,
    /// See [`Location`].
    pub content: Vec<Box<dyn ContentHandler>>,
    /// See [`Location`].
    pub error_answer: Option<Box<dyn ErrorAnswer>>,
    /// See [`Location`].
    pub header_filters: Vec<Box<dyn PhaseHandler>>,
    /// Filters of heads that change bodies by what the others have made of the head; they stand behind those.
    pub body_filters: Vec<Box<dyn PhaseHandler>>,
    /// See [`Location`].
    pub phases: [Vec<Box<dyn PhaseHandler>>; Phase::COUNT],
    /// See [`Location`].
    pub finally: Vec<Box<dyn PhaseHandler>>,
    /// See [`Location`].
    pub redirects_to_slash: bool,
    extras: Extras,
}

impl<'a> Builder<'a> {
    /// Builds the runtime of a configuration; `None` when it has no `http` block.
    pub fn build(
        main: &Scope,
        modules: &'static [&'static Module],
        diagnostics: &'a mut Diagnostics,
        surroundings: Surroundings<'a>,
    ) -> Option<Runtime> {
        let foreign = surroundings.foreign;
        let mut builder = Self::new(modules, diagnostics, surroundings)?;
        let http = main.blocks_in(Context::Http).next()?;
        let root = Chain::root(main);
        let chain = root.inner(http);
        for module in modules {
            (module.http)(&mut builder, &chain);
        }
        let blocks: Vec<&Scope> = http.blocks_in(Context::Server).collect();
        let servers: Vec<Server> = blocks
            .iter()
            .map(|scope| builder.server(&chain.inner(scope)))
            .collect();
        if servers.is_empty() {
            // Nobody would look at what stands in the block otherwise.
            builder.location(&chain, Kind::Server, "");
        }
        let listeners = listeners::gather(&mut builder, &servers, &blocks);
        for module in modules {
            (module.finish)(&mut builder, &chain);
        }
        let rows: Vec<&'static VariableSpec> =
            modules.iter().flat_map(|module| module.variables).collect();
        let elsewhere = (foreign, main.get());
        Some(Runtime {
            listeners,
            servers,
            locations: builder.locations.into_iter().flatten().collect(),
            variables: builder
                .variables
                .finish(&rows, elsewhere, builder.diagnostics),
            states: builder.states,
            tree: builder.tree,
            connections: builder.connections,
            http2: builder.http2,
            chores: builder.chores,
            notes: builder.notes,
            told: builder.told,
            loaded: std::time::SystemTime::now(),
            worker_chores: builder.worker_chores,
            provisions: builder.provisions,
        })
    }
}

impl Builder<'_> {
    /// A place for a `T` in every request.
    pub fn state<T>(&mut self) -> StateIndex<T> {
        self.states += 1;
        StateIndex::new(self.states - 1)
    }

    /// What modules keep while building, by type.
    pub fn thing<T: Any + Default>(&mut self) -> &mut T {
        let place = self.things.entry(TypeId::of::<T>());
        let thing = place.or_insert_with(|| Box::<T>::default());
        // The place is keyed by the type, so it holds one.
        thing
            .downcast_mut()
            .expect("a thing is kept under its own type")
    }

    /// Takes the name of a shared zone for one `kind` of use; nothing else may use it then.
    pub fn claim_zone(
        &mut self,
        name: &str,
        span: Span,
        kind: &'static str,
    ) -> Result<(), Diagnostic> {
        let owner = *self.zones.entry(name.to_owned()).or_insert(kind);
        if owner == kind {
            return Ok(());
        }
        let message = format!("zone \"{name}\" is already declared for a different use");
        let help = format!("it is a zone of {owner}, and cannot be one of {kind} too");
        Err(Diagnostic::error(span, message).with_help(help))
    }

    /// What the shared zone called `name` is used for.
    pub fn use_of_zone(&self, name: &str) -> Option<&'static str> {
        self.zones.get(name).copied()
    }

    /// Compiles text with variables.
    pub fn template(&mut self, text: &Text) -> Template {
        let parts = text.parts.iter().map(|part| match part {
            Part::Literal(literal) => template::Part::Literal(literal.as_bytes().into()),
            Part::Variable { name, span } => match name.parse() {
                Ok(number) => template::Part::Capture(number),
                Err(_) => template::Part::Variable(self.variables.index(name, *span)),
            },
        });
        Template::new(parts.collect())
    }

    /// A path of the configuration, from where relative ones begin.
    pub fn path(&self, path: &str) -> PathBuf {
        self.prefix.join(path)
    }

    /// A file that belongs to the configuration, from where the main file is.
    pub fn beside(&self, path: &str) -> PathBuf {
        let main = self.sources.files().next();
        let folder = main.and_then(|main| Path::new(main.name.as_str()).parent());
        match folder {
            Some(folder) if folder.is_absolute() => folder.join(path),
            _ => self.path(path),
        }
    }

    /// Where relative paths begin.
    pub fn prefix(&self) -> &Path {
        &self.prefix
    }

    /// Reports a problem that belongs to no line.
    pub fn unplaced(&mut self, message: impl Into<String>) {
        self.diagnostics.push(unplaced(message.into()));
    }

    /// Reports that shared memory could not be had.
    pub fn no_memory(&mut self, name: &str, error: &std::io::Error) {
        self.unplaced(no_memory(name, error));
    }

    /// Builds the location of the innermost scope of `chain`; nested ones belong to it.
    pub fn location(&mut self, chain: &Chain<'_>, kind: Kind, name: &str) -> LocationIndex {
        let number = u32::try_from(self.locations.len()).unwrap_or(u32::MAX);
        self.locations.push(None);
        let mut parts = LocationParts {
            kind,
            name: name.to_owned(),
            settings: Settings::of(self, chain),
            rewrite: Vec::new(),
            preaccess: Vec::new(),
            access: Vec::new(),
            before_content: Vec::new(),
            content: Vec::new(),
            error_answer: None,
            header_filters: Vec::new(),
            body_filters: Vec::new(),
            phases: Default::default(),
            finally: Vec::new(),
            redirects_to_slash: false,
            extras: Extras::default(),
        };
        for module in self.modules {
            (module.location)(self, chain, &mut parts);
        }
        let inner = match kind {
            Kind::Server => Locations::default(),
            _ => location_tree::build(self, chain),
        };
        self.locations[number as usize] = Some(parts.finish(inner));
        LocationIndex(number)
    }

    fn server(&mut self, chain: &Chain<'_>) -> Server {
        let mut parts = ServerParts::default();
        for module in self.modules {
            (module.server)(self, chain, &mut parts);
        }
        let own = self.location(chain, Kind::Server, "");
        let locations = location_tree::build(self, chain);
        Server {
            name: listeners::first_name(chain.scope()),
            settings: ConnectionSettings::of(chain),
            rewrite: parts.rewrite.into(),
            begin: parts.begin.into(),
            finally: parts.finally.into(),
            locations,
            own,
            encryption: parts.encryption,
            clients: parts.clients,
            handshakes: parts.handshakes.into(),
        }
    }
}

impl<'a> Builder<'a> {
    fn new(
        modules: &'static [&'static Module],
        diagnostics: &'a mut Diagnostics,
        surroundings: Surroundings<'a>,
    ) -> Option<Self> {
        let memory = surroundings.memory;
        let worker = match memory.role() {
            Role::Worker(place) => place,
            _ => crate::http::plan::counters::MOST_WORKERS - 1,
        };
        let mut counters = |kind, bytes| match memory.counters(kind, "", bytes) {
            Ok(shared) => Some(shared),
            Err(error) => {
                diagnostics.push(unplaced(no_memory(kind, &error)));
                None
            }
        };
        let connections = counters(module::CONNECTIONS.kind, Connections::BYTES)?;
        let http2 = counters(module::HTTP2.kind, Http2Counters::BYTES)?;
        Some(Self {
            connections: Arc::new(Connections::new(connections, worker)),
            http2: Arc::new(Http2Counters::new(http2, worker)),
            chores: Vec::new(),
            notes: Vec::new(),
            told: Vec::new(),
            diagnostics,
            variables: VariableTable::new(
                modules.iter().flat_map(|module| module.described).collect(),
            ),
            tree: Tree::new(),
            memory,
            sources: surroundings.sources,
            generation: surroundings.generation,
            worker_chores: Vec::new(),
            provisions: Vec::new(),
            files: surroundings.files,
            modules,
            locations: Vec::new(),
            prefix: surroundings.prefix.to_owned(),
            states: 0,
            things: HashMap::new(),
            zones: HashMap::new(),
        })
    }
}

fn unplaced(message: String) -> Diagnostic {
    Diagnostic {
        severity: Severity::Emerg,
        span: None,
        message,
        help: None,
    }
}

fn no_memory(name: &str, error: &std::io::Error) -> String {
    format!("no shared memory for \"{name}\": {error}")
}

impl LocationParts {
    /// Keeps a setting that handlers and variables look up by its type.
    pub fn keep<T: Any + Send + Sync>(&mut self, setting: T) {
        self.extras.insert(TypeId::of::<T>(), Box::new(setting));
    }

    fn finish(mut self, inner: Locations) -> Location {
        self.header_filters.append(&mut self.body_filters);
        Location {
            name: self.name,
            kind: self.kind,
            settings: self.settings,
            rewrite: self.rewrite.into(),
            preaccess: self.preaccess.into(),
            access: self.access.into(),
            before_content: self.before_content.into(),
            content: self.content.into(),
            error_answer: self.error_answer,
            header_filters: self.header_filters.into(),
            phases: self.phases.map(Into::into),
            finally: self.finally.into(),
            redirects_to_slash: self.redirects_to_slash,
            extras: self.extras,
            inner,
        }
    }
}
