//! The families of directives that pass requests on, `proxy_`, `grpc_` and those of programs: they have most settings in
//! common, each with values of its own.

use std::any::Any;
use std::marker::PhantomData;

use crate::conf::{Chain, Statement};

/// A family of directives.
pub(in crate::modules) trait Family: Any + Send + Sync {
    /// What their names begin with.
    const PREFIX: &'static str;
    /// What they have peers spoken to in.
    const PROTOCOL: Protocol;
    /// Whether they are those of gRPC.
    const IS_GRPC: bool = matches!(Self::PROTOCOL, Protocol::Grpc);
}

/// What a family has peers spoken to in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::modules) enum Protocol {
    Http,
    Grpc,
    FastCgi,
    Uwsgi,
    Scgi,
}

impl Protocol {
    /// The schemes of URLs without and with TLS; nothing where there is none.
    pub(super) fn schemes(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Http => ("http", Some("https")),
            Self::Grpc => ("grpc", Some("grpcs")),
            Self::FastCgi => ("fastcgi", None),
            Self::Uwsgi => ("uwsgi", Some("suwsgi")),
            Self::Scgi => ("scgi", None),
        }
    }

    /// Whether a scheme has to stand before an address, and whether one may.
    pub(super) fn has_scheme(self) -> (bool, bool) {
        match self {
            Self::Http => (true, true),
            Self::Grpc | Self::Uwsgi => (false, true),
            Self::FastCgi | Self::Scgi => (false, false),
        }
    }

    /// Whether requests are turned into parameters of programs (CGI).
    pub(in crate::modules) fn is_program(self) -> bool {
        matches!(self, Self::FastCgi | Self::Uwsgi | Self::Scgi)
    }
}

macro_rules! families {
    ($($name:ident $prefix:literal)*) => {$(
        #[doc = concat!("The directives that begin with `", $prefix, "_`.")]
        pub(in crate::modules) struct $name;

        impl Family for $name {
            const PREFIX: &'static str = $prefix;
            const PROTOCOL: Protocol = Protocol::$name;
        }
    )*};
}

families! {
    Http "proxy"
    Grpc "grpc"
    FastCgi "fastcgi"
    Uwsgi "uwsgi"
    Scgi "scgi"
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
pub(in crate::modules) fn insert<F: Family, T: Any + Send + Sync>(
    statement: &mut Statement<'_>,
    setting: T,
) {
    let family = PhantomData::<F>;
    statement.scope.insert(Own { setting, family });
}

/// A setting of a family that directives add to.
pub(in crate::modules) fn growing<'s, F: Family, T: Any + Send + Sync + Default>(
    statement: &'s mut Statement<'_>,
) -> &'s mut T {
    let own = statement.scope.get_or_default::<Own<F, T>>();
    &mut own.setting
}

/// The settings of a family that hold in a block.
pub(in crate::modules) struct Levels<'c, 'a, F> {
    pub(in crate::modules) chain: &'c Chain<'a>,
    family: PhantomData<F>,
}

impl<'c, 'a, F: Family> Levels<'c, 'a, F> {
    /// Those of the innermost block of `chain`.
    pub(in crate::modules) fn of(chain: &'c Chain<'a>) -> Self {
        Self {
            chain,
            family: PhantomData,
        }
    }

    /// The setting of this type, of this block or one around it.
    pub(in crate::modules) fn nearest<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        let own: Option<&Own<F, T>> = self.chain.nearest();
        own.map(|own| &own.setting)
    }

    /// The setting of this type that the innermost block has itself.
    pub(in crate::modules) fn own<T: Any + Send + Sync>(&self) -> Option<&'a T> {
        let own: Option<&Own<F, T>> = self.chain.own();
        own.map(|own| &own.setting)
    }
}
