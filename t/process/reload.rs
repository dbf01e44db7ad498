//! Reloads under load: no request fails, no count is lost, a bad configuration changes nothing.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::harness::load::{Account, Habit, Load};
use crate::harness::site::{Parts, Site};
use crate::harness::{PATIENCE, Running, compare, poll};

const RELOADS: usize = 10;

fn counting(size: &str, location: &str) -> Parts {
    Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "keepalive_requests 1000000;\nmetric_complex_zone z:{size} {{ n count; sum gauge; }}\n\
             metric_zone ends:64k count;\n"
        ),
        config: format!(
            "location /hit {{ metric z k=2 on=request; metric ends $status on=end; {location} }}\n"
        ),
        ..Parts::default()
    }
}

/// Reloads ten times while clients of both habits work; gives their account.
fn reload_under_load(running: &Running, mut next: impl FnMut(usize) -> Parts) -> Account {
    let address = running.address();
    let kept = Load::start(address, "/hit", 4, Habit::KeepAlive);
    let fresh = Load::start(address, "/hit", 4, Habit::ConnectionPerRequest);
    for number in 0..RELOADS {
        running.reload(&next(number));
        thread::sleep(Duration::from_millis(100));
    }
    kept.finish().plus(fresh.finish())
}

fn assert_all_counted(running: &Running, account: &Account) {
    let made = account.answered;
    assert_eq!(account.failed, 0, "{:?}", account.reasons);
    assert!(made > 500, "only {made} requests were made");
    running.expect_status("http/metric_zones/ends/metrics", &json!({ "200": made }));
    let counted = running.status("http/metric_zones/z/metrics/k");
    assert_eq!(counted["n"], json!(made));
    assert_eq!(counted["sum"].as_f64(), Some(2.0 * made as f64));
    running.expect_status("angie/generation", &json!(RELOADS + 1));
}

#[test]
fn ten_reloads_fail_no_request_and_lose_no_count() {
    let parts = counting("64k", "return 200 ok;");
    let running = Running::start(&parts);
    let account = reload_under_load(&running, |_| parts.clone());
    assert_all_counted(&running, &account);
    running.server.stop().unwrap();
}

#[test]
fn ten_reloads_fail_no_proxied_request() {
    let mut site = Site::create().unwrap();
    site.add_origin("o", "* * 200\n    | hello\n").unwrap();
    let parts = counting("64k", "proxy_pass http://$ORIGIN_o;");
    let running = Running::start_at(site, &parts);
    let account = reload_under_load(&running, |_| parts.clone());
    assert_all_counted(&running, &account);
    running.server.stop().unwrap();
}

#[test]
fn a_zone_that_changes_its_size_under_load_loses_nothing() {
    let sizes = ["256k", "32k", "1m", "64k"];
    let running = Running::start(&counting("64k", "return 200 ok;"));
    let account = reload_under_load(&running, |number| {
        counting(sizes[number % sizes.len()], "return 200 ok;")
    });
    assert_all_counted(&running, &account);
    running.server.stop().unwrap();
}

#[test]
fn a_bad_reload_changes_nothing() {
    let parts = counting("64k", "return 200 ok;");
    let running = Running::start(&parts);
    let workers = running.workers(2);
    let load = Load::start(running.address(), "/hit", 2, Habit::ConnectionPerRequest);
    for bad in [
        "metric_zone z:64k nonsense;",
        "}",
        "include nowhere.conf;",
        "metric_zone \"x",
    ] {
        let seen = running.site.read("error.log").len();
        running
            .site
            .write(&Parts {
                http_config: bad.into(),
                ..parts.clone()
            })
            .unwrap();
        running.server.signal("HUP");
        let said = poll(PATIENCE, || {
            let log = running.site.read("error.log");
            let refused = compare::matches(r"\[emerg\].* in ", log.get(seen..)?).ok()?;
            refused.then_some(())
        });
        assert!(said.is_some(), "nothing was logged about {bad:?}");
    }
    let account = load.finish();
    assert_eq!(account.failed, 0, "{:?}", account.reasons);
    assert_eq!(running.workers(2), workers);
    assert_eq!(running.status("angie/generation"), json!(1));
    running.expect_status(
        "http/metric_zones/ends/metrics",
        &json!({ "200": account.answered }),
    );
    running.reload(&parts);
    assert_eq!(running.status("angie/generation"), json!(2));
    running.expect_status(
        "http/metric_zones/ends/metrics",
        &json!({ "200": account.answered }),
    );
    running.server.stop().unwrap();
}

#[test]
fn a_request_under_way_ends_under_its_own_configuration() {
    let mut site = Site::create().unwrap();
    site.add_origin("slow", "* * 200 delay=1.5\n    | slow\n")
        .unwrap();
    let parts = counting("64k", "proxy_pass http://$ORIGIN_slow;");
    let running = Running::start_at(site, &parts);
    let address = running.address();
    let pending = thread::spawn(move || {
        crate::harness::client::Connection::open(address, PATIENCE)
            .unwrap()
            .get("/hit")
    });
    let started = poll(PATIENCE, || {
        (running.status("http/metric_zones/z/metrics") != json!({})).then_some(())
    });
    assert!(started.is_some());
    running.reload(&counting("64k", "return 200 new;"));
    let mut fresh = crate::harness::client::Connection::open(address, PATIENCE).unwrap();
    assert_eq!(fresh.get("/hit").unwrap().text(), "new");
    let response = pending.join().unwrap().unwrap();
    assert_eq!((response.status, response.text().as_str()), (200, "slow"));
    running.expect_status("http/metric_zones/ends/metrics", &json!({ "200": 2 }));
    let gone = poll(PATIENCE, || {
        (running.server.workers().len() == 2).then_some(())
    });
    assert!(gone.is_some(), "{:?}", running.server.workers());
    running.server.stop().unwrap();
}
