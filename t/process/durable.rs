//! Changes that were answered are there after any kill, and after the machine went down; what was not
//! answered is made once when it is tried again.
//!
//! `DURABLE_ROUNDS=200` makes it as long as an evening.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::client::{Connection, head};
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};
use crate::lasting::{kill, reboot};

const CLIENTS: usize = 4;

fn parts() -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: "metric_zone apps:16m:file=$DIR/apps sync=always gauge;\n".into(),
        config: "location /push/ { metric_push apps create=on; }\n".into(),
        ..Parts::default()
    }
}

/// What one client believes of its own keys, which nobody else changes.
struct Client {
    number: usize,
    random: u64,
    sent: u64,
    keys: BTreeMap<String, f64>,
    /// What was sent and not answered.
    open: Option<Operation>,
}

#[derive(Clone, Debug)]
struct Operation {
    method: &'static str,
    path: String,
    body: String,
    name: String,
    after: BTreeMap<String, Option<f64>>,
}

impl Client {
    fn new(number: usize) -> Self {
        Self {
            number,
            random: number as u64 + 1,
            sent: 0,
            keys: BTreeMap::new(),
            open: None,
        }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    fn key(&mut self) -> String {
        let place = self.random(12);
        format!("c{}_{place}", self.number)
    }

    fn operation(&mut self) -> Operation {
        let (key, other) = (self.key(), self.key());
        let (amount, kind) = (self.random(100) as f64, self.random(6));
        let value = |key: &String| self.keys.get(key).copied().unwrap_or(0.0);
        let (present, other_value) = (value(&key), value(&other));
        let change = |method, what: &str, body: String, after| {
            (
                method,
                format!("/push/{key}{what}"),
                body,
                BTreeMap::from([(key.clone(), after)]),
            )
        };
        let (method, path, body, after) = match kind {
            0 => change("PUT", "", format!("{amount}"), Some(amount)),
            1 => change("PUT", "/inc", String::new(), Some(present + 1.0)),
            2 => change("PUT", "/sub", format!("{amount}"), Some(present - amount)),
            3 if self.keys.contains_key(&key) => change("DELETE", "", String::new(), None),
            4 if key != other => {
                let body =
                    format!("{{\"{key}\": {{\"add\": {amount}}}, \"{other}\": {{\"add\": 1}}}}");
                let after = [
                    (key.clone(), Some(present + amount)),
                    (other, Some(other_value + 1.0)),
                ];
                ("PATCH", "/push/".into(), body, after.into())
            }
            _ => change("PUT", "/add", format!("{amount}"), Some(present + amount)),
        };
        self.sent += 1;
        let name = format!("{}-{}", self.number, self.sent);
        Operation {
            method,
            path,
            body,
            name,
            after,
        }
    }

    /// Changes one thing after another until nobody answers any more.
    fn work(&mut self, address: SocketAddr, stop: &AtomicBool) {
        let Ok(mut connection) = Connection::open(address, PATIENCE) else {
            return;
        };
        while !stop.load(Ordering::Relaxed) {
            let operation = match self.open.take() {
                Some(open) => open,
                None => self.operation(),
            };
            self.open = Some(operation.clone());
            match send(&mut connection, &operation) {
                Ok(status) => self.answered(&operation, status),
                Err(_) => return,
            }
        }
    }

    fn answered(&mut self, operation: &Operation, status: u16) {
        assert!(matches!(status, 201 | 204), "{status}: {operation:?}");
        self.open = None;
        for (key, value) in &operation.after {
            match value {
                Some(value) => self.keys.insert(key.clone(), *value),
                None => self.keys.remove(key),
            };
        }
    }

    /// Whether the server has what this client believes, with or without what was not answered.
    fn check(&self, running: &Running) {
        let all = running.status("http/metric_zones/apps/metrics/");
        let prefix = format!("c{}_", self.number);
        let mine = all.as_object().unwrap().iter();
        let mine = mine.filter(|(key, _)| key.starts_with(&prefix));
        let found: BTreeMap<String, f64> = mine
            .map(|(key, value)| (key.clone(), value.as_f64().unwrap()))
            .collect();
        let mut with = self.keys.clone();
        for (key, value) in self.open.iter().flat_map(|open| &open.after) {
            match value {
                Some(value) => with.insert(key.clone(), *value),
                None => with.remove(key),
            };
        }
        assert!(
            found == self.keys || found == with,
            "{found:?}\n{:?}\n{:?}",
            self.keys,
            self.open
        );
    }
}

fn send(connection: &mut Connection, operation: &Operation) -> io::Result<u16> {
    let name = [("X-Idempotency-Key".to_owned(), operation.name.clone())];
    let body = Some(operation.body.as_bytes());
    connection.send(&head(operation.method, &operation.path, &name, body))?;
    Ok(connection.receive(operation.method)?.status)
}

#[test]
fn what_was_answered_is_never_lost_and_what_was_not_is_made_once() {
    let rounds = std::env::var("DURABLE_ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(15);
    let parts = parts();
    let mut running = Running::start(&parts);
    let mut clients: Vec<Client> = (0..CLIENTS).map(Client::new).collect();
    for round in 0..rounds {
        let (stop, address) = (AtomicBool::new(false), running.address());
        let site = thread::scope(|scope| {
            for client in &mut clients {
                let stop = &stop;
                scope.spawn(move || client.work(address, stop));
            }
            thread::sleep(Duration::from_millis(30 + round * 37 % 150));
            let site = kill(running);
            stop.store(true, Ordering::Relaxed);
            site
        });
        if round % 3 == 2 {
            reboot(&site, "apps");
        }
        running = Running::start_at(site, &parts);
        clients.iter().for_each(|client| client.check(&running));
    }
    let sent: u64 = clients.iter().map(|client| client.sent).sum();
    assert!(sent > 20 * rounds, "{sent} changes in {rounds} rounds");
    let log = running.site.read("error.log");
    assert!(!log.contains("[error]"), "{log}");
    running.server.stop().unwrap();
}
