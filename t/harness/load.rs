//! Clients that send requests as fast as they are answered and keep exact account of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::PATIENCE;
use super::client::{self, Connection};

/// How a client uses connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    KeepAlive,
    ConnectionPerRequest,
}

/// What a client has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    /// Requests answered with 2xx.
    pub(crate) answered: u64,
    /// Requests sent, or attempted, without such an answer.
    pub(crate) failed: u64,
    /// The first few reasons.
    pub(crate) reasons: Vec<String>,
}

/// Clients working in the background until `finish`.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Account>>,
}

impl Load {
    /// Starts `clients` clients of a habit that ask for `target` again and again.
    pub(crate) fn start(address: SocketAddr, target: &str, clients: usize, habit: Habit) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let clients = (0..clients).map(|_| {
            let (stop, target) = (Arc::clone(&stop), target.to_owned());
            thread::spawn(move || work(address, &target, habit, &stop))
        });
        let clients = clients.collect();
        Self { stop, clients }
    }

    /// Lets every client end its current request; gives the account of all.
    pub(crate) fn finish(self) -> Account {
        self.stop.store(true, Ordering::Relaxed);
        let accounts = self
            .clients
            .into_iter()
            .map(|client| client.join().unwrap());
        accounts.fold(Account::default(), Account::plus)
    }
}

impl Account {
    /// The sum of two accounts.
    pub(crate) fn plus(mut self, other: Self) -> Self {
        self.answered += other.answered;
        self.failed += other.failed;
        self.reasons.extend(other.reasons);
        self.reasons.truncate(5);
        self
    }

    fn failure(&mut self, reason: String) {
        self.failed += 1;
        if self.reasons.len() < 5 {
            self.reasons.push(reason);
        }
    }
}

/// Sends `requests` GETs of the targets `target(0)`, `target(1)` … over one connection, `depth` at a
/// time; panics unless every one is answered with 2xx.
pub(crate) fn pipeline(
    address: SocketAddr,
    requests: usize,
    depth: usize,
    mut target: impl FnMut(usize) -> String,
) {
    let mut connection = Connection::open(address, PATIENCE).unwrap();
    let mut sent = 0;
    while sent < requests {
        let batch = depth.min(requests - sent);
        let heads =
            (sent..sent + batch).map(|index| client::head("GET", &target(index), &[], None));
        let bytes: Vec<u8> = heads.flatten().collect();
        connection.send(&bytes).unwrap();
        for index in sent..sent + batch {
            let response = connection.receive("GET");
            let response = response.unwrap_or_else(|error| panic!("request {index}: {error}"));
            assert!(
                (200..300).contains(&response.status),
                "request {index}: {}",
                response.status
            );
            assert!(
                !response.closes(),
                "the server closed after request {index}"
            );
        }
        sent += batch;
    }
}

fn work(address: SocketAddr, target: &str, habit: Habit, stop: &AtomicBool) -> Account {
    let mut account = Account::default();
    let mut kept = None;
    let headers = match habit {
        Habit::KeepAlive => vec![],
        Habit::ConnectionPerRequest => vec![("Connection".to_owned(), "close".to_owned())],
    };
    let request = client::head("GET", target, &headers, None);
    while !stop.load(Ordering::Relaxed) {
        let opened = kept
            .take()
            .map_or_else(|| Connection::open(address, PATIENCE), Ok);
        let mut connection = match opened {
            Ok(connection) => connection,
            Err(error) => {
                account.failure(format!("connect: {error}"));
                continue;
            }
        };
        let answer = connection
            .send(&request)
            .and_then(|()| connection.receive("GET"));
        match answer {
            Ok(response) if (200..300).contains(&response.status) => {
                account.answered += 1;
                let keep = habit == Habit::KeepAlive && !response.closes();
                kept = keep.then_some(connection);
            }
            Ok(response) => account.failure(format!("status {}", response.status)),
            Err(error) => account.failure(format!("request: {error}")),
        }
    }
    account
}
