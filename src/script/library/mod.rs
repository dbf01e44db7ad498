//! The library of scripts: globals and modules that njs has beside the language itself, a file each.

use rquickjs::{Ctx, Exception, Object, Result};

/// Which globals scripts can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted(u32);

impl Wanted {
    /// All of the library.
    pub const ALL: Self = Self(u32::MAX);
}

/// Gives a context the globals that are wanted.
///
/// # Errors
/// No memory.
pub fn install(_ctx: &Ctx<'_>, _wanted: Wanted) -> Result<()> {
    Ok(())
}

/// Whether `import … from 'NAME'` means a module of the library.
pub fn is_module(_name: &str) -> bool {
    false
}

/// The default export of a module of the library.
///
/// # Errors
/// There is none of this name.
pub fn object<'js>(ctx: &Ctx<'js>, name: &str) -> Result<Object<'js>> {
    Err(Exception::throw_reference(
        ctx,
        &format!("there is no module \"{name}\""),
    ))
}
