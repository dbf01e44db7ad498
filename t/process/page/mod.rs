//! The page of `console` in Chromium: its numbers are the API's for every mode, keys are text whatever they hold, its
//! policy holds, and it asks little: `PAGE_KEYS=1000000 --nocapture` tells how soon it shows a zone of so many keys.

mod chromium;

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::{Value, json};

use self::chromium::Page;
use crate::clients::have;
use crate::harness::client::{self, Connection};
use crate::harness::server::signal;
use crate::harness::site::Parts;
use crate::harness::{PATIENCE, Running};

/// A zone of each mode, one of several, and a zone that takes whatever is pushed.
const ZONES: &str = "keepalive_requests 10000000;\n\
    metric_zone tries:64k count;\nmetric_zone balance:64k gauge;\nmetric_zone latest:64k last;\n\
    metric_zone lowest:64k min;\nmetric_zone highest:64k max;\nmetric_zone smooth:64k average exp factor=60;\n\
    metric_zone recent:64k average mean count=20;\nmetric_zone spread:64k histogram 0.1 0.2 0.5 1 2 +Inf;\n\
    metric_complex_zone several:64k { requests count; slowest max; seconds histogram 0.1 1 +Inf; }\n\
    metric_zone any:256m gauge;\nlimit_req_zone $arg_k zone=rates:64k rate=1000r/s;\n";
const SIMPLE: [&str; 8] = [
    "tries", "balance", "latest", "lowest", "highest", "smooth", "recent", "spread",
];

fn start() -> Option<Running> {
    if !have("chromium") {
        return None;
    }
    let mut feed = String::new();
    for zone in SIMPLE.into_iter().chain(["several"]) {
        let _ = write!(feed, "metric {zone} $arg_k=$arg_v on=request; ");
    }
    Some(Running::start(&Parts {
        http_config: ZONES.into(),
        config: format!(
            "status_zone site;\nlocation = /console/ {{ console; }}\n\
             location /push/ {{ metric_push any create=on; }}\n\
             location ~ \"(?s)^/key/(?<key>.*)$\" {{ metric any $key=1 on=request; return 204; }}\n\
             location /feed {{ {feed} return 204; }}\n"
        ),
        ..Parts::default()
    }))
}

fn open(running: &Running, place: &str) -> Page {
    let mut page = Page::open(&running.site.directory);
    page.go(&format!("http://{}/console/{place}", running.address()));
    page
}

fn get(running: &Running, path: &str) -> Value {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let response = connection.get(path).unwrap();
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    serde_json::from_slice(&response.body).unwrap()
}

/// Sets keys of the zone that takes whatever is pushed.
fn push(running: &Running, keys: impl Iterator<Item = (String, f64)>) {
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let all: Vec<(String, f64)> = keys.collect();
    for some in all.chunks(1000) {
        let set = |(key, value): &(String, f64)| (key.clone(), json!({"value": value}));
        let body = Value::Object(some.iter().map(set).collect()).to_string();
        let request = client::head("PATCH", "/push/", &[], Some(body.as_bytes()));
        connection.send(&request).unwrap();
        let response = connection.receive("PATCH").unwrap();
        assert_eq!(response.status, 204, "{}", response.text());
    }
}

/// The page has had an answer.
const LIVE: &str = "document.getElementById('state').dataset.state === 'live'";

/// What the page has in its table: for each key, the values of the row.
const TABLE: &str = "Object.fromEntries([...document.querySelectorAll('tbody tr')].map((row) => \
    [row.querySelector('[data-key]').dataset.key, [...row.querySelectorAll('td[data-value]')].map((cell) => Number(cell.dataset.value))]))";

