//! Whatever clients make of their keys, every page is one that finished clients read: promtool, the
//! parsers of `prometheus_client` (the strict one for OpenMetrics), one that splits lines as Python does, and a
//! real Prometheus. And what they read is what the JSON says.
//!
//! The keys are hostile ones by hand and random ones by a seed; `SEED=N` tries others.

use std::collections::{BTreeMap, HashSet};

use crate::clients::have;
use crate::harness::client::{self, Connection};
use crate::harness::exposition::{self, Form, PYTHON, Series};
use crate::harness::load::{Habit, Load};
use crate::harness::random::Random;
use crate::harness::site::Parts;
use crate::harness::tree::Tree;
use crate::harness::{PATIENCE, Running, poll};
use crate::prometheus::Scraper;

/// Zones of every mode; in the last four there is no room for all keys.
const ZONES: [(&str, &str); 15] = [
    ("count", "count:1m count"),
    ("balance", "balance:1m gauge"),
    ("last", "last:1m last"),
    ("min", "min:1m min"),
    ("max", "max:1m max"),
    ("exp", "exp:1m average exp"),
    ("mean", "mean:1m average mean count=3"),
    ("window", "window:1m average mean window=1h"),
    ("spread", "spread:1m histogram 0.1 1 5 +Inf"),
    ("finite", "finite:1m histogram 5 1 0x10"),
    ("\"odd zonë\"", "\"odd zonë:1m\" max"),
    ("expiring", "expiring:32k expire=on count"),
    (
        "folding",
        "folding:32k expire=on discard_key='o\"ther\\\\' count",
    ),
    ("full", "full:32k expire=off last"),
    ("kept", "kept:32k discard_key=others histogram 1 +Inf"),
];

const COMPLEX: &str = "
metric_complex_zone all:2m discard_key=all {
    n count; g gauge; l last; lo min; hi max; e average exp; mid average mean; heat histogram -1 0 1 5;
    inf histogram 1 +Inf; 'odd \"name\\\\' count;
}";

/// Keys of several parts, all of them hostile but one.
const PARTS: &str = "
metric_zone parts:1m labels=method,path,odd count;";

const TEMPLATES: &str = r#"
prometheus_template groups {
    'groups_discarded_total{zone="$1"}' $p8s_value
        path=~^/http/metric_zones/([^/]+)/discarded$ type=counter help=Lost.;
    'groups{zone="$1",path="$2"}' $p8s_value
        path=~(?s)^/http/metric_zones/([^/]+)/metrics/(.+)$ type=gauge 'help=All there is.';
}
prometheus_template named {
    'named{zone="$zone",path="$path",both="$zone $path"}' $p8s_value
        path=~(?s)^/http/metric_zones/(?<zone>[^/]+)/metrics/(?<path>.+)$ type=gauge help=All.;
}
prometheus_template lines {
    'lines{zone="$1",path="$2"}' $p8s_value
        path=~^/http/metric_zones/([^/]+)/metrics/(.+)$ type=gauge help=All.;
}
prometheus_template literal {
    'literal{key="plain"}' $p8s_value path=/http/metric_zones/last/metrics/plain type=gauge help=One.;
    'literal{key="sl/ash"}' $p8s_value path=/http/metric_zones/last/metrics/sl/ash;
    'literal{key="q\\"uote"}' $p8s_value path=/http/metric_zones/last/metrics/q"uote;
    literal_keys $p8s_value path=/http/metric_zones/last/metrics/ type=gauge help=Keys.;
    'literal_start{key="$1",all="$0"}' $p8s_value path=~^/http/metric_zones/max/metrics/(.) help=Ambiguous.;
}
"#;

