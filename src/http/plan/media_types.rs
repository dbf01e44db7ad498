//! Media types of files, by the extension of their names.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// Extensions, in lower case, and their types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MediaTypes(HashMap<String, Arc<str>>);

impl MediaTypes {
    /// The types that are known when the configuration names none.
    pub fn built_in() -> Arc<Self> {
        static TYPES: LazyLock<Arc<MediaTypes>> = LazyLock::new(|| {
            let mut types = MediaTypes::default();
            for (media_type, extensions) in BUILT_IN {
                for extension in extensions.split(' ') {
                    types.insert(extension, media_type);
                }
            }
            Arc::new(types)
        });
        Arc::clone(&TYPES)
    }

    /// Adds an extension; gives the type back that it had before.
    pub fn insert(&mut self, extension: &str, media_type: &str) -> Option<Arc<str>> {
        self.0
            .insert(extension.to_ascii_lowercase(), media_type.into())
    }

    /// The type of what `path` names.
    pub fn of(&self, path: &[u8]) -> Option<&str> {
        let extension = std::str::from_utf8(extension(path)?).ok()?;
        let known = self.0.get(extension);
        let found = known.or_else(|| self.0.get(&extension.to_ascii_lowercase()));
        found.map(|media_type| &**media_type)
    }
}

/// What follows the last dot of the last segment. A name that begins with its only dot has none.
fn extension(path: &[u8]) -> Option<&[u8]> {
    let stop = path.iter().rposition(|byte| matches!(byte, b'/' | b'.'))?;
    let begins_name = stop == 0 || path[stop - 1] == b'/';
    let is_dot = path[stop] == b'.' && !begins_name && stop + 1 < path.len();
    is_dot.then(|| &path[stop + 1..])
}

const BUILT_IN: &[(&str, &str)] = &[
    ("text/html", "html htm shtml"),
    ("text/css", "css"),
    ("text/javascript", "js mjs"),
    ("text/plain", "txt log conf md"),
    ("text/csv", "csv"),
    ("text/xml", "xml"),
    ("application/json", "json map"),
    ("application/manifest+json", "webmanifest"),
    ("application/atom+xml", "atom"),
    ("application/rss+xml", "rss"),
    ("application/xhtml+xml", "xhtml"),
    ("application/wasm", "wasm"),
    ("application/pdf", "pdf"),
    ("application/zip", "zip"),
    ("application/gzip", "gz tgz"),
    ("application/zstd", "zst"),
    ("application/x-tar", "tar"),
    ("application/x-7z-compressed", "7z"),
    ("application/java-archive", "jar war ear"),
    (
        "application/octet-stream",
        "bin exe dll deb rpm dmg iso img msi",
    ),
    ("image/png", "png"),
    ("image/jpeg", "jpeg jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("image/avif", "avif"),
    ("image/svg+xml", "svg svgz"),
    ("image/bmp", "bmp"),
    ("image/tiff", "tif tiff"),
    ("image/x-icon", "ico"),
    ("font/woff", "woff"),
    ("font/woff2", "woff2"),
    ("font/ttf", "ttf"),
    ("font/otf", "otf"),
    ("audio/mpeg", "mp3"),
    ("audio/mp4", "m4a"),
    ("audio/ogg", "ogg oga opus"),
    ("audio/wav", "wav"),
    ("audio/flac", "flac"),
    ("video/mp4", "mp4 m4v"),
    ("video/webm", "webm"),
    ("video/mpeg", "mpeg mpg"),
    ("video/quicktime", "mov"),
    ("video/mp2t", "ts"),
    ("application/vnd.apple.mpegurl", "m3u8"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
    ("application/vnd.oasis.opendocument.text", "odt"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_tell_types() {
        let types = MediaTypes::built_in();
        assert_eq!(types.of(b"/a.html"), Some("text/html"));
        assert_eq!(types.of(b"/a.b/c.PNG"), Some("image/png"));
        assert_eq!(types.of(b"/a.tar.gz"), Some("application/gzip"));
        for none in [
            "/a",
            "/a.html/b",
            "/.html",
            "/a.",
            "/a.unheard",
            "",
            "/a.\u{e9}",
        ] {
            assert_eq!(types.of(none.as_bytes()), None, "{none}");
        }
        assert_eq!(types.of(b"/a.\xff"), None);
    }

    #[test]
    fn no_extension_is_listed_twice() {
        let count: usize = BUILT_IN
            .iter()
            .map(|(_, list)| list.split(' ').count())
            .sum();
        assert_eq!(MediaTypes::built_in().0.len(), count);
    }
}