#[test]
fn its_numbers_are_those_of_the_api_for_every_mode() {
    let Some(running) = start() else { return };
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for (key, value) in [
        ("a", 0.05),
        ("b", 0.15),
        ("a", 0.75),
        ("a", 1.5),
        ("c", 3.0),
        ("b", -2.5),
    ] {
        let target = format!("/feed?k={key}&v={value}");
        assert_eq!(connection.get(&target).unwrap().status, 204);
    }
    let mut page = open(&running, "#/");
    for zone in SIMPLE.into_iter().chain(["several"]) {
        page.value(&format!("location.hash = '#/zone/{zone}'"));
        page.wait(&format!(
            "document.querySelector('h1').textContent === '{zone}' && document.querySelectorAll('tbody tr').length === 3"
        ));
        let shown = page.value(TABLE);
        let told = get(
            &running,
            &format!("/status/http/metric_zones/{zone}/metrics/"),
        );
        for (key, value) in told.as_object().unwrap() {
            let row = shown[key].as_array().unwrap();
            assert_eq!(
                numbers(value),
                row[..numbers(value).len()],
                "{zone} {key}: {row:?}"
            );
        }
        assert_eq!(told.as_object().unwrap().len(), 3);
        page.wait("document.querySelector('.plot canvas').getAttribute('aria-label').includes('Arrow keys')");
    }
    // What lies between limits, as Prometheus has it.
    page.value("location.hash = '#/zone/spread'");
    page.wait("document.querySelector('h1').textContent === 'spread' && document.querySelectorAll('tbody tr').length === 3");
    assert_eq!(page.value(TABLE)["a"][1], json!(0.75));
    let card = "[...document.querySelectorAll('.zone')].find((one) => one.querySelector('h3').textContent === 'tries')";
    page.value("location.hash = '#/'");
    page.wait(&format!(
        "{card}.querySelector('[data-value]').dataset.value === '3'"
    ));
    assert_eq!(page.faults(), [""; 0]);
}

/// What the page shows of a value before anything that it works out: numbers, and of a histogram how many values it has.
fn numbers(value: &Value) -> Vec<Value> {
    let Some(members) = value.as_object() else {
        return vec![shortest(value)];
    };
    if let Some(all) = members.get("+Inf") {
        return vec![all.clone()];
    }
    let metrics = ["requests", "slowest", "seconds"];
    metrics
        .iter()
        .flat_map(|name| numbers(&members[*name]))
        .collect()
}

/// A number as the page's script gives it back.
fn shortest(number: &Value) -> Value {
    match number.as_f64() {
        Some(value) if value.fract() == 0.0 => json!(value as i64),
        _ => number.clone(),
    }
}

/// Each view, and what is true once it is shown.
const VIEWS: [(&str, &str); 14] = [
    (
        "metrics",
        "document.querySelectorAll('tbody tr').length === 10",
    ),
    (
        "servers",
        "document.querySelector('tbody th').textContent === 'site'",
    ),
    (
        "locations",
        "document.querySelector('.empty:not([hidden])')",
    ),
    (
        "upstreams",
        "document.querySelector('h1').textContent === 'Upstreams'",
    ),
    (
        "caches",
        "document.querySelector('h1').textContent === 'Caches'",
    ),
    (
        "sessions",
        "document.querySelector('h1').textContent === 'Sessions'",
    ),
    (
        "rates",
        "[...document.querySelectorAll('h2')].some((title) => title.textContent.includes('rates'))",
    ),
    (
        "numbers",
        "document.querySelector('h1').textContent === 'Limits of number'",
    ),
    (
        "backpressure",
        "document.querySelector('h1').textContent === 'Backpressure'",
    ),
    (
        "memory",
        "[...document.querySelectorAll('tbody th')].some((cell) => cell.textContent === 'any')",
    ),
    (
        "processes",
        "[...document.querySelectorAll('tbody th')].some((cell) => cell.textContent === 'worker-1')",
    ),
    (
        "values",
        "[...document.querySelectorAll('tbody th')].some((cell) => cell.textContent === '/connections/accepted')",
    ),
    (
        "configuration",
        "document.querySelector('.empty:not([hidden])').textContent.includes('api_config_files')",
    ),
    (
        "%zz/nonsense",
        "document.querySelector('h1').textContent === 'Overview'",
    ),
];

#[test]
fn every_view_has_what_it_is_about() {
    let Some(running) = start() else { return };
    let mut page = open(&running, "#/");
    page.wait(LIVE);
    for (place, sign) in VIEWS {
        page.value(&format!("location.hash = '#/{place}'"));
        page.wait(sign);
        assert_eq!(
            page.value("document.activeElement.tagName"),
            json!("H1"),
            "{place}"
        );
    }
    assert_eq!(page.faults(), [""; 0]);
}

/// A server that takes connections and says nothing.
#[test]
fn it_says_how_long_it_waits_and_goes_on() {
    let Some(running) = start() else { return };
    let mut page = open(&running, "");
    page.wait(LIVE);
    for worker in running.workers(1) {
        signal(&worker.to_string(), "STOP");
    }
    page.wait("document.getElementById('state').dataset.state === 'waiting' && /\\d/.test(document.getElementById('state').textContent)");
    for worker in running.workers(1) {
        signal(&worker.to_string(), "CONT");
    }
    page.wait("document.getElementById('state').dataset.state === 'live' && !/\\d/.test(document.getElementById('state').textContent)");
}

