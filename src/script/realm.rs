//! Realms: contexts with the language, the library and the globals of the host in them.
//!
//! The realm that instances share is *hardened*: nothing that can be reached from its global object can be changed
//! any more, so a script cannot leave anything in it, nor find what another one has left. (The idea is that of
//! Hardened JavaScript, where a compartment costs no more than a call.) Where an object inherits what cannot be
//! changed, assigning a property of the same name would fail in plain JavaScript; properties that programs do assign
//! (`toString`, `name` of errors …) let it pass.

use std::cell::RefCell;
use std::rc::Rc;

use rquickjs::function::Args;
use rquickjs::{Context, Ctx, Error, Function, Object, Persistent, Result, Runtime};

use super::program::{Module, Program};
use super::{library, patience};
use crate::os::script::Code;

/// A context with all that scripts find in it.
pub(super) struct Realm {
    pub(super) context: Context,
    /// What there is of programs, by their numbers.
    programs: RefCell<Vec<(u64, Rc<Compiled>)>>,
}

/// A program in a realm.
pub(super) struct Compiled {
    /// Its modules as functions.
    factories: Vec<Persistent<Function<'static>>>,
    /// See [`FREEZE`].
    freeze: Persistent<Function<'static>>,
    /// See [`KEEP`].
    keep: Persistent<Function<'static>>,
    /// What the modules export of which nothing can change, once they were wanted.
    pub(super) constant: Modules,
    /// Functions that directives name, of modules of which nothing can change.
    pub(super) functions: Functions,
}

/// Functions by the numbers of their paths.
#[derive(Default)]
pub(super) struct Functions(RefCell<Vec<(u64, Kept)>>);

type Kept = Persistent<Function<'static>>;

impl Functions {
    /// The function that was added with this number.
    pub(super) fn find(&self, number: u64) -> Option<Kept> {
        let all = self.0.borrow();
        let place = all.binary_search_by_key(&number, |(own, _)| *own).ok()?;
        all.get(place).map(|(_, function)| function.clone())
    }

    /// Adds a function, unless one has its number.
    pub(super) fn add(&self, number: u64, function: Kept) {
        let mut all = self.0.borrow_mut();
        if let Err(place) = all.binary_search_by_key(&number, |(own, _)| *own) {
            all.insert(place, (number, function));
        }
    }
}

/// What modules export, by their numbers, once they were wanted.
pub(super) type Modules = RefCell<Vec<Option<Persistent<Object<'static>>>>>;

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
            programs: RefCell::default(),
        })
    }

    /// Gives it its globals; called within its context, before any script.
    pub(super) fn furnish<'js>(ctx: &Ctx<'js>, program: &Program) -> Result<Vec<Object<'js>>> {
        patience::install(ctx)?;
        library::install(ctx)?;
        program.globals.furnish(ctx)
    }

    /// A program in this realm.
    pub(super) fn compiled(&self, ctx: &Ctx<'_>, program: &Program) -> Result<Rc<Compiled>> {
        let known = self.programs.borrow();
        if let Some((_, known)) = known.iter().find(|(number, _)| *number == program.number) {
            return Ok(Rc::clone(known));
        }
        drop(known);
        let compiled = Rc::new(Compiled::new(ctx, program)?);
        let mut programs = self.programs.borrow_mut();
        programs.push((program.number, Rc::clone(&compiled)));
        Ok(compiled)
    }
}

impl Compiled {
    fn new(ctx: &Ctx<'_>, program: &Program) -> Result<Self> {
        let factories = program.modules.iter().map(|module| compile(ctx, module));
        Ok(Self {
            factories: factories.collect::<Result<_>>()?,
            freeze: Persistent::save(ctx, own(ctx, &FREEZE)?),
            keep: Persistent::save(ctx, own(ctx, &KEEP)?),
            constant: Modules::default(),
            functions: Functions::default(),
        })
    }

    /// Evaluates a module, of which `imports` are what it imports; for everybody if it is constant.
    pub(super) fn evaluate<'js>(
        &self,
        ctx: &Ctx<'js>,
        (number, module): (usize, &Module),
        imports: Vec<Object<'js>>,
        is_constant: bool,
    ) -> Result<Object<'js>> {
        let factory = self.factories.get(number).cloned().ok_or(Error::Unknown)?;
        let mut arguments = Args::new(ctx.clone(), imports.len() + 1);
        arguments.push_args(imports)?;
        if module.freezes {
            let freeze = if is_constant {
                &self.freeze
            } else {
                &self.keep
            };
            arguments.push_arg(freeze.clone().restore(ctx)?)?;
        }
        factory.restore(ctx)?.call_arg(arguments)
    }
}

fn compile(ctx: &Ctx<'_>, module: &Module) -> Result<Persistent<Function<'static>>> {
    let name = module.path.to_string_lossy();
    let function = module.code.evaluate(ctx, &module.text, &name)?;
    Ok(Persistent::save(ctx, Function::from_value(function)?))
}

fn harden(ctx: &Ctx<'_>, program: &Program) -> Result<()> {
    let mut hidden = Realm::furnish(ctx, program)?;
    hidden.extend(library::hidden(ctx)?);
    own(ctx, &HARDEN)?.call((hidden,))
}

/// A script of ours whose value is a function, and its name.
pub(super) struct Own(
    pub(super) Code,
    pub(super) &'static str,
    pub(super) &'static str,
);

/// The function that a script of ours is.
pub(super) fn own<'js>(ctx: &Ctx<'js>, Own(code, name, text): &Own) -> Result<Function<'js>> {
    Function::from_value(code.evaluate(ctx, text, name)?)
}

/// A function of further objects, which makes all that there is unchangeable.
static HARDEN: Own = Own(Code::new(), "harden.js", include_str!("harden.js"));
/// A function that freezes what it is called with and what that has, and returns the first of it.
static FREEZE: Own = Own(Code::new(), "freeze.js", include_str!("freeze.js"));
/// A function that returns the first of what it is called with.
static KEEP: Own = Own(Code::new(), "keep.js", "Object.freeze((first) => first)");
