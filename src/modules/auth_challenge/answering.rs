//! The answers of one `proxy_pass` to challenges, and what a request remembers of them.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use super::account::Account;
use super::challenge::{self, Bearer, Challenge};
use super::counts::{Count, Counts};
use super::errand::{self, Errand, Roots, Shared, Status};
use super::keyring::{Keyring, Known, Purpose, Space};
use super::realm::{Place, Realm, default_port};
use crate::conf::{Chain, Diagnostic};
use crate::http::build::builder::Builder;
use crate::http::course::circumstances::Passing;
use crate::http::course::request::Request;
use crate::http::plan::state::StateIndex;

/// The answers of one `proxy_pass`.
pub(in crate::modules) struct Answering {
    account: Arc<Account>,
    keyring: Arc<Keyring>,
    /// By the origin.
    counts: Vec<(Place, Counts)>,
    /// Whether the configuration itself says which origin it is.
    is_fixed: bool,
    state: StateIndex<Errand>,
}

/// The origin that asks.
pub(in crate::modules) struct Asking<'a> {
    /// `$proxy_host`
    pub(in crate::modules) host: &'a str,
    /// The address of its peer.
    pub(in crate::modules) peer: &'a str,
    /// The URL that the peer is asked for, as logs tell it.
    pub(in crate::modules) url: &'a dyn Fn(&Request) -> String,
    /// Whether it is spoken to in TLS.
    pub(in crate::modules) is_encrypted: bool,
}

/// What a 401 leads to.
pub(in crate::modules) enum Reaction {
    /// The client gets it.
    Pass,
    /// The origin is asked again.
    Again,
    /// The origin is asked again when this is over.
    Later(Pin<Box<dyn Future<Output = ()> + Send>>),
}

/// A request is not repeated more often: with a token that was there, and with a fresh one.
const MOST_REPEATS: u8 = 2;

impl Answering {
    /// Whether challenges are answered in a block.
    pub(in crate::modules) fn is_on(chain: &Chain<'_>) -> bool {
        Account::written(chain).is_some()
    }

    /// The answers of a block whose `proxy_pass` leads to `host`, unless variables say to which.
    pub(in crate::modules) fn of(
        builder: &mut Builder<'_>,
        chain: &Chain<'_>,
        host: Option<&str>,
        roots: Roots,
    ) -> Result<Option<Self>, Diagnostic> {
        let Some(written) = Account::written(chain) else {
            return Ok(None);
        };
        let account = errand::account(builder, written, roots)?;
        let hosts = match host {
            Some(host) => vec![host.to_owned()],
            None => account.hosts.clone(),
        };
        let counts = hosts.iter().filter_map(|host| {
            let place = Place::parse(host)?;
            Some((place, Counts::of(builder, host)))
        });
        Ok(Some(Self {
            counts: counts.collect(),
            is_fixed: host.is_some(),
            state: errand::state(builder),
            keyring: Arc::clone(&builder.thing::<Shared>().keyring),
            account,
        }))
    }

    /// A request sets out for an origin.
    pub(in crate::modules) fn begin(&self, request: &mut Request) {
        *request.state(self.state) = Errand {
            status: Some(Status::None),
            ..Errand::default()
        };
    }

    /// What came of the wait before an attempt; the status to fail with where that was nothing.
    pub(in crate::modules) fn settled(&self, request: &mut Request) -> Result<(), u16> {
        let errand = request.state(self.state);
        let Some(flight) = errand.awaited.take() else {
            return Ok(());
        };
        match flight.answer() {
            Some(Ok(token)) => {
                errand.use_for(&self.keyring, token.authorization, Status::Fetched);
                errand.is_last = true;
                Ok(())
            }
            Some(Err(failure)) => {
                errand.status = Some(Status::Failed);
                Err(failure.status)
            }
            None => Err(502),
        }
    }

    /// The value of `Authorization` that goes along with a request for `uri`, if there is one.
    pub(in crate::modules) fn authorization(
        &self,
        request: &mut Request,
        asking: &Asking<'_>,
        uri: &[u8],
    ) -> Option<Arc<[u8]>> {
        let errand = request.state(self.state);
        if errand.space.is_none() {
            let space = Space {
                account: self.account.number,
                origin: asking.host.into(),
                folder: folder(uri).to_vec(),
            };
            let purpose = self.keyring.asked_in(&space);
            errand.space = Some(space);
            if let Some(purpose) = purpose
                && let Some(authorization) = self.at_hand(&purpose)
            {
                errand.purpose = Some(purpose);
                errand.use_for(&self.keyring, authorization, Status::Cached);
            }
        }
        errand.authorization.clone()
    }

    /// An origin has answered with 401; the response is in the request.
    pub(in crate::modules) fn challenged(
        &self,
        request: &mut Request,
        asking: &Asking<'_>,
    ) -> Reaction {
        self.count(asking, Count::Challenges);
        let reaction = self.react(request, asking);
        reaction.unwrap_or_else(|problem| {
            self.count(asking, Count::Errors);
            request.state(self.state).status = Some(Status::Failed);
            log::error!("{problem}{}", Passing(request, &(asking.url)(request)));
            Reaction::Pass
        })
    }