/// All that `metric_zone` can be told; patterns that tell keys apart, and some that do not.
const OPTIONS: &str = r#"
prometheus_template options {
    metric_zone count as=renamed label=what 'help=Not a "name", but a\\b.';
    metric_zone spread as=cut 'labels=~(?s)^(?<start>[^{]*)(?<rest>.*)$' help=Cut.;
    metric_zone spread as=first labels=~(?s)^(?<first>.) help=Many.;
    metric_zone all as=last 'labels=~(?s)(?<last>["/]*)$' help=Many.;
    metric_zone all as=none max_keys=10;
    metric_zone parts as=methods aggregate=path,odd help=Few.;
    metric_zone parts as=paths aggregate=odd,method help=Many.;
    metric_zone * prefix=every_ keys=labels help=Every;
}
"#;

/// Pages where the name of a family comes from a zone or a key, which style guides frown upon.
const NAMED_BY_KEYS: [&str; 2] = ["zones", "families"];
const PAGES: [&str; 8] = [
    "options", "groups", "named", "lines", "literal", "all", "zones", "families",
];

fn start(random: &mut Random) -> Running {
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/conf/prometheus_all.conf");
    let zones: String = ZONES
        .map(|(_, zone)| format!("metric_zone {zone};\n"))
        .concat();
    let names = || ZONES.iter().map(|(name, _)| *name).chain(["all"]);
    let updates = |key: &str| -> String {
        let line = |zone| format!("metric {zone} \"{key}=$arg_v\" on=request;\n");
        let parts =
            format!("metric parts $request_method \"{key}\" \"x{key}=$arg_v\" on=request;\n");
        names().map(line).chain([parts]).collect()
    };
    let lines = |options: &str| -> String {
        names()
            .map(|zone| format!("metric_zone {zone} {options};\n"))
            .collect()
    };
    let pages = PAGES.map(|page| format!("location = /{page} {{ prometheus {page}; }}\n"));
    let running = Running::start(&Parts {
        main_config: "worker_processes 2;\n".into(),
        http_config: format!(
            "include {shipped};\n{zones}{COMPLEX}{PARTS}\n{TEMPLATES}\n{OPTIONS}\n\
             prometheus_template zones {{ {} metric_zone parts prefix=z_; }}\n\
             prometheus_template families {{ {} {} }}\n",
            lines("prefix=z_"),
            lines("keys=families"),
            lines("keys=families prefix=f:_"),
        ),
        config: format!(
            "status_zone site;\n{}location / {{ return 204; }}\n\
             location ~ \"(?s)^/path/(?<key>.*)$\" {{ {} return 204; }}\n\
             location = /field {{ {} return 204; }}\n\
             location /text/ {{ proxy_pass http://127.0.0.1:$PORT/; proxy_set_header Accept text/plain; }}\n",
            pages.concat(),
            updates("$key"),
            updates("$http_x_key"),
        ),
        ..Parts::default()
    });
    give(&running, random);
    running
}

/// Sends all keys, each with a few values, within paths and as a field of the head.
fn give(running: &Running, random: &mut Random) {
    let values = [
        "", "0", "1", "2.5", "-3", "abc", "1e300", "-1e-300", "7e9", "0.1",
    ];
    let mut connection = Connection::open(running.address(), PATIENCE).unwrap();
    for key in population(random) {
        for _ in 0..=random.below(3) {
            let value = values[random.below(values.len())];
            let bytes = if random.below(2) == 0 {
                let key: String = key.iter().map(|byte| format!("%{byte:02X}")).collect();
                client::head("GET", &format!("/path/{key}?v={value}"), &[], None)
            } else {
                in_field(&key, value)
            };
            connection.send(&bytes).unwrap();
            let response = connection.receive("GET").unwrap();
            // Control characters may be refused, and paths that lead out of the root.
            let may_be =
                key.iter().any(u8::is_ascii_control) || key.windows(2).any(|two| two == b"..");
            let is_well = response.status == 204 || may_be && response.status == 400;
            let key = key.escape_ascii().to_string();
            assert!(is_well, "{key:?} is answered with {}", response.status);
            if response.closes() {
                connection = Connection::open(running.address(), PATIENCE).unwrap();
            }
        }
    }
}

