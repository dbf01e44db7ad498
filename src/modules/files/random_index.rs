//! `random_index`: some file of a directory answers for it.

use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::content::takes;
use super::place::Place;
use crate::conf::{Arity, Contexts, DirectiveSpec, Doc, SPEC};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::outcome::{InternalTarget, Outcome};
use crate::http::plan::phase::ContentHandler;
use crate::http::plan::state::StateIndex;
use crate::http::plan::wait::Wait;
use crate::os;

/// `random_index`
pub(super) struct IsOn(pub bool);

pub(super) const RANDOM_INDEX: DirectiveSpec = DirectiveSpec {
    name: "random_index",
    contexts: Contexts::LOCATION,
    arity: Arity::FLAG,
    doc: Doc {
        syntax: "random_index on | off;",
        default: "random_index off;",
        text: "Whether one of the files in a directory, chosen by chance, answers for it, before `index` is looked at. \
               Those whose names begin with a dot are none of them. A directory without files is answered as without \
               this directive.",
        example: "location /pictures/ { random_index on; }",
    },
    apply: |statement| {
        let on = statement.flag(1)?;
        statement.scope.insert(IsOn(on));
        Ok(())
    },
    ..SPEC
};

/// Redirects to some file.
pub(super) struct RandomIndex {
    place: Place,
    found: StateIndex<Found>,
}

/// What a thread finds in a directory.
#[derive(Default)]
struct Found(Option<(PathBuf, Arc<Mutex<Chosen>>)>);

/// A file, if there is any.
type Chosen = io::Result<Option<Vec<u8>>>;

impl RandomIndex {
    pub(super) fn new(builder: &mut Builder<'_>, place: Place) -> Self {
        let found = builder.state();
        Self { place, found }
    }

    fn begin(&self, request: &mut Request) -> Result<Outcome, u16> {
        let directory = self.place.file(request)?;
        let opened = self.place.way(request).read_dir(&directory);
        let opened =
            opened.map_err(|error| self.place.refuse(request, "opendir()", &directory, &error))?;
        let chosen = Arc::new(Mutex::new(Err(io::ErrorKind::Other.into())));
        request.state(self.found).0 = Some((directory, Arc::clone(&chosen)));
        let looking = tokio::task::spawn_blocking(move || *chosen.lock() = choose(opened));
        Ok(Outcome::Wait(Wait::Until(Box::pin(async {
            drop(looking.await);
        }))))
    }

    fn finish(
        &self,
        request: &Request,
        directory: &Path,
        chosen: Chosen,
    ) -> Result<Option<Outcome>, u16> {
        let chosen =
            chosen.map_err(|error| self.place.refuse(request, "readdir()", directory, &error))?;
        Ok(chosen.map(|name| {
            Outcome::Redirect(InternalTarget::Uri {
                path: [&*request.path, &*name].concat(),
                arguments: Some(request.arguments.clone()),
            })
        }))
    }
}

/// One of the files, each as likely as the others, without keeping their names.
fn choose(opened: fs::ReadDir) -> Chosen {
    let mut chance = os::random()?;
    let (mut chosen, mut seen) = (None, 0_u64);
    for found in opened {
        let found = found?;
        let name = found.file_name();
        if name.as_bytes().first() == Some(&b'.') || !is_file(&found) {
            continue;
        }
        seen += 1;
        // The upper half of a linear generator is random enough to choose by.
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        if (chance >> 32) % seen == 0 {
            chosen = Some(name.into_vec());
        }
    }
    Ok(chosen)
}

/// Whether something is a file once links were followed.
fn is_file(found: &fs::DirEntry) -> bool {
    match found.file_type() {
        Ok(kind) if kind.is_symlink() => {
            fs::metadata(found.path()).is_ok_and(|metadata| metadata.is_file())
        }
        Ok(kind) => kind.is_file(),
        Err(_) => false,
    }
}

impl ContentHandler for RandomIndex {
    fn run(&self, request: &mut Request) -> Option<Outcome> {
        if request.path.last() != Some(&b'/') || !takes(request) {
            return None;
        }
        let outcome = match request.state(self.found).0.take() {
            Some((directory, chosen)) => {
                let chosen = std::mem::replace(&mut *chosen.lock(), Ok(None));
                self.finish(request, &directory, chosen)
            }
            None => self.begin(request).map(Some),
        };
        outcome.unwrap_or_else(|status| Some(Outcome::Status(status)))
    }
}
