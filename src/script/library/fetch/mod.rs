//! `Headers`, `Request` and `Response`: what scripts ask with, and what they are answered. The asking itself is done by
//! whoever runs the engine.
//!
//! All that these objects hold stands in values of the engine, so that its limit of memory holds for it, too.

mod body;
mod headers;
mod request;
mod response;

use rquickjs::object::Property;
use rquickjs::{IntoJs, Object, Result, Value};

pub(super) use headers::constructor as headers;
pub(super) use request::constructor as request;
pub use request::{Question, question};
pub(super) use response::constructor as response;
pub use response::{Reply, response_of};

/// Gives an object a property that scripts can read and not change.
fn fix<'js>(object: &Object<'js>, name: &str, value: impl IntoJs<'js>) -> Result<()> {
    object.prop(name, Property::from(value).configurable().enumerable())
}

/// Gives an object a property that scripts do not see.
fn hide<'js>(object: &Object<'js>, name: &str, value: Value<'js>) -> Result<()> {
    object.prop(name, Property::from(value).configurable())
}

#[cfg(test)]
mod tests;