    fn react(&self, request: &mut Request, asking: &Asking<'_>) -> Result<Reaction, String> {
        let purpose = Arc::new(self.purpose(request, asking)?);
        let errand = request.state(self.state);
        if let Some(sent) = &errand.authorization
            && errand.purpose.as_ref() == Some(&purpose)
        {
            self.keyring.refused(&purpose, sent);
            errand.is_last |= purpose.challenge == Challenge::Basic;
        }
        if errand.is_last || errand.repeats >= MOST_REPEATS {
            return Err("upstream does not take the credentials that it asked for".to_owned());
        }
        errand.repeats += 1;
        errand.purpose = Some(Arc::clone(&purpose));
        if let Some(authorization) = self.at_hand(&purpose) {
            errand.use_for(&self.keyring, authorization, Status::Cached);
            return Ok(Reaction::Again);
        }
        match self.ask(asking, &purpose)? {
            Known::Token(token) => {
                errand.use_for(&self.keyring, token.authorization, Status::Cached);
                Ok(Reaction::Again)
            }
            Known::Awaited(flight) => {
                let over = Box::pin(flight.over());
                errand.awaited = Some(flight);
                Ok(Reaction::Later(over))
            }
        }
    }

    /// What is asked for, if it may be given.
    fn purpose(&self, request: &Request, asking: &Asking<'_>) -> Result<Purpose, String> {
        let own = self.account.places.iter();
        let place = Place::parse(asking.host);
        if !self.is_fixed && !own.clone().any(|one| Some(one) == place.as_ref()) {
            let host = asking.host.escape_debug();
            return Err(format!(
                "no credentials are given to \"{host}\", which is named by variables and is not in \"realm=\""
            ));
        }
        let fields = request.response.fields.all("www-authenticate");
        let challenge = challenge::choose(fields).map_err(|others| {
            let others = others.escape_debug();
            format!("there is no answer to the challenge of upstream ({others})")
        })?;
        match &challenge {
            Challenge::Basic if self.account.basic.is_none() => {
                return Err("upstream asks for a password, and there is no \"user=\"".to_owned());
            }
            Challenge::Basic => {}
            Challenge::Bearer(bearer) => self.may_ask(bearer, asking, place)?,
        }
        Ok(Purpose {
            account: self.account.number,
            origin: asking.host.into(),
            challenge,
        })
    }

    /// Whether the service that a challenge names may be asked.
    fn may_ask(
        &self,
        bearer: &Bearer,
        asking: &Asking<'_>,
        origin: Option<Place>,
    ) -> Result<(), String> {
        let text = bearer.realm.escape_debug();
        let Some(realm) = Realm::parse(&bearer.realm) else {
            return Err(format!(
                "\"{text}\" in a challenge is no address to ask for a token"
            ));
        };
        if asking.is_encrypted && !realm.is_encrypted {
            return Err(format!(
                "\"{text}\" is not asked for a token, because it is not encrypted"
            ));
        }
        let default = default_port(asking.is_encrypted);
        let is_there = |place: &Place| {
            asking.is_encrypted == realm.is_encrypted && place.is(&realm.host, realm.port, default)
        };
        let origins = [origin, Place::parse(asking.peer)];
        let is_origin = origins.iter().flatten().any(is_there);
        match is_origin || realm.is_among(self.account.places.iter()) {
            true => Ok(()),
            false => Err(format!(
                "\"{text}\" is not asked for a token, because it is neither the upstream's host nor in \"realm=\""
            )),
        }
    }

    /// What there is for this purpose without asking for it.
    fn at_hand(&self, purpose: &Purpose) -> Option<Arc<[u8]>> {
        match &purpose.challenge {
            Challenge::Basic => {
                let basic = self.account.basic.as_ref()?;
                Some(basic.as_bytes().into())
            }
            Challenge::Bearer(_) => {
                let token = self.keyring.at_hand(purpose, Instant::now())?;
                Some(token.authorization)
            }
        }
    }

    fn ask(&self, asking: &Asking<'_>, purpose: &Arc<Purpose>) -> Result<Known, String> {
        let no_token = |why: &str| format!("there is no token for upstream: {why}");
        let Challenge::Bearer(bearer) = &purpose.challenge else {
            return Err(no_token("none was asked for"));
        };
        let Some(realm) = Realm::parse(&bearer.realm) else {
            return Err(no_token("its service has no address"));
        };
        let (account, bearer) = (Arc::clone(&self.account), bearer.clone());
        let (counts, host) = (self.counts(asking), asking.host.to_owned());
        let ask = move || {
            let answer = account.asker.ask(&realm, &bearer, account.basic.as_deref());
            match &answer {
                Ok(_) => counts.add(Count::Tokens),
                Err(failure) => {
                    counts.add(Count::Errors);
                    let (service, why) = (bearer.realm.escape_debug(), failure.why.escape_debug());
                    let host = host.escape_debug();
                    log::error!("no token from \"{service}\": {why}, upstream: \"{host}\"");
                }
            }
            answer
        };
        let known = self.keyring.token(purpose, Instant::now(), ask);
        known.map_err(|failure| no_token(&failure.why))
    }

    fn count(&self, asking: &Asking<'_>, count: Count) {
        self.counts(asking).add(count);
    }

    fn counts(&self, asking: &Asking<'_>) -> Counts {
        let place = Place::parse(asking.host);
        let mut all = self.counts.iter();
        let own = all.find(|(own, _)| self.is_fixed || Some(own) == place.as_ref());
        own.map_or_else(Counts::default, |(_, counts)| counts.clone())
    }
}

/// A path up to its last slash, without arguments.
fn folder(uri: &[u8]) -> &[u8] {
    let path = memchr::memchr(b'?', uri).map_or(uri, |end| &uri[..end]);
    memchr::memrchr(b'/', path).map_or(b"", |end| &path[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_is_what_lies_in_one_folder() {
        assert_eq!(folder(b"/v2/a/blobs/sha256:1?b=/c"), b"/v2/a/blobs/");
        assert_eq!(folder(b"/v2/"), b"/v2/");
        assert_eq!(folder(b"/"), b"/");
        assert_eq!(folder(b"*"), b"");
        assert_eq!(folder(b""), b"");
    }
}
