//! What a request remembers of challenges, and what is shared by all requests of a worker.

use std::sync::Arc;

use rustls_pki_types::CertificateDer;

use super::account::{Account, AccountWritten};
use super::keyring::{Flight, Keyring, Purpose, Space};
use crate::conf::{Diagnostic, Span};
use crate::http::build::builder::Builder;
use crate::http::course::request::Request;
use crate::http::plan::phase::Phase;
use crate::http::plan::state::StateIndex;
use crate::http::plan::variable::{VARIABLE, Variable, VariableSpec};

/// What a request has been through.
#[derive(Default)]
pub(super) struct Errand {
    pub(super) status: Option<Status>,
    pub(super) purpose: Option<Arc<Purpose>>,
    pub(super) authorization: Option<Arc<[u8]>>,
    /// Whether that was fetched for this request, or is the only one there is.
    pub(super) is_last: bool,
    pub(super) awaited: Option<Arc<Flight>>,
    pub(super) space: Option<Space>,
    pub(super) repeats: u8,
}

/// `$proxy_auth_status`
#[derive(Clone, Copy)]
pub(super) enum Status {
    None,
    Cached,
    Fetched,
    Failed,
}

impl Errand {
    /// These credentials go along from now on, and with other requests for the same space.
    pub(super) fn use_for(&mut self, keyring: &Keyring, authorization: Arc<[u8]>, status: Status) {
        self.authorization = Some(authorization);
        self.status = Some(status);
        if let (Some(space), Some(purpose)) = (&self.space, &self.purpose)
            && keyring.asked_in(space).as_ref() != Some(purpose)
        {
            keyring.remember(space.clone(), purpose);
        }
    }
}

/// What is known while a configuration is built.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) keyring: Arc<Keyring>,
    state: Option<StateIndex<Errand>>,
    /// By where they are written, and whose certificates they believe.
    accounts: Vec<(Span, Roots, Arc<Account>)>,
}

pub(super) type Roots = Option<Vec<CertificateDer<'static>>>;

/// What the reference says of it.
pub(super) const DESCRIBED: &[VariableSpec] = &[VariableSpec {
    name: "proxy_auth_status",
    doc: "Where credentials for the request came from, if `proxy_auth_challenge` had to do with it: `NONE` if there were none \
          to give, `CACHED`, `FETCHED`, or `FAILED`.",
    available_from: Phase::Response,
    ..VARIABLE
}];

/// Defines the variable.
pub(super) fn define(builder: &mut Builder<'_>) {
    let variable = Box::new(StatusVariable(state(builder)));
    let name = "proxy_auth_status";
    let defined = builder
        .variables
        .define_described(name, "auth_challenge", variable);
    builder.diagnostics.check(defined);
}

/// Where requests remember it.
pub(super) fn state(builder: &mut Builder<'_>) -> StateIndex<Errand> {
    if let Some(known) = builder.thing::<Shared>().state {
        return known;
    }
    let made = builder.state();
    builder.thing::<Shared>().state = Some(made);
    made
}

struct StatusVariable(StateIndex<Errand>);

impl Variable for StatusVariable {
    fn read(&self, request: &mut Request, out: &mut Vec<u8>) -> bool {
        let status = request.state(self.0).status;
        out.extend_from_slice(match status {
            None => return false,
            Some(Status::None) => b"NONE",
            Some(Status::Cached) => b"CACHED",
            Some(Status::Fetched) => b"FETCHED",
            Some(Status::Failed) => b"FAILED",
        });
        true
    }
}

/// The account that is written there.
pub(super) fn account(
    builder: &mut Builder<'_>,
    written: &AccountWritten,
    roots: Roots,
) -> Result<Arc<Account>, Diagnostic> {
    let place = written.span;
    let mut known = builder.thing::<Shared>().accounts.iter();
    if let Some((_, _, account)) = known.find(|(own, trusts, _)| (*own, trusts) == (place, &roots))
    {
        return Ok(Arc::clone(account));
    }
    let made = Arc::new(Account::new(builder, written, roots.clone())?);
    let accounts = &mut builder.thing::<Shared>().accounts;
    accounts.push((place, roots, Arc::clone(&made)));
    Ok(made)
}