/// A zone that a reload takes away while its page is open, and another brings back.
#[test]
fn a_zone_that_is_gone_is_said_to_be_while_the_rest_goes_on() {
    let Some(mut running) = start() else { return };
    push(&running, [("old".to_owned(), 1.0)].into_iter());
    let parts = |zones: &str| Parts {
        http_config: zones.into(),
        config: "location = /console/ { console; }\nlocation /status/ { api /status/; }\n\
                 location /push/ { metric_push any create=on; }\n"
            .replace(
                if zones.contains("any") {
                    ""
                } else {
                    "metric_push any create=on;"
                },
                if zones.contains("any") {
                    ""
                } else {
                    "return 204;"
                },
            ),
        ..Parts::default()
    };
    let mut page = open(&running, "#/zone/any");
    page.wait("document.querySelectorAll('tbody tr').length === 1");
    page.wait("document.querySelector('.charts').textContent.includes('old')");
    running.reload(&parts("metric_zone tries:64k count;\n"));
    page.wait("document.querySelector('#view').textContent.includes('There is no metric zone \"any\" any more.')");
    page.wait(LIVE);
    assert_eq!(
        page.value("document.getElementById('notice').hidden"),
        json!(true)
    );
    running.reload(&parts("metric_zone any:64k gauge;\n"));
    page.wait("document.querySelector('#view').textContent.includes('0 keys')");
    assert_eq!(
        page.value("document.querySelector('.charts').textContent.includes('old')"),
        json!(false)
    );
    page.value("location.hash = '#/zone/nozone'");
    page.wait("document.querySelector('#view').textContent.includes('There is no metric zone \"nozone\".')");
    page.wait(LIVE);
    running.server.signal("TERM");
    running.server.wait_for_exit(PATIENCE);
}

#[test]
fn what_it_counts_it_names_and_what_it_leaves_out_it_tells() {
    let Some(running) = start() else { return };
    let zone = "metric_complex_zone many:64k { a count; b count; c count; d count; e count; f count; g count; h count; }\n";
    running.reload(&Parts {
        http_config: zone.into(),
        config: "location = /console/ { console; }\n".into(),
        ..Parts::default()
    });
    let mut page = open(&running, "#/");
    page.wait("document.querySelector('.zone .chips').textContent.endsWith('+2')");
    page.wait("document.querySelector('.tiles').textContent.includes('1 worker ·')");
    page.value("location.hash = '#/values'");
    let master = running.server.id();
    page.wait(&format!(
        "[...document.querySelectorAll('tbody td')].some((cell) => cell.textContent === '{master}')"
    ));
}

/// Keys that a page could take for something else.
const HOSTILE: [&str; 18] = [
    "<img src=x onerror=\"window.hacked=1\">",
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=1//",
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "1",
    "-0",
    " ",
    "&amp;&lt;",
    "javascript:window.hacked=1",
    "\u{202e}desrever",
    "a/b?c#d%41",
    "\u{2028}",
    "\u{feff}",
    "'\"`",
    "\u{1f600}",
];

#[test]
fn keys_are_text_whatever_they_hold() {
    let Some(running) = start() else { return };
    let mut keys: Vec<String> = (1..=0x2ff)
        .filter_map(char::from_u32)
        .map(|one| format!("k{one}k"))
        .collect();
    keys.extend(HOSTILE.map(str::to_owned));
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    let encoded = keys.iter().map(|key| {
        let byte = |byte: u8| format!("%{byte:02x}");
        key.bytes().map(byte).collect()
    });
    let ill_formed = ["%ff%fe", "%fe%ff", "%c3%28x", "%01%02%7f"].map(str::to_owned);
    for raw in encoded.chain(ill_formed) {
        let answer = connection.get(&format!("/key/{raw}")).unwrap();
        assert_eq!(answer.status, 204, "{raw}");
    }
    let mut page = open(&running, "#/zone/any");
    let mut shown = BTreeSet::new();
    for turn in 1.. {
        page.wait("document.querySelectorAll('tbody tr').length > 0");
        shown.extend(page.value(TABLE).as_object().unwrap().keys().cloned());
        if page.value("[...document.querySelectorAll('.foot button')][1].disabled") == json!(true) {
            break;
        }
        page.value("[...document.querySelectorAll('.foot button')][1].click()");
        page.wait(&format!(
            "document.querySelector('.foot').textContent.includes('{} – ')",
            50 * turn + 1
        ));
    }
    let told = get(&running, "/status/http/metric_zones/any/metrics/");
    let told: BTreeSet<String> = told.as_object().unwrap().keys().cloned().collect();
    assert_eq!(shown, told);
    assert!(told.len() >= keys.len(), "{} of {}", told.len(), keys.len());
    assert_eq!(
        page.value(
            "window.hacked === undefined && !document.querySelector('#view img, #view script')"
        ),
        json!(true)
    );
    // A row is found by its text, charted, and named by what of it can be seen.
    page.value("(() => { const box = document.querySelector('.search'); box.value = '<IMG'; box.dispatchEvent(new Event('input')); })()");
    page.wait("document.querySelectorAll('tbody tr').length === 1");
    page.value("document.querySelector('.dot').click()");
    page.wait("document.querySelector('.dot').getAttribute('aria-pressed') === 'true' || document.querySelector('#said').textContent");
    page.value("location.hash = '#/'");
    page.wait("document.querySelectorAll('.zone').length === 10");
    assert_eq!(page.value("window.hacked === undefined"), json!(true));
    assert_eq!(page.faults(), [""; 0]);
}

