//! The two families of directives that pass requests on, `proxy_` and `grpc_`: they have most settings in common, each
//! with values of its own.

use std::any::Any;
use std::marker::PhantomData;

use crate::conf::{Chain, Statement};

/// A family of directives.
pub(super) trait Family: Any + Send + Sync {
    /// What their names begin with.
    const PREFIX: &'static str;
    /// Whether they are those of gRPC.
    const IS_GRPC: bool;
}

/// The directives that begin with `proxy_`.
pub(super) struct Http;

impl Family for Http {
    const PREFIX: &'static str = "proxy";
    const IS_GRPC: bool = false;
}

/// The directives that begin with `grpc_`.
pub(super) struct Grpc;

impl Family for Grpc {
    const PREFIX: &'static str = "grpc";
    const IS_GRPC: bool = true;
}

/// A setting of one family.
struct Own<F, T> {
    setting: T,
    family: PhantomData<F>,
}

impl<F, T: Default> Default for Own<F, T> {
    fn default() -> Self {
        Self {
            setting: T::default(),
            family: PhantomData,
        }
    }
}

/// Stores a setting of a family.
pub(super) fn insert<F: Family, T: Any + Send + Sync>(statement: &mut Statement<'_>, setting: T) {
    let family = PhantomData::<F>;
    statement.scope.insert(Own { setting, family });
}

/// A setting of a family that directives add to.
pub(super) fn growing<'s, F: Family, T: Any + Send + Sync + Default>(
    statement: &'s mut Statement<'_>,
) -> &'s mut T {
    let own = statement.scope.get_or_default::<Own<F, T>>();
    &mut own.setting
}

/// The settings of a family that hold in a block.
pub(super) struct Levels<'c, 'a, F> {
    pub(super) chain: &'c Chain<'a>,
    family: PhantomData<F>,
}

impl<'c, 'a, F: Family> Levels<'c, 'a, F> {
    /// Those of the innermost block of `chain`.
    pub(super) fn of(chain: &'c Chain<'a>) -> Self {
        Self {
            chain,
            family: PhantomData,
        }
    }

    /// The setting of this type, of this block or one around it.
    pub(super) fn nearest<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        let own: Option<&Own<F, T>> = self.chain.nearest();
        own.map(|own| &own.setting)
    }

    /// The setting of this type that the innermost block has itself.
    pub(super) fn own<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        let own: Option<&Own<F, T>> = self.chain.own();
        own.map(|own| &own.setting)
    }
}
