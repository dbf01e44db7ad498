//! Who looks after backpressure zones: killed workers give back what they had however seldom signals are evaluated,
//! another configuration holds at once, and a keeper that does not move is stood in for.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;

use serde_json::json;

use crate::backpressure::{Origin, WORKERS, client_of, expect, get, keeper, parts, start};
use crate::harness::client;
use crate::harness::server::signal;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running, poll};

/// Two zones that are evaluated once an hour, one of them by keys.
fn seldom(origin: SocketAddr) -> Parts {
    let own = "signal n path=/http/metric_zones/none/metrics/v warn=1 emergency=2;";
    let zone = "min=40 max=40 interval=1h stale=1d";
    Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: format!(
            "backpressure_zone z:64k {zone} {{ {own} }}\n\
             backpressure_zone k:64k {zone} key=$arg_k {{ {own} }}\n"
        ),
        config: format!(
            "location / {{ backpressure z; backpressure k; proxy_pass http://{origin}; }}\n\
             location /free {{ backpressure z; backpressure k; try_files /none =204; }}\n"
        ),
        ..Parts::default()
    }
}

#[test]
fn killed_workers_give_back_what_they_had_however_long_the_interval_is() {
    let (address, origin) = Origin::start(60_000);
    let running = Running::start(&seldom(address));
    // Before and after the keeper has begun anew.
    for round in 1..=2 {
        let clients: Vec<TcpStream> = (0..40)
            .map(|_| {
                let mut stream = TcpStream::connect(running.address()).unwrap();
                let request = client::head("GET", "/?k=a", &[], None);
                stream.write_all(&request).unwrap();
                stream
            })
            .collect();
        let asked = || (origin.requests.load(Ordering::SeqCst) == 40 * round).then_some(());
        assert!(poll(PATIENCE, asked).is_some());
        assert_eq!(get(&running, "/free?k=a").status, 429);
        for worker in running.workers(WORKERS) {
            signal(&worker.to_string(), "KILL");
        }
        if round == 2 {
            signal(&keeper(&running).unwrap().to_string(), "KILL");
        }
        expect(&running, "active", 0);
        running.expect_status("http/backpressure_zones/k/active", &json!(0));
        running.expect_status("http/backpressure_zones/k/keys/a/active", &json!(0));
        assert_eq!(get(&running, "/free?k=a").status, 204);
        drop(clients);
    }
    running.server.stop().unwrap();
}

#[test]
fn another_configuration_holds_at_once() {
    let (origin, _) = Origin::start(0);
    let zone = |rest: &str| format!("interval=1h stale=1d {rest}");
    let running = start(&zone("min=2 max=50"), origin);
    running.expect_status(
        "http/backpressure_zones/z/signals/number/evaluations",
        &json!(1),
    );
    client_of(&running, "/free", 30);
    expect(&running, "window", 32);
    running.reload(&parts(&zone("min=2 max=20"), origin));
    expect(&running, "window", 20);
    running.reload(&parts(&zone("min=40 max=60"), origin));
    expect(&running, "window", 40);
    assert_eq!(get(&running, "/set?v=1000").status, 204);
    // A signal that was not there before, and what the others say now.
    let mut other = parts(&zone("min=4 max=60"), origin);
    let new = "signal new path=/http/metric_zones/number/metrics/w warn=1 emergency=2;\n";
    other.http_config = other.http_config.replacen("{\n", &format!("{{\n{new}"), 1);
    running.reload(&other);
    expect(&running, "window", 4);
    let signals = running.status("http/backpressure_zones/z/signals");
    assert_eq!(signals["new"]["stale"], true, "{signals}");
    assert_eq!(signals["number"]["value"], 1000, "{signals}");
    running.server.stop().unwrap();
}

#[test]
fn a_keeper_that_is_stopped_is_stood_in_for() {
    let (origin, _) = Origin::start(0);
    let running = start("min=1 max=50 interval=100ms", origin);
    client_of(&running, "/free", 30);
    let keeper = poll(PATIENCE, || keeper(&running)).unwrap().to_string();
    for (value, expected) in [(40, 13), (1000, 1)] {
        signal(&keeper, "STOP");
        assert_eq!(get(&running, &format!("/set?v={value}")).status, 204);
        expect(&running, "window", expected);
        // Nor does anybody keep what a killed worker had.
        signal(&running.workers(WORKERS)[0].to_string(), "KILL");
        assert_eq!(get(&running, "/set?v=0").status, 204);
        running.expect_status("http/backpressure_zones/z/allowance", &json!(1));
        expect(&running, "active", 0);
        // It goes on where the others are.
        signal(&keeper, "CONT");
        client_of(&running, "/free", 30);
        assert_eq!(get(&running, "/set?v=40").status, 204);
        expect(&running, "window", 13);
        assert_eq!(get(&running, "/set?v=0").status, 204);
        running.expect_status("http/backpressure_zones/z/allowance", &json!(1));
        client_of(&running, "/free", 30);
    }
    running.server.stop().unwrap();
}
