//! Static files: where they are (`root`, `alias`), what they are (`types`), which one stands for a
//! directory (`index`, `random_index`, `autoindex`), and which of several there is (`try_files`).
//!
//! The handler of files is the last in every location without another source of content. A path
//! comes normalised, but names may be put together from variables too; `Place` sees to it that no
//! file is reached by more `..` than the configuration itself writes.

mod autoindex;
mod content;
mod directives;
mod index;
mod kept;
mod links;
mod place;
mod random_index;
mod try_files;

use crate::conf::{Chain, DirectiveSpec};
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content::{setting, setting_of_content};
use crate::http::build::module::{self, Module};
use crate::modules::compression::PackedFiles;
use autoindex::Autoindex;
use content::Files;
use directives::{IndexWritten, TryFilesWritten};
use index::Index;
use links::Links;
use place::Place;
use random_index::RandomIndex;
use try_files::TryFiles;

/// The feature.
pub static MODULE: Module = Module {
    name: "files",
    about: "files from a disk",
    directives: &ALL,
    location,
    ..module::MODULE
};

const TABLES: &[&[DirectiveSpec]] = &[
    directives::DIRECTIVES,
    autoindex::ROWS,
    kept::ROWS,
    &[random_index::RANDOM_INDEX, links::DISABLE_SYMLINKS],
];
static ALL: [DirectiveSpec; module::count(TABLES)] = module::join(TABLES);

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let links = Links::of(builder, chain);
    let place = Place::of(&parts.settings.root, chain, links);
    let files = Files::new(place.clone(), PackedFiles::of(builder, chain));
    if let Some(written) = setting_of_content::<TryFilesWritten>(chain) {
        let tries = TryFiles::new(builder, written, files.clone());
        parts.before_content.push(Box::new(tries));
    }
    if !parts.content.is_empty() {
        return;
    }
    if let Some(random_index::IsOn(true)) = setting(chain) {
        let random = RandomIndex::new(builder, place.clone());
        parts.content.push(Box::new(random));
    }
    let index = Index::new(builder, chain.nearest::<IndexWritten>(), place.clone());
    parts.content.push(Box::new(index));
    if let Some(autoindex) = Autoindex::of(chain, place) {
        parts.content.push(Box::new(autoindex));
    }
    parts.content.push(Box::new(files));
}

#[cfg(test)]
mod tests;
