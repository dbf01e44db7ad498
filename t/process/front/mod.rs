//! Who is there and who may: beside Debian's nginx, and what no single block can show.

mod beside;
mod passwords;
mod proxied;
mod text;
