//! Settings: what the directives of one block stored, keyed by type, and the blocks within.
//!
//! A setting is a type of its own, usually a newtype, private to the feature that stores and reads
//! it; nothing here knows any of them. Inheritance is looking outwards: the nearest scope that has
//! the type wins, so a list stored as one setting is inherited all or not at all. Scopes exist
//! only while a configuration is loaded.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;

use super::source::Span;
use super::spec::Context;

/// The settings of one block.
pub struct Scope {
    /// What kind of block it is.
    pub context: Context,
    /// The block's head; nowhere for the top level.
    pub span: Span,
    /// The blocks within, in order.
    pub blocks: Vec<Self>,
    /// Whether a statement within has an error that was told, so that what it says is not here.
    pub is_incomplete: bool,
    settings: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
}

impl Scope {
    /// An empty scope.
    pub fn new(context: Context, span: Span) -> Self {
        Self {
            context,
            span,
            blocks: Vec::new(),
            is_incomplete: false,
            settings: HashMap::new(),
        }
    }

    /// The setting of a type, if this very block has it.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.settings
            .get(&TypeId::of::<T>())
            .and_then(|setting| setting.downcast_ref())
    }

    /// The setting of a type, to be changed.
    pub fn get_mut<T: Any + Send + Sync>(&mut self) -> Option<&mut T> {
        self.settings
            .get_mut(&TypeId::of::<T>())
            .and_then(|setting| setting.downcast_mut())
    }

    /// The setting of a type, made when the block has none: for directives that add to a list.
    pub fn get_or_default<T: Any + Send + Sync + Default>(&mut self) -> &mut T {
        let setting = self
            .settings
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Box::<T>::default());
        // The map holds under a type's id only values of that type.
        setting
            .downcast_mut()
            .expect("a setting is stored under its own type")
    }

    /// Stores a setting; the previous one of the type comes back.
    pub fn insert<T: Any + Send + Sync>(&mut self, setting: T) -> Option<T> {
        let previous = self.settings.insert(TypeId::of::<T>(), Box::new(setting))?;
        previous.downcast().ok().map(|setting| *setting)
    }

    /// Takes the setting of a type out.
    pub fn take<T: Any + Send + Sync>(&mut self) -> Option<T> {
        let setting = self.settings.remove(&TypeId::of::<T>())?;
        setting.downcast().ok().map(|setting| *setting)
    }

    /// The blocks within of one kind, in order.
    pub fn blocks_in(&self, context: Context) -> impl Iterator<Item = &Self> {
        self.blocks
            .iter()
            .filter(move |block| block.context == context)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Scope")
            .field("context", &self.context)
            .field("settings", &self.settings.len())
            .field("blocks", &self.blocks)
            .finish_non_exhaustive()
    }
}

/// A scope together with the scopes around it.
#[derive(Clone, Copy, Debug)]
pub struct Chain<'a> {
    scope: &'a Scope,
    outer: Option<&'a Self>,
}

impl<'a> Chain<'a> {
    /// The outermost scope.
    pub fn root(scope: &'a Scope) -> Self {
        Self { scope, outer: None }
    }

    /// A scope within this one.
    pub fn inner(&'a self, scope: &'a Scope) -> Self {
        Self {
            scope,
            outer: Some(self),
        }
    }

    /// The innermost scope.
    pub fn scope(&self) -> &'a Scope {
        self.scope
    }

    /// The enclosing chain.
    pub fn outer(&self) -> Option<&'a Self> {
        self.outer
    }

    /// The setting of a type that holds here: this scope's own or an enclosing one's.
    pub fn nearest<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        self.scope.get().or_else(|| self.outer?.nearest())
    }

    /// The setting of a type, if the innermost scope itself has it.
    pub fn own<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        self.scope.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Names(Vec<&'static str>);

    #[test]
    fn settings_are_kept_by_type() {
        let mut scope = Scope::new(Context::Main, Span::NOWHERE);
        assert_eq!(scope.insert(1_u8), None);
        assert_eq!(scope.insert(2_u8), Some(1));
        scope.get_or_default::<Names>().0.push("a");
        scope.get_or_default::<Names>().0.push("b");
        *scope.get_mut::<u8>().unwrap() += 1;
        assert_eq!(scope.get::<Names>().unwrap().0, ["a", "b"]);
        assert_eq!(scope.get::<u16>(), None);
        assert_eq!((scope.take::<u8>(), scope.take::<u8>()), (Some(3), None));
    }

    #[test]
    fn the_nearest_setting_holds() {
        let mut server = Scope::new(Context::Server, Span::NOWHERE);
        let mut location = Scope::new(Context::Location, Span::NOWHERE);
        server.insert(1_u8);
        server.insert(Names(vec!["outer"]));
        location.insert(Names(vec!["inner"]));
        let outer = Chain::root(&server);
        let inner = outer.inner(&location);
        assert_eq!(inner.nearest::<u8>(), Some(&1));
        assert_eq!(inner.own::<u8>(), None);
        assert_eq!(inner.nearest::<Names>().unwrap().0, ["inner"]);
        assert_eq!(inner.nearest::<u16>(), None);
    }
}
