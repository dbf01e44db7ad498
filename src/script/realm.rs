//! Realms: contexts with the language, the library and the globals of the host in them.
//!
//! The realm that instances share is *hardened*: nothing that can be reached from its global object can be changed
//! any more, so a script cannot leave anything in it, nor find what another one has left. (The idea is that of
//! Hardened JavaScript, where a compartment costs no more than a call.) Where an object inherits what cannot be
//! changed, assigning a property of the same name would fail in plain JavaScript; properties that programs do assign
//! (`toString`, `name` of errors …) let it pass.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Function, Object, Persistent, Result, Runtime};

use super::library;
use super::program::{Module, Program};

/// A context with all that scripts find in it.
pub(super) struct Realm {
    pub(super) context: Context,
    /// The modules of programs as functions, by the numbers of programs.
    factories: RefCell<Vec<(u64, Rc<Factories>)>>,
}

type Factories = Vec<Persistent<Function<'static>>>;

impl Realm {
    /// One that many instances share.
    pub(super) fn shared(runtime: &Runtime, program: &Program) -> Result<Self> {
        let realm = Self::apart(runtime)?;
        realm.context.with(|ctx| harden(&ctx, program))?;
        Ok(realm)
    }

    /// One for an instance alone.
    pub(super) fn apart(runtime: &Runtime) -> Result<Self> {
        Ok(Self {
            context: Context::full(runtime)?,
            factories: RefCell::default(),
        })
    }

    /// Gives it its globals; called within its context, before any script.
    pub(super) fn furnish<'js>(ctx: &Ctx<'js>, program: &Program) -> Result<Vec<Object<'js>>> {
        library::install(ctx)?;
        program.globals.furnish(ctx)
    }

    /// The functions that make the modules of a program.
    pub(super) fn factories(&self, ctx: &Ctx<'_>, program: &Program) -> Result<Rc<Factories>> {
        let known = self.factories.borrow();
        if let Some((_, known)) = known.iter().find(|(number, _)| *number == program.number) {
            return Ok(Rc::clone(known));
        }
        drop(known);
        let compiled = program.modules.iter().map(|module| compile(ctx, module));
        let compiled = Rc::new(compiled.collect::<Result<Factories>>()?);
        let mut factories = self.factories.borrow_mut();
        factories.push((program.number, Rc::clone(&compiled)));
        Ok(compiled)
    }
}

fn compile(ctx: &Ctx<'_>, module: &Module) -> Result<Persistent<Function<'static>>> {
    let mut options = EvalOptions::default();
    options.strict = true;
    options.filename = Some(module.path.to_string_lossy().into_owned());
    let function: Function<'_> = ctx.eval_with_options(module.text.as_str(), options)?;
    Ok(Persistent::save(ctx, function))
}

fn harden(ctx: &Ctx<'_>, program: &Program) -> Result<()> {
    let mut hidden = Realm::furnish(ctx, program)?;
    hidden.extend(library::hidden(ctx)?);
    let mut options = EvalOptions::default();
    options.filename = Some("harden.js".to_owned());
    let harden: Function<'_> = ctx.eval_with_options(HARDEN, options)?;
    harden.call((hidden,))
}

/// A function of further objects, which makes all that there is unchangeable.
const HARDEN: &str = include_str!("harden.js");