#[test]
fn its_policy_holds() {
    let Some(running) = start() else { return };
    let mut page = open(&running, "");
    page.wait("document.querySelectorAll('.zone').length === 10");
    page.value("window.refused = []; document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective)); 0");
    page.value("document.getElementById('view').innerHTML += '<img src=x onerror=\"window.hacked=1\"><p style=\"color:red\">'; 0");
    page.value("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.hacked=1' })); 0");
    let elsewhere = format!(
        "fetch('http://127.0.0.1:{}/').then(() => 'asked', () => 'refused')",
        running.site.second_port
    );
    assert_eq!(page.value(&elsewhere), json!("refused"));
    page.wait("['connect-src', 'script-src-elem', 'style-src-attr'].every((one) => refused.includes(one)) && refused.some((one) => one === 'img-src' || one === 'script-src-attr')");
    assert_eq!(page.value("window.hacked === undefined"), json!(true));
}

#[test]
fn it_sorts_pages_and_searches_by_the_server_and_asks_nothing_while_hidden() {
    let Some(running) = start() else { return };
    let count: u32 = std::env::var("PAGE_KEYS")
        .ok()
        .and_then(|keys| keys.parse().ok())
        .unwrap_or(5000);
    push(
        &running,
        (0..count).map(|key| (format!("key/{key:07}"), f64::from(key))),
    );
    let mut page = open(&running, "#/zone/any");
    page.wait("document.querySelectorAll('tbody tr').length === 50");
    let paint = "Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)";
    let (paint, rows) = (
        page.value(paint),
        page.value("Math.round(performance.now())"),
    );
    println!("{count} keys: first paint after {paint} ms, rows before {rows} ms");
    let first = "document.querySelector('tbody [data-key]').dataset.key";
    assert_eq!(page.value(first), json!(format!("key/{:07}", count - 1)));
    page.value("[...document.querySelectorAll('thead button')].find((one) => one.textContent.startsWith('Value')).click()");
    page.wait(&format!("{first} === 'key/0000000'"));
    assert_eq!(
        page.value("document.querySelector('th[aria-sort]').getAttribute('aria-sort')"),
        json!("ascending")
    );
    page.value("[...document.querySelectorAll('.foot button')][1].click()");
    page.wait(&format!("{first} === 'key/0000050'"));
    page.value("(() => { const box = document.querySelector('.search'); box.value = 'KEY/00012'; box.dispatchEvent(new Event('input')); })()");
    page.wait(&format!("{first} === 'key/0001200' && document.querySelector('#said').textContent === '100 rows found'"));
    // Hidden, and shown again.
    page.value("Object.defineProperty(document, 'hidden', { value: true, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))");
    // Requests that were under way may still come in; then there are three seconds without any, which one a second never leaves.
    let asked = "performance.getEntriesByType('resource').length";
    let before = (0..20)
        .find_map(|_| {
            let before = page.value(asked);
            std::thread::sleep(std::time::Duration::from_secs(3));
            (page.value(asked) == before).then_some(before)
        })
        .unwrap();
    page.value("Object.defineProperty(document, 'hidden', { value: false, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))");
    page.wait(&format!("{asked} > {before}"));
    assert_eq!(page.faults(), [""; 0]);
}

#[test]
fn it_says_when_there_is_no_answer_and_goes_on_when_there_is() {
    let Some(running) = start() else { return };
    let mut page = open(&running, "");
    page.wait(LIVE);
    let rules =
        json!({"offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    page.call("Network.emulateNetworkConditions", rules);
    page.wait("document.getElementById('state').dataset.state === 'lost' && !document.getElementById('notice').hidden");
    let rules =
        json!({"offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    page.call("Network.emulateNetworkConditions", rules);
    page.wait("document.getElementById('state').dataset.state === 'live' && document.getElementById('notice').hidden");
}