fn in_field(key: &[u8], value: &str) -> Vec<u8> {
    let start = format!("GET /field?v={value} HTTP/1.1\r\nHost: a\r\nX-Key: ");
    // A line end would begin another field; paths bring those.
    let key: Vec<u8> = key
        .iter()
        .copied()
        .filter(|byte| !matches!(byte, b'\r' | b'\n'))
        .collect();
    [start.as_bytes(), &key, b"\r\n\r\n"].concat()
}

/// Keys that mean something to some format, every byte, and random rows of such pieces.
fn population(random: &mut Random) -> Vec<Vec<u8>> {
    let pieces: Vec<Vec<u8>> = PIECES.iter().map(|piece| piece.to_vec()).collect();
    let mut keys = pieces.clone();
    keys.extend((0..=255).map(|byte| vec![b'a', byte, b'z']));
    for character in ["é", "€", "😀"] {
        // Cut inside a character, at its end, and just before it.
        keys.extend((250..258).map(|length| [b"k".repeat(length), character.into()].concat()));
    }
    keys.extend([b"\"", b"\\", b"\n", b"/", b"{", b"\xff"].map(|byte| byte.repeat(300)));
    for _ in 0..100 {
        let row = (0..=random.below(6)).map(|_| pieces[random.below(pieces.len())].clone());
        keys.push(row.collect::<Vec<_>>().concat());
    }
    keys
}

const PIECES: &[&[u8]] = &[
    b"plain",
    b"sl/ash",
    b"q\"uote",
    b"\\",
    b"\\\\",
    b"\\\"",
    b"\\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b" ",
    b"\"} 1\nfake{a=\"",
    b"\"} 1 # {trace_id=\"x\"} 1",
    b"# EOF",
    b"\n# EOF\n",
    b"\n# TYPE count gauge\n",
    b"{}",
    b"{",
    b"}",
    b"le=\"1\"",
    b"{le=\"1\"}",
    b"k{le=\"+Inf\"}",
    b"k{key=\"x\"}",
    b"k{key=\"x\",key=\"y\"}",
    b"k{__name__=\"x\"}",
    b"k{quantile=\"0.5\"}",
    b"k{a=\"\xff\"}",
    b"k{a=\"\\x\"}",
    b"k{a=\"q\\\"\\\\\\n\",b=\"\"}",
    b"k_total",
    b"k_total{a=\"b\"}",
    b"k_count",
    b"k_sum",
    b"k_bucket",
    b"k_bucket{le=\"1\"}",
    b"k_created",
    b"k_info",
    b"k_seconds",
    b"groups",
    b"z_count",
    b"angie_generation",
    b"angie_generation",
    b"others",
    b"all",
    b"o\"ther\\",
    b"=",
    b"a=b",
    b"=1",
    b",",
    b"#",
    b"NaN",
    b"+Inf",
    b"..",
    b"/",
    b"//",
    b"/./",
    b"1",
    b"n",
    b"heat/1",
    b"metrics/",
    b"metrics/discarded",
    b"discarded",
    b"%",
    b"%22",
    b"$key",
    b"$1",
    b"?",
    b"&",
    b"\0",
    b"\x7f",
    b"\x80",
    b"\xc3",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\xaf",
    b"\xef\xbf\xbd",
    b"\xef\xbb\xbf",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xa9",
    b"\x0b",
    b"\x0c",
    b"\x1c",
    b"\x1d\x1e",
    b"k{a=\"\x0b\"}",
    b"k.total",
    b"k-total{a=\"b\"}",
    b"\xe2\x80\xae",
    "e\u{301}".as_bytes(),
    "é".as_bytes(),
    "😀".as_bytes(),
];

