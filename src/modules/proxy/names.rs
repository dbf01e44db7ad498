//! Hosts that only a request names: the wait for their addresses, and the groups that these become.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use parking_lot::Mutex;

use super::changing::Changing;
use super::group::Group;
use super::target::{Target, Url};
use crate::http::course::circumstances::Passing;
use crate::http::course::request::Request;
use crate::http::transport::dial::PeerAddress;
use crate::http::upstream::resolver::{Address, Answer, Awaited, Known};
use crate::modules::address::Endpoint;
use crate::modules::resolver::Asked;

/// Hosts that requests led to.
pub(super) struct Names {
    asked: Asked,
    /// By host and port.
    groups: Mutex<HashMap<String, Named>>,
}

struct Named {
    /// What the name stood for; nothing where the host was an address.
    addresses: Option<Arc<[Address]>>,
    group: Arc<Group>,
}

/// Where a request goes, as far as that is known.
pub(super) enum Course {
    Go(Arc<Target>),
    /// The request fails with this status.
    Fail(u16),
    Wait(Pending),
}

/// What a request waits for. Its URL is kept, since the variables in it may have other values later.
pub(super) enum Pending {
    /// The addresses of a host.
    Host { url: Url, awaited: Awaited },
    /// The first addresses of a group that follows names.
    Group {
        target: Arc<Target>,
        changing: Arc<Changing>,
        awaited: Vec<Awaited>,
        until: Instant,
    },
}

impl Pending {
    /// Ready when the request is to go on.
    pub(super) fn over(&self) -> Wait {
        match self {
            Self::Host { awaited, .. } => Box::pin(awaited.over()),
            Self::Group { awaited, until, .. } => {
                let waits = awaited.iter().map(|one| -> Wait { Box::pin(one.over()) });
                let any = any(waits.collect());
                let until = tokio::time::Instant::from_std(*until);
                Box::pin(async move { drop(tokio::time::timeout_at(until, any).await) })
            }
        }
    }
}

/// A wait.
type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Ready when one of these is.
async fn any(mut all: Vec<Wait>) {
    std::future::poll_fn(|task| {
        let mut each = all.iter_mut();
        match each.any(|one| one.as_mut().poll(task).is_ready()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
}

impl Names {
    pub(super) fn new(asked: Asked) -> Self {
        Self {
            asked,
            groups: Mutex::default(),
        }
    }

    /// The way to the host of a URL.
    pub(super) fn course(&self, request: &Request, url: Url) -> Course {
        let host = match (&url.endpoint, url.endpoint.literal(url.default_port())) {
            (_, Some(address)) => {
                let group = self.group(&url, None, || vec![address]);
                return Course::Go(Arc::new(url.target(group)));
            }
            (Endpoint::Host { host, .. }, None) => host,
            (Endpoint::Unix(_), None) => return Course::Fail(502),
        };
        match self.asked.resolver.find(host, self.asked.patience) {
            Known::Answer(answer) => self.answered(request, url, answer),
            Known::Awaited(awaited) => Course::Wait(Pending::Host { url, awaited }),
        }
    }

    /// The way on when there is an answer.
    pub(super) fn answered(&self, request: &Request, url: Url, answer: Answer) -> Course {
        let Endpoint::Host { host, port } = &url.endpoint else {
            return Course::Fail(502);
        };
        let addresses = match answer {
            Ok(addresses) => addresses,
            Err(failure) => {
                log::error!(
                    "{} could not be resolved ({failure}){}",
                    host.escape_debug(),
                    Passing(request, &url.server.escape_debug())
                );
                return Course::Fail(502);
            }
        };
        let port = port.unwrap_or(url.default_port());
        let group = self.group(&url, Some(&addresses), || {
            let sockets = addresses.iter().map(|one| SocketAddr::new(one.ip, port));
            sockets.map(PeerAddress::Inet).collect()
        });
        Course::Go(Arc::new(url.target(group)))
    }

    /// The group of a URL's server, as long as its name stands for the same addresses.
    fn group(
        &self,
        url: &Url,
        addresses: Option<&Arc<[Address]>>,
        peers: impl FnOnce() -> Vec<PeerAddress>,
    ) -> Arc<Group> {
        let identity = url.endpoint.identity(url.default_port());
        let mut groups = self.groups.lock();
        if let Some(named) = groups.get(&identity)
            && named.addresses.as_ref() == addresses
        {
            return Arc::clone(&named.group);
        }
        if groups.len() >= MOST_GROUPS {
            groups.clear();
        }
        let group = Arc::new(Group::of_addresses(&url.server, peers()));
        let named = Named {
            addresses: addresses.cloned(),
            group: Arc::clone(&group),
        };
        groups.insert(identity, named);
        group
    }
}

/// More groups than this are not remembered.
const MOST_GROUPS: usize = 1024;
