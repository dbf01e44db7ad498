//! Zones that last: what of a zone is on disk beside its memory, and how it comes back.

pub(super) mod entry;
