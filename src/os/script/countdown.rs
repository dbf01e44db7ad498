//! Where a context of the engine counts down to its next question whether to go on, for which it has no function.

use std::sync::OnceLock;

use rquickjs::{Context, Ctx, Error, Function, Result, Runtime, qjs};

/// The place, in bytes from where a context begins; `None` if this is not the engine that is known.
pub(super) fn offset() -> Option<usize> {
    static OFFSET: OnceLock<Option<usize>> = OnceLock::new();
    *OFFSET.get_or_init(|| {
        let context = Context::full(&Runtime::new().ok()?).ok()?;
        context.with(|ctx| find(&ctx).ok())
    })
}

/// Looks for the one word of a context that goes down at each call and jump.
fn find(ctx: &Ctx<'_>) -> Result<usize> {
    let words = end(ctx) / size_of::<i32>();
    let count: Function<'_> = ctx.eval("(n) => { for (let i = 0; i < n; i += 1); }")?;
    // The first call brings it where it does not begin anew for long.
    count.call::<_, ()>((1,))?;
    let mut seen = Vec::new();
    for jumps in [0, 100, 1100] {
        count.call::<_, ()>((jumps,))?;
        seen.push((0..words).map(|at| word(ctx, at)).collect::<Vec<_>>());
    }
    let [first, second, third] = &seen[..] else {
        return Err(Error::Unknown);
    };
    let steps = |at: usize| {
        (
            first[at].wrapping_sub(second[at]),
            second[at].wrapping_sub(third[at]),
        )
    };
    let mut found = (0..words).filter(|at| {
        let (few, many) = steps(*at);
        // A round is a jump or two, and a call is one more.
        let is_counted = (100..400).contains(&few) && few % 100 < 10;
        is_counted && many == few + few / 100 * 1000 && (0..=10_000).contains(&first[*at])
    });
    match (found.next(), found.next()) {
        (Some(at), None) => Ok(at * size_of::<i32>()),
        _ => Err(Error::Unknown),
    }
}

/// Where the last member of a context is, which is found by what is put in it.
fn end(ctx: &Ctx<'_>) -> usize {
    let raw = ctx.as_raw().as_ptr();
    let mut place = 0_u8;
    let mark = (&raw mut place).cast();
    // SAFETY: the context is live.
    let before = unsafe { qjs::JS_GetContextOpaque(raw) };
    // SAFETY: as above; nobody follows the pointer.
    unsafe { qjs::JS_SetContextOpaque(raw, mark) };
    let word = |at: usize| {
        // SAFETY: the search ends at a member of the context, so the word lies within.
        unsafe {
            raw.cast::<*mut std::ffi::c_void>()
                .wrapping_add(at)
                .read_volatile()
        }
    };
    let found = (0..).find(|at| word(*at) == mark).unwrap_or_default();
    // SAFETY: as above.
    unsafe { qjs::JS_SetContextOpaque(raw, before) };
    found * size_of::<*mut std::ffi::c_void>()
}

fn word(ctx: &Ctx<'_>, at: usize) -> i32 {
    // SAFETY: the place lies within the context, which is live, and is aligned as the context is.
    unsafe {
        ctx.as_raw()
            .as_ptr()
            .cast::<i32>()
            .wrapping_add(at)
            .read_volatile()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_engine_is_the_one_that_is_known() {
        assert!(super::offset().is_some());
    }
}
