//! Static files: where they are (`root`, `alias`), what they are (`types`), which one stands for a
//! directory (`index`), and which of several there is (`try_files`).
//!
//! The handler of files is the last in every location without another source of content. A path
//! comes normalised, but names may be put together from variables too; `Place` sees to it that no
//! file is reached by more `..` than the configuration itself writes.

mod content;
mod directives;
mod index;
mod place;
mod try_files;

use crate::conf::Chain;
use crate::http::build::builder::{Builder, LocationParts};
use crate::http::build::content::setting;
use crate::http::build::module::{self, Module};
use content::Files;
use directives::{IndexWritten, TryFilesWritten};
use index::Index;
use place::Place;
use try_files::TryFiles;

/// The feature.
pub static MODULE: Module = Module {
    name: "files",
    about: "files from a disk",
    directives: directives::DIRECTIVES,
    location,
    ..module::MODULE
};

fn location(builder: &mut Builder<'_>, chain: &Chain<'_>, parts: &mut LocationParts) {
    let place = Place::of(&parts.settings.root, chain);
    let files = Files::new(place);
    if let Some(written) = setting::<TryFilesWritten>(chain) {
        let tries = TryFiles::new(builder, written, files.clone());
        parts.before_content.push(Box::new(tries));
    }
    if !parts.content.is_empty() {
        return;
    }
    let index = Index::new(builder, chain.nearest::<IndexWritten>(), place);
    parts.content.push(Box::new(index));
    parts.content.push(Box::new(files));
}

#[cfg(test)]
mod tests;