#[test]
fn every_page_is_read_as_the_json_says() {
    if !have("promtool") || !have(PYTHON) {
        return;
    }
    let running = start(&mut Random::seeded());
    let tree = zones(&running);
    assert!(tree.member("count").member("metrics").members().len() > 250);
    let mut faults = Vec::new();
    for page in PAGES {
        for form in Form::BOTH {
            let body = form.get(&running, &format!("/{page}")).body;
            let checks = [
                exposition::samples(form, &body)
                    .and_then(|samples| compare(&samples, &expected(page, form, &tree))),
                lint(page, form, &body),
            ];
            let failed = checks.into_iter().filter_map(Result::err);
            faults.extend(failed.map(|fault| format!("{page}, {form:?}: {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    running.server.stop().unwrap();
}

#[test]
fn prometheus_takes_every_page_in_both_forms() {
    if !have("prometheus") {
        return;
    }
    let running = start(&mut Random::seeded());
    let job = |path: &str, page: &str| {
        let port = running.site.port;
        format!(
            "- job_name: '{path}{page}'\n  metrics_path: {path}{page}\n  scrape_interval: 15s\n  scrape_timeout: 15s\n  \
             static_configs: [{{ targets: ['127.0.0.1:{port}'] }}]\n"
        )
    };
    // By itself Prometheus asks for OpenMetrics; the other path leads to the same pages as text.
    let jobs = PAGES.map(|page| job("/", page) + &job("/text/", page));
    let scraper = Scraper::start(&jobs.concat());
    scraper.expect_up(2 * PAGES.len());
    let keys = zones(&running)
        .member("spread")
        .member("metrics")
        .members()
        .len();
    for (path, one) in [("/", "1.0"), ("/text/", "1")] {
        // OpenMetrics writes limits so; keys that look the same are one.
        let buckets = format!("count(z_spread_bucket{{job='{path}zones',le='{one}'}})");
        let known = scraper.value(&buckets).unwrap_or_default() as usize;
        assert!(
            known > 200 && known <= keys,
            "{buckets}: {known}, not up to {keys}"
        );
    }
    assert_eq!(scraper.complaint(), None);
    running.server.stop().unwrap();
}

/// The status tree's metric zones.
fn zones(running: &Running) -> Tree {
    let mut connection = Connection::open(running.control(), PATIENCE).unwrap();
    let response = connection.get("/status/http/metric_zones").unwrap();
    Tree::parse(&response.body).unwrap()
}

/// What a page must have: for each series the values of its keys. There is more than one where keys
/// differ only in bytes that look the same.
type Expected = BTreeMap<Series, Vec<f64>>;

/// The page has all of the expected series with what their values come to; of families that `expected`
/// speaks of, it has no others but the bucket for all, which is added to histograms without one.
fn compare(samples: &BTreeMap<Series, f64>, expected: &Expected) -> Result<(), String> {
    for (series, values) in expected {
        let value = samples.get(series);
        if !value.is_some_and(|value| may_be(&series.0, *value, values)) {
            return Err(format!(
                "{series:?} is {value:?}, not what {values:?} come to"
            ));
        }
    }
    let names: HashSet<&String> = expected.keys().map(|(name, _)| name).collect();
    let extra = samples
        .keys()
        .filter(|(_, labels)| labels.get("le").is_none_or(|limit| limit != "+Inf"))
        .find(|series| names.contains(&series.0) && !expected.contains_key(series));
    extra.map_or(Ok(()), |series| {
        Err(format!("{series:?} is not in the JSON"))
    })
}

/// Whether a series may have a value, given those of all keys that look like its own: counters are the
/// sum, other modes something in between, or a sum as well. The mean of the last few values of all keys is
/// any number, as the JSON does not say which those are.
fn may_be(name: &str, value: f64, of_keys: &[f64]) -> bool {
    let sum: f64 = of_keys.iter().sum();
    let ends = |end: fn(f64, f64) -> f64| of_keys.iter().copied().reduce(end).unwrap_or(f64::NAN);
    let is_counter = name.ends_with("_total") || name.ends_with("_bucket");
    let is_mean = ["_mean", "_mid", "_window"]
        .iter()
        .any(|end| name.ends_with(end));
    if is_mean && of_keys.len() > 1 {
        return value.is_finite();
    }
    // The reader of JSON is not exact in the last digit, and the order of a sum is not said.
    let are_same = |one: f64, other: f64| (one - other).abs() <= one.abs() * 1e-14;
    let (least, most) = (ends(f64::min), ends(f64::max));
    let is_between =
        value >= least && value <= most || are_same(value, least) || are_same(value, most);
    are_same(value, sum) || is_between && (!is_counter || of_keys.len() == 1)
}

/// promtool knows the text form only.
fn lint(page: &str, form: Form, body: &[u8]) -> Result<(), String> {
    if form != Form::Text {
        return Ok(());
    }
    let (code, said) = exposition::promtool(body);
    let may_be_frowned_upon = NAMED_BY_KEYS.contains(&page) && code == Some(3);
    let is_well = code == Some(0) && said.is_empty() || may_be_frowned_upon;
    is_well.then_some(()).ok_or(said)
}

fn expected(page: &str, form: Form, tree: &Tree) -> Expected {
    let mut expected = Expected::new();
    match page {
        "groups" | "named" | "lines" => {
            for (zone, path, value) in items(tree) {
                let mut labels = vec![("zone", zone.clone()), ("path", path.clone())];
                if page == "named" {
                    labels.push(("both", format!("{zone} {path}")));
                }
                // In a pattern without (?s) a dot is no line feed.
                if page != "lines" || !path.contains('\n') {
                    expected
                        .entry(series(page, &labels))
                        .or_default()
                        .push(value);
                }
            }
        }
        "literal" => {
            let metrics = tree.member("last").member("metrics");
            let mut add = |name: &str, labels: &[(&str, String)], value: f64| {
                expected.insert(series(name, labels), vec![value]);
            };
            for key in ["plain", "sl/ash", "q\"uote"] {
                let Tree::Number(value) = metrics.member(key) else {
                    panic!("{key} is {:?}", metrics.member(key));
                };
                add("literal", &[("key", key.to_owned())], *value);
            }
            let keys = keys_of(metrics.members().len());
            expected.insert(series("literal_keys", &[]), keys);
        }
        "options" => {
            expected.extend(zone_lines("every_", form, tree));
            for (key, value) in tree.member("count").member("metrics").members() {
                if let Tree::Number(value) = value {
                    let series = series("renamed_total", &[("what", key.clone())]);
                    expected.entry(series).or_default().push(*value);
                }
            }
            sums_of_parts(tree, &mut expected);
        }
        "zones" => expected.extend(zone_lines("z_", form, tree)),
        "all" => {
            expected.extend(zone_lines("pingauge_metric_", form, tree));
            for (zone, members) in tree.members() {
                let count = members.member("metrics").members().len();
                let labels = [("zone", zone.clone())];
                let series = series("angie_http_metric_zones_keys", &labels);
                expected.insert(series, keys_of(count));
            }
        }
        _ => {}
    }
    expected
}

/// What is left where labels are left out.
fn sums_of_parts(tree: &Tree, expected: &mut Expected) {
    let mut add = |name: &str, label: &str, key: &str, value: f64| {
        let series = series(name, &[(label, key.to_owned())]);
        expected.entry(series).or_default().push(value);
    };
    tree.member("parts")
        .each(&mut Vec::new(), &mut |names, value| {
            if let ["metrics", method, path, _] = names {
                add("methods_total", "method", method, value);
                add("paths_total", "path", path, value);
            }
        });
}

/// How many keys a zone may have of which so many look different.
fn keys_of(shown: usize) -> Vec<f64> {
    vec![shown as f64, (shown + 300) as f64]
}

/// What a template sees below the metrics of each zone: zone, path, and the value; an object's is
/// the number of its members, and its path ends in a slash.
fn items(tree: &Tree) -> Vec<(String, String, f64)> {
    fn add(zone: &str, path: &str, node: &Tree, items: &mut Vec<(String, String, f64)>) {
        match node {
            Tree::Number(value) => items.push((zone.to_owned(), path.to_owned(), *value)),
            Tree::Members(members) => {
                for (name, member) in members {
                    let start = if path.is_empty() {
                        String::new()
                    } else {
                        format!("{path}/")
                    };
                    // A part without a letter is two quotes in a path.
                    let name = if name.is_empty() { "\"\"" } else { name };
                    add(zone, &(start + name), member, items);
                }
                if !path.is_empty() {
                    items.push((zone.to_owned(), format!("{path}/"), members.len() as f64));
                }
            }
            Tree::Other => {}
        }
    }
    let mut found = Vec::new();
    for (zone, members) in tree.members() {
        add(zone, "", members.member("metrics"), &mut found);
    }
    found
}

/// What `metric_zone` makes of all zones.
fn zone_lines(prefix: &str, form: Form, tree: &Tree) -> Expected {
    let mut expected = Expected::new();
    tree.each(&mut Vec::new(), &mut |names, value| {
        if let Some(series) = zone_line(prefix, form, names) {
            expected.entry(series).or_default().push(value);
        }
    });
    expected
}

/// The series that `metric_zone` makes of a number in the tree.
fn zone_line(prefix: &str, form: Form, names: &[&str]) -> Option<Series> {
    let [zone, "metrics", key, rest @ ..] = names else {
        return None;
    };
    let (metric, limit) = match (*zone, rest) {
        ("all", [metric]) => (Some(*metric), None),
        ("all", [metric, limit]) => (Some(*metric), Some(*limit)),
        (_, [limit]) => (None, Some(*limit)),
        _ => (None, None),
    };
    let name =
        [prefix, zone].concat() + &metric.map_or(String::new(), |metric| format!("_{metric}"));
    // What no name can have is replaced, which the tests of blocks are about.
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_count = matches!(
        metric.unwrap_or(zone),
        "count" | "expiring" | "folding" | "n" | "parts"
    );
    let mut labels = match (*zone, rest) {
        ("parts", [path, odd]) => {
            let parts = [("method", key), ("path", path), ("odd", odd)];
            parts
                .map(|(name, part)| (name, (*part).to_owned()))
                .to_vec()
        }
        _ => vec![("key", (*key).to_owned())],
    };
    labels.extend(limit.map(|limit| ("le", limit_text(limit, form))));
    let suffix = match limit {
        Some(_) => "_bucket",
        None if is_count => "_total",
        None => "",
    };
    is_plain.then(|| series(&(name + suffix), &labels))
}

/// A limit as it was written, as the formats write it.
fn limit_text(limit: &str, form: Form) -> String {
    let limit = if limit == "0x10" { "16" } else { limit };
    let is_whole = limit
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let point = if is_whole && form == Form::OpenMetrics {
        ".0"
    } else {
        ""
    };
    format!("{limit}{point}")
}

fn series(name: &str, labels: &[(&str, String)]) -> Series {
    // What ends a line for some readers is not in pages.
    let is_break =
        |letter: char| "\u{b}\u{c}\r\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}".contains(letter);
    let labels = labels
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.replace(is_break, "\u{fffd}")));
    (name.to_owned(), labels.collect())
}

/// Two forms of two pages, scraped again and again while four workers count into histograms: each
/// page is right in itself, and nothing falls from one to the next.
#[test]
fn histograms_are_consistent_under_load() {
    if !have(PYTHON) {
        return;
    }
    let running = start_counting();
    let loads = [1, 3, 12].map(|value| {
        let target = format!("/hit?v={value}");
        Load::start(running.address(), &target, 2, Habit::KeepAlive)
    });
    // Each key has been counted once it is asked for.
    let counted = poll(PATIENCE, || {
        let keys = running.status("http/metric_zones/z/metrics");
        (keys.as_object()?.len() == 4).then_some(())
    });
    assert!(counted.is_some());
    let mut before: BTreeMap<(&str, bool), BTreeMap<Series, f64>> = BTreeMap::new();
    for _ in 0..12 {
        for page in ["zone", "template"] {
            for form in Form::BOTH {
                let at = format!("{page}, {form:?}");
                let body = form.get(&running, &format!("/{page}")).body;
                let samples = exposition::samples(form, &body);
                let samples = samples.unwrap_or_else(|error| panic!("{at}: {error}"));
                check_histograms(&at, &samples);
                let former = before.insert((page, form == Form::Text), samples.clone());
                for (series, value) in former.unwrap_or_default() {
                    let now = samples.get(&series);
                    assert!(
                        now.is_some_and(|now| *now >= value),
                        "{at}: {series:?} fell from {value} to {now:?}"
                    );
                }
            }
        }
    }
    for load in loads {
        let account = load.finish();
        assert_eq!(
            (account.failed, account.answered > 100),
            (0, true),
            "{account:?}"
        );
    }
    running.server.stop().unwrap();
}

const WORKERS: usize = 4;

fn start_counting() -> Running {
    Running::start(&Parts {
        main_config: format!("worker_processes {WORKERS};\n"),
        http_config: "keepalive_requests 100000000;\n\
             metric_complex_zone z:256k { n count; s gauge; h histogram 1 2.5 5 10 +Inf; }\n\
             prometheus_template zone { metric_zone z; }\n\
             prometheus_template template {\n\
             'z_h_bucket{key=\"$1\",le=\"$2\"}' $p8s_value\n\
             path=~^/http/metric_zones/z/metrics/(.+)/h/(.+)$ type=histogram;\n\
             'z_h_sum{key=\"$1\"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)/s$;\n\
             'z_h_count{key=\"$1\"}' $p8s_value path=~^/http/metric_zones/z/metrics/(.+)/n$;\n}\n"
            .into(),
        config:
            "location = /hit { metric z all=$arg_v on=request; metric z $arg_v=$arg_v on=request;\n\
             metric z $arg_v=$arg_v on=end; return 204; }\n\
             location = /zone { prometheus zone; }\nlocation = /template { prometheus template; }\n"
                .into(),
        ..Parts::default()
    })
}

/// Buckets are cumulative; the last one, the count and the sum speak of the same values, but for
/// updates that the workers are in the middle of.
fn check_histograms(at: &str, samples: &BTreeMap<Series, f64>) {
    const KEYS: [(&str, f64, f64); 4] = [
        ("all", 1.0, 12.0),
        ("1", 1.0, 1.0),
        ("3", 3.0, 3.0),
        ("12", 12.0, 12.0),
    ];
    for (key, least, most) in KEYS {
        let labels = [("key", key.to_owned())];
        let of = |name: &str| samples.get(&series(name, &labels)).copied();
        let buckets = buckets(samples, key);
        assert!(
            buckets.len() == 5 && buckets.is_sorted(),
            "{at}: {key}: {buckets:?}"
        );
        let (Some(sum), Some(count)) = (of("z_h_sum"), of("z_h_count")) else {
            panic!("{at}: no sum or no count of {key}: {samples:?}");
        };
        // A template takes them from three metrics, metric_zone from one.
        let slack = WORKERS as f64;
        let apart = (count - buckets[4]).abs();
        assert!(
            apart <= if at.starts_with("zone") { 0.0 } else { slack },
            "{at}: {key}: count {count}, {buckets:?}"
        );
        let may_be = least * (count - slack)..=most * (count + slack);
        assert!(
            may_be.contains(&sum),
            "{at}: {key}: {sum} is no sum of {count} values"
        );
    }
}

/// The buckets of a key, by ascending limit.
fn buckets(samples: &BTreeMap<Series, f64>, key: &str) -> Vec<f64> {
    let all = samples.iter().filter(|((name, labels), _)| {
        name == "z_h_bucket" && labels.get("key").is_some_and(|other| other == key)
    });
    let limited = all.map(|((_, labels), count)| (labels["le"].parse::<f64>().unwrap(), *count));
    let mut limited: Vec<_> = limited.collect();
    limited.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    limited.into_iter().map(|(_, count)| count).collect()
}
