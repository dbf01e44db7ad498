//! Whole pages: the seed's, the conformance suite's, and laws that hold for any tree.

mod forms;

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::metric;
use crate::status::date::Date;
use crate::status::json::{self, Dates};
use crate::status::{Branch, Node, Value};

/// A tree held as plain values.
#[derive(Clone, Debug)]
enum Model {
    Leaf(Value<'static>),
    Object(Vec<(Vec<u8>, Self)>),
    List(Vec<Self>),
}

impl Model {
    fn object(members: Vec<(&str, Self)>) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(name, node)| (name.into(), node))
                .collect(),
        )
    }

    /// An object at the end of a path of objects.
    fn at(path: &[&str], end: Self) -> Self {
        path.iter()
            .rev()
            .fold(end, |below, name| Self::object(vec![(name, below)]))
    }

    fn numbers(members: &[(&str, f64)]) -> Self {
        let leaf = |(name, number): &(&str, f64)| ((*name).into(), Self::Leaf((*number).into()));
        Self::Object(members.iter().map(leaf).collect())
    }

    fn node(&self) -> Node<'_> {
        match self {
            Self::Leaf(value) => Node::Value(value.borrowed()),
            Self::Object(members) => Node::object(
                members
                    .iter()
                    .map(|(name, node)| (name, node.node()))
                    .collect(),
            ),
            Self::List(elements) => Node::list(elements.iter().map(Self::node).collect()),
        }
    }

    /// Every item with its path, in the order in which they are offered.
    fn items(&self, path: &str, items: &mut Vec<String>) {
        let below = |name: &str| format!("{path}/{name}");
        match self {
            Self::Leaf(_) => return items.push(path.to_owned()),
            Self::Object(members) => members
                .iter()
                .for_each(|(name, node)| node.items(&below(&String::from_utf8_lossy(name)), items)),
            Self::List(elements) => (0..)
                .zip(elements)
                .for_each(|(index, node): (u32, _)| node.items(&below(&index.to_string()), items)),
        }
        items.push(format!("{path}/"));
    }
}

/// A statement as a template holds it: name and labels with `$1` … `$9`, path, type, help.
struct Line {
    sample: &'static str,
    path: Option<Path>,
    kind: Option<&'static str>,
    help: Option<&'static str>,
}

fn literal(path: &str) -> Option<Path> {
    Some(Path::Literal(path.to_owned()))
}

fn pattern(text: &str) -> Option<Path> {
    Some(Path::pattern(text, Case::Sensitive).expect("a pattern"))
}

fn families(name: &str, lines: &[Line]) -> Families {
    let statement = |line: &Line| Statement {
        name: line.sample.split('{').next().unwrap_or_default().to_owned(),
        kind: line.kind.map(str::to_owned),
        help: line.help.map(str::to_owned),
        labels: None,
    };
    let statements: Vec<_> = lines.iter().map(statement).collect();
    Families::new(name, &statements, Vec::new())
}

fn evaluated(sample: &str, item: &Match<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut parts = sample.split('$');
    out.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let group = part[..1].parse().expect("a group number");
        escape_label(item.group(group).unwrap_or_default().as_bytes(), &mut out);
        out.extend_from_slice(&part.as_bytes()[1..]);
    }
    out
}

/// Evaluates the samples of a template, and has values for its statements without a path.
struct Samples<'a> {
    samples: Vec<&'static str>,
    more: &'a [(usize, &'a str, &'a str)],
}

impl Evaluate for Samples<'_> {
    fn line(&mut self, statement: usize, item: Option<&Match<'_>>, line: &mut super::Line) {
        match item {
            Some(item) => {
                line.sample = evaluated(self.samples[statement], item);
                value_text(&item.value, &mut line.value);
            }
            None => {
                let mut known = self.more.iter();
                if let Some((_, sample, value)) = known.find(|(number, ..)| *number == statement) {
                    line.sample = sample.as_bytes().to_vec();
                    line.value = value.as_bytes().to_vec();
                }
            }
        }
    }
}

const SHORT: Bounds = Bounds {
    lines: 2000,
    statement: 1 << 20,
    bytes: 1 << 20,
    nodes: 20_000,
};

/// The page, made in one go and, with hardly anything kept, as it is streamed.
fn rendered(name: &str, lines: Vec<Line>, tree: &Model, more: &[(usize, &str, &str)]) -> String {
    let families = families(name, &lines);
    let samples = lines.iter().map(|line| line.sample).collect();
    let rules = Rules::new(lines.into_iter().map(|line| line.path).collect());
    let scrape = Scrape {
        root: &tree.node(),
        rules: &rules,
        families: &families,
        format: Format::Text,
    };
    let mut samples = Samples { samples, more };
    let (page, refused) = scrape.short(SHORT, &mut samples).expect("a short page");
    for kept in [0, 60, 200] {
        let bounds = Bounds {
            statement: kept,
            bytes: 2 * kept,
            ..SHORT
        };
        let mut long = Vec::new();
        let counts = scrape.long(bounds, &mut samples, &mut long);
        assert_eq!(counts.expect("a vector takes everything"), refused);
        assert_eq!(
            String::from_utf8_lossy(&long),
            String::from_utf8_lossy(&page),
            "{kept}"
        );
    }
    String::from_utf8(page).expect("a page is UTF-8")
}

fn line(sample: &'static str, path: Option<Path>) -> Line {
    Line {
        sample,
        path,
        kind: None,
        help: None,
    }
}

#[test]
fn the_seed_page_byte_for_byte() {
    let upload = "/http/metric_zones/upload/metrics/angie";
    let below = |name: &str| literal(&format!("{upload}/{name}"));
    let lines = vec![
        Line {
            kind: Some("histogram"),
            ..line(
                "stats{le=\"$1\"}",
                pattern(&format!("^{upload}/stats/(.+)$")),
            )
        },
        line("stats_sum", below("sum")),
        line("stats_count", below("count")),
        line("avg_size", below("avg_size")),
    ];
    let stats = [
        ("64", 1.0),
        ("256", 1.0),
        ("1024", 1.0),
        ("4096", 3.0),
        ("16384", 4.0),
    ];
    let stats = Model::numbers(&[&stats[..], &[("+Inf", 5.0)]].concat());
    let number = |number: f64| Model::Leaf(number.into());
    let angie = Model::object(vec![
        ("stats", stats),
        ("sum", number(82952.0)),
        ("count", number(5.0)),
        ("avg_size", number(1077.9376)),
    ]);
    let tree = Model::at(
        &["http", "metric_zones", "upload", "metrics", "angie"],
        angie,
    );
    let page = "# Angie Prometheus template \"upload_metric\"\n# TYPE stats histogram\n\
        stats{le=\"64\"} 1\nstats{le=\"256\"} 1\nstats{le=\"1024\"} 1\nstats{le=\"4096\"} 3\n\
        stats{le=\"16384\"} 4\nstats{le=\"+Inf\"} 5\nstats_sum 82952\nstats_count 5\n\
        avg_size 1077.9376\n";
    assert_eq!(rendered("upload_metric", lines, &tree, &[]), page);
}

#[test]
fn the_conformance_page_byte_for_byte() {
    let last = r"^/http/metric_zones/last/metrics/(.+)$";
    let lines = vec![
        Line {
            kind: Some("gauge"),
            help: Some("some help"),
            ..line("last{key=\"$1\"}", pattern(last))
        },
        line("dead{key=\"$1\"}", pattern(last)),
        Line {
            kind: Some("histogram"),
            ..line(
                "hist{key=\"$1\",le=\"$2\"}",
                pattern("^/http/metric_zones/hist/metrics/([^/]+)/(.+)$"),
            )
        },
        line("lastcount", literal("/http/metric_zones/last/metrics/")),
        Line {
            help: Some("x"),
            ..line("nothing", None)
        },
        Line {
            kind: Some("gauge"),
            ..line("methodlen", None)
        },
    ];
    let hist = Model::numbers(&[("0.1", 0.0), ("1", 1.0), ("+Inf", 2.0)]);
    let zones = Model::object(vec![
        (
            "last",
            Model::at(&["metrics"], Model::numbers(&[("k1", 5.5)])),
        ),
        ("hist", Model::at(&["metrics", "A"], hist)),
    ]);
    let tree = Model::at(&["http", "metric_zones"], zones);
    let page = "# Angie Prometheus template \"t\"\n# HELP last some help\n# TYPE last gauge\n\
        last{key=\"k1\"} 5.5\n# TYPE hist histogram\nhist{key=\"A\",le=\"0.1\"} 0\n\
        hist{key=\"A\",le=\"1\"} 1\nhist{key=\"A\",le=\"+Inf\"} 2\nlastcount 1\n\
        # TYPE methodlen gauge\nmethodlen 7\n";
    assert_eq!(rendered("t", lines, &tree, &[(5, "methodlen", "7")]), page);
}

#[test]
fn families_are_contiguous_with_one_head() {
    let lines = vec![
        line("a{x=\"$1\"}", pattern("^/a/(.+)$")),
        Line {
            kind: Some("counter"),
            ..line("b", literal("/n"))
        },
        Line {
            kind: Some("gauge"),
            help: Some("two\nlines"),
            ..line("a{y=\"$1\"}", pattern("^/b/(.+)$"))
        },
        Line {
            kind: Some("no such type"),
            ..line("c", literal("/m"))
        },
    ];
    let tree = Model::object(vec![
        ("b", Model::numbers(&[("2", 2.0)])),
        ("a", Model::numbers(&[("1\"\\", 1.0)])),
        ("n", Model::Leaf(Value::Integer(3))),
        ("m", Model::Leaf(Value::Boolean(true))),
    ]);
    let page = "# Angie Prometheus template \"t\"\n# HELP a two\\nlines\n# TYPE a gauge\n\
        a{x=\"1\\\"\\\\\"} 1\na{y=\"2\"} 2\n# TYPE b counter\nb 3\nc 1\n";
    assert_eq!(rendered("t", lines, &tree, &[]), page);
}

#[test]
fn what_a_scraper_could_not_read_is_left_out_and_counted() {
    let families = families("t", &[line("a{k=\"$1\"}", None), line("b", None)]);
    let mut out = Vec::new();
    let mut page =
        page::Page::begin(&families, Format::Text, &mut out).expect("a vector takes everything");
    let family = &families.families[0];
    page.member(family, &family.members[0])
        .expect("a vector takes everything");
    for (sample, value) in [
        ("a{k=\"1\"}", "1.13.0"),
        ("a{k=\"1\"\"}", "1"),
        ("a{k=\"1\"}", ""),
        ("a{k=\"1\"}", "1"),
        ("a{k=\"1\"}", "2"),
    ] {
        let line = super::Line {
            sample: sample.into(),
            value: value.into(),
            ..super::Line::default()
        };
        page.line(&line).expect("a vector takes everything");
    }
    let refused = Refused {
        numbers: 1,
        samples: 1,
        repeated: 1,
        ..Refused::default()
    };
    let summary = page.end().expect("a vector takes everything");
    assert_eq!((summary.lines, summary.refused), (1, refused));
    assert_eq!(out, b"# Angie Prometheus template \"t\"\na{k=\"1\"} 1\n");
}

#[test]
fn what_is_long_is_not_collected() {
    let keys = Model::Object(
        (0..5000)
            .map(|key: u32| (key.to_string().into_bytes(), Model::Leaf(1u64.into())))
            .collect(),
    );
    let tree = Model::object(vec![("a", keys.clone()), ("b", keys)]);
    let lines = vec![
        line("n{k=\"$1\"}", pattern("^/a/(.+)$")),
        line("m{k=\"$1\"}", pattern("^/(b)/$")),
        line("m{k=\"$1\"}", pattern("^/b/(.+)$")),
    ];
    let families = families("t", &lines);
    let rules = Rules::new(lines.iter().map(|line| line.path.clone()).collect());
    let scrape = Scrape {
        root: &tree.node(),
        rules: &rules,
        families: &families,
        format: Format::Text,
    };
    let mut samples = Samples {
        samples: lines.iter().map(|line| line.sample).collect(),
        more: &[],
    };
    for bounds in [
        Bounds {
            nodes: 11_000,
            ..SHORT
        },
        Bounds {
            lines: 11_000,
            nodes: 9000,
            ..SHORT
        },
    ] {
        assert!(scrape.short(bounds, &mut samples).is_none());
    }
    let mut page = Vec::new();
    scrape
        .long(SHORT, &mut samples, &mut page)
        .expect("a vector takes everything");
    let page = String::from_utf8(page).expect("a page is UTF-8");
    assert_eq!(page.lines().count(), 1 + 5000 + 1 + 5000);
    assert!(page.contains("n{k=\"4999\"} 1\nm{k=\"b\"} 5000\nm{k=\"0\"} 1\n"));
    let mut nobody = Gone;
    assert!(scrape.long(SHORT, &mut samples, &mut nobody).is_err());
}

/// A reader who has left.
struct Gone;

impl std::io::Write for Gone {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn matches(rules: &Rules, node: &Node<'_>) -> Vec<(usize, String, String)> {
    found_by(rules, &Wanted::all(100, u64::MAX), node)
}

fn found_by(rules: &Rules, wanted: &Wanted, node: &Node<'_>) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let _ = walk(node, rules, wanted, &mut |item| {
        let mut value = Vec::new();
        value_text(&item.value, &mut value);
        let value = String::from_utf8_lossy(&value).into_owned();
        found.push((item.rule, item.path.to_owned(), value));
        ControlFlow::Continue(())
    });
    found
}

#[test]
fn items_are_offered_depth_first_and_containers_after_their_members() {
    let tree = Model::object(vec![
        ("b", Model::numbers(&[("x/y", 1.0)])),
        (
            "a",
            Model::List(vec![Model::Leaf(Value::Null), Model::object(vec![])]),
        ),
    ]);
    let rules = Rules::new(vec![literal("/"), pattern("")]);
    let found = matches(&rules, &tree.node());
    let found: Vec<_> = found
        .iter()
        .map(|(rule, path, value)| (*rule, path.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (1, "/b/x/y", "1"),
            (1, "/b/", "1"),
            (1, "/a/0", "(null)"),
            (1, "/a/1/", "0"),
            (1, "/a/", "2"),
            (0, "/", "2"),
        ]
    );
}

#[test]
fn case_is_kept_unless_asked_otherwise() {
    let tree = Model::numbers(&[("Ab", 1.0), ("aB", 2.0)]);
    let insensitive = Path::pattern("^/AB$", Case::Insensitive).ok();
    let rules = Rules::new(vec![literal("/Ab"), pattern("^/ab$"), insensitive]);
    let rules: Vec<_> = matches(&rules, &tree.node())
        .iter()
        .map(|found| found.0)
        .collect();
    assert_eq!(rules, [0, 2]);
}

#[test]
fn groups_are_at_hand_by_number_and_name() {
    let tree = Model::at(&["z"], Model::numbers(&[("k", 1.0)]));
    let rules = Rules::new(vec![pattern("^/(?<zone>[^/]+)/(?<key>.+)$")]);
    let mut seen = Vec::new();
    let wanted = Wanted::all(1, u64::MAX);
    let _ = walk(&tree.node(), &rules, &wanted, &mut |item| {
        seen.push(format!(
            "{:?} {:?} {:?}",
            item.group(2),
            item.named("zone"),
            item.named("x")
        ));
        ControlFlow::Break(())
    });
    assert_eq!(seen, [r#"Some("k") Some("z") None"#]);
}

#[test]
fn a_pattern_that_backtracks_too_long_matches_nothing() {
    let key = "a".repeat(250);
    let tree = Model::object(vec![(&key, Model::Leaf(Value::Integer(1)))]);
    let rules = Rules::new(vec![
        pattern(r"^/(?=a)(a|aa|aaa)*\1b$"),
        literal(&format!("/{key}")),
    ]);
    assert_eq!(matches(&rules, &tree.node())[0].0, 1);
}

#[test]
fn over_long_paths_are_skipped() {
    let long = "k".repeat(3000);
    let tree = Model::object(vec![
        (&long, Model::numbers(&[("x", 1.0)])),
        ("short", Model::Leaf(Value::Integer(1))),
    ]);
    let found = matches(&Rules::new(vec![pattern("k|short")]), &tree.node());
    assert_eq!(found.len(), 1);
}

/// An object that counts how often its children are listed and asked for.
struct Watch<'a>(&'a Mutex<(u32, u32)>);

impl Branch for Watch<'_> {
    fn child(&self, name: &[u8]) -> Option<Node<'_>> {
        self.0.lock().expect("one thread").1 += 1;
        (name == b"k").then(|| Node::from(1u64))
    }

    fn each(&self, visit: &mut dyn FnMut(&[u8], Node<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        self.0.lock().expect("one thread").0 += 1;
        visit(b"k", Node::from(1u64))
    }

    fn count(&self) -> u64 {
        1
    }
}

#[test]
fn only_what_a_rule_can_reach_is_entered() {
    let cases = [
        (literal("/z/k"), 0, 1, 1),
        (literal("/z/"), 0, 0, 1),
        (literal("/y/k"), 0, 0, 0),
        (literal("/z/a/b"), 0, 2, 0),
        (literal("/z/\u{fffd}"), 1, 0, 0),
        (pattern("^/z/(.*)$"), 1, 0, 2),
        (pattern("^/y/(.*)$"), 0, 0, 0),
        (pattern("/k$"), 1, 0, 1),
    ];
    for (path, listed, asked, found) in cases {
        let watched = Mutex::default();
        let tree = Node::object(vec![("z", Node::branch(Watch(&watched)))]);
        let label = format!("{path:?}");
        assert_eq!(
            matches(&Rules::new(vec![path]), &tree).len(),
            found,
            "{label}"
        );
        assert_eq!(
            *watched.lock().expect("one thread"),
            (listed, asked),
            "{label}"
        );
    }
}

/// Names that bring out trouble: slashes, quotes, escapes, ill-formed and replaced bytes.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let odd = prop::sample::select(vec![
        &b"a"[..],
        b"b",
        b"/",
        b"\"",
        b"\\",
        b"\n",
        b"\r",
        b"\xff",
        b"\xc3",
        b"\xa9",
        b"\xef\xbf\xbd",
        b"\0",
        b"%",
        b"{",
        b"}",
        b" ",
    ]);
    prop_oneof![
        prop::collection::vec(odd, 1..4).prop_map(|parts| parts.concat()),
        prop::collection::vec(any::<u8>(), 1..20),
    ]
}

fn value() -> impl Strategy<Value = Value<'static>> {
    prop_oneof![
        any::<u64>().prop_map(Value::Integer),
        any::<i64>().prop_map(Value::Signed),
        any::<f64>().prop_map(Value::Float),
        name().prop_map(|text| Value::Text(text.into())),
        any::<bool>().prop_map(Value::Boolean),
        (0..1u64 << 40, 0..1000u16).prop_map(|(seconds, milliseconds)| Value::Time {
            seconds,
            milliseconds
        }),
        Just(Value::Null),
    ]
}

fn tree() -> impl Strategy<Value = Model> {
    value()
        .prop_map(Model::Leaf)
        .prop_recursive(4, 40, 6, |inner| {
            let members = prop::collection::btree_map(name(), inner.clone(), 0..6);
            let object = (members, any::<bool>()).prop_map(|(members, is_backwards)| {
                let mut members: Vec<_> = BTreeMap::into_iter(members).collect();
                if is_backwards {
                    members.reverse();
                }
                Model::Object(members)
            });
            prop_oneof![4 => object, 1 => prop::collection::vec(inner, 0..4).prop_map(Model::List)]
        })
}

/// Reads a line as the text format defines it; says what is wrong.
fn read_line(line: &str) -> Result<(), String> {
    if let Some(comment) = line.strip_prefix("# ") {
        let words: Vec<_> = comment.splitn(3, ' ').collect();
        return match words[..] {
            ["TYPE", "m", "gauge"] | ["HELP", "m", _] | ["Angie", "Prometheus", _] => Ok(()),
            _ => Err(format!("comment {comment:?}")),
        };
    }
    let rest = line.strip_prefix("m{key=\"").ok_or("no sample")?;
    let mut characters = rest.chars();
    loop {
        match characters.next().ok_or("open quote")? {
            '"' => break,
            '\\' if matches!(characters.next(), Some('\\' | '"' | 'n')) => {}
            '\\' => return Err("bad escape".to_owned()),
            _ => {}
        }
    }
    let number = characters
        .as_str()
        .strip_prefix("} ")
        .ok_or("no closing brace")?;
    number
        .parse::<f64>()
        .map(drop)
        .map_err(|error| format!("{number:?}: {error}"))
}

proptest! {
    #[test]
    fn json_of_any_tree_is_read_by_serde_json(
        tree in tree(),
        pretty in any::<bool>(),
        is_epoch in any::<bool>(),
    ) {
        let dates = if is_epoch { Dates::Epoch } else { Dates::Iso };
        let mut out = Vec::new();
        let format = json::Format {
            pretty,
            dates,
            rows: json::Rows::Shown,
        };
        json::serialize(&tree.node(), format, &mut out)?;
        let read: serde_json::Value = serde_json::from_slice(&out)?;
        prop_assert_eq!(shape(&tree, format), read_shape(&read));
    }

    #[test]
    fn a_page_of_any_tree_is_read_line_by_line(tree in tree()) {
        let line = Line { kind: Some("gauge"), help: Some("\\ \n"), ..line("m{key=\"$1\"}", pattern("(?s)^(.*)$")) };
        let page = rendered("any \"name\"\n\\", vec![line], &tree, &[]);
        prop_assert!(page.ends_with('\n'));
        let lines: Vec<_> = page[..page.len() - 1].split('\n').collect();
        for line in &lines {
            prop_assert_eq!(read_line(line), Ok(()), "{:?}", line);
        }
        let distinct: HashSet<_> =
            lines.iter().map(|line| line.rsplit_once(' ').map_or(*line, |(series, _)| series)).collect();
        prop_assert_eq!(distinct.len(), lines.len());
    }

    #[test]
    fn the_index_changes_nothing(
        tree in tree(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0..6u8, any::<prop::sample::Index>()), 1..5),
    ) {
        let mut items = Vec::new();
        tree.items("", &mut items);
        let rules: Vec<_> = picks
            .iter()
            .map(|(item, kind, cut)| rule(&items[item.index(items.len())], *kind, cut))
            .collect();
        let mut expected: Vec<_> = items
            .iter()
            .filter_map(|item| Some((rules.iter().position(|rule| takes(rule, item))?, item.clone())))
            .collect();
        let found = matches(&Rules::new(rules.into_iter().map(Some).collect()), &tree.node());
        let mut found: Vec<_> = found.into_iter().map(|(rule, path, _)| (rule, path)).collect();
        expected.sort();
        found.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_walk_for_one_rule_shows_what_a_walk_for_all_shows_of_it(
        tree in tree(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0..6u8, any::<prop::sample::Index>()), 1..5),
    ) {
        let mut items = Vec::new();
        tree.items("", &mut items);
        let picked = |(item, kind, cut): &(prop::sample::Index, u8, _)| rule(&items[item.index(items.len())], *kind, cut);
        let rules = Rules::new(picks.iter().map(picked).map(Some).collect());
        let all = matches(&rules, &tree.node());
        for number in 0..picks.len() {
            let own: Vec<_> = all.iter().filter(|found| found.0 == number).cloned().collect();
            prop_assert_eq!(found_by(&rules, &Wanted::only(number), &tree.node()), own);
        }
    }

    #[test]
    fn a_page_is_the_same_however_little_is_kept(
        tree in tree(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), 0..6u8, any::<prop::sample::Index>(), 0..SAMPLES.len()), 1..6),
    ) {
        let mut items = Vec::new();
        tree.items("", &mut items);
        let picked = |(item, kind, cut, sample): &(prop::sample::Index, u8, _, usize)| Line {
            kind: Some("gauge"),
            ..line(SAMPLES[*sample], Some(rule(&items[item.index(items.len())], *kind, cut)))
        };
        // That both ways agree is asserted there.
        rendered("t", picks.iter().map(picked).collect(), &tree, &[]);
    }
}

/// Samples that share names and series.
const SAMPLES: &[&str] = &[
    "a",
    "a{k=\"$1\"}",
    "a{k=\"x$1\"}",
    "b{k=\"$1\"}",
    "a{k=\"\"}",
    "c d",
];

/// A rule made from an item's path: itself, or a pattern around some beginning of it.
fn rule(item: &str, kind: u8, cut: &prop::sample::Index) -> Path {
    let cuts: Vec<_> = item
        .char_indices()
        .map(|(index, _)| index)
        .chain([item.len()])
        .collect();
    let start = fancy_regex::escape(&item[..cuts[cut.index(cuts.len())]]).into_owned();
    let text = match kind {
        0 | 1 => return Path::Literal(item.to_owned()),
        2 => format!("^{start}"),
        3 => format!("(?s)^{start}(.*)$"),
        4 => format!("^{start}?|b$"),
        _ => format!("^({start})*a"),
    };
    Path::pattern(&text, Case::Sensitive).unwrap_or_else(|_| Path::Literal(text))
}

fn takes(rule: &Path, item: &str) -> bool {
    match rule {
        Path::Literal(path) => path == item,
        Path::Pattern { regex, .. } => regex.is_match(item).unwrap_or(false),
    }
}

/// The nesting of a tree: containers by their distinct names as shown, leaves as they are read.
fn shape(model: &Model, format: json::Format) -> String {
    match model {
        Model::Object(members) => {
            let last: BTreeMap<_, _> = members
                .iter()
                .map(|(name, node)| {
                    (
                        String::from_utf8_lossy(name).into_owned(),
                        shape(node, format),
                    )
                })
                .collect();
            format!("{last:?}")
        }
        Model::List(elements) => {
            format!(
                "{:?}",
                elements
                    .iter()
                    .map(|node| shape(node, format))
                    .collect::<Vec<_>>()
            )
        }
        Model::Leaf(Value::Boolean(_)) => "boolean".to_owned(),
        Model::Leaf(Value::Text(text)) => String::from_utf8_lossy(text).into_owned(),
        Model::Leaf(Value::Integer(number)) => number.to_string(),
        Model::Leaf(Value::Signed(number)) => number.to_string(),
        Model::Leaf(Value::Float(number)) if number.is_finite() => {
            number_shape(metric::Number::new().format(*number))
        }
        Model::Leaf(Value::Float(_) | Value::Null) => "null".to_owned(),
        Model::Leaf(Value::Time {
            seconds,
            milliseconds,
        }) => match format.dates {
            Dates::Epoch => seconds.to_string(),
            Dates::Iso => Date {
                seconds: *seconds,
                milliseconds: *milliseconds,
            }
            .to_string(),
        },
    }
}

/// A number as the reader used here tells it: whole ones exactly, others it may get wrong by a digit.
fn number_shape(text: &str) -> String {
    let is_whole = text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok();
    if is_whole {
        text.to_owned()
    } else {
        "fraction".to_owned()
    }
}

fn read_shape(read: &serde_json::Value) -> String {
    match read {
        serde_json::Value::Object(members) => {
            let members: BTreeMap<_, _> = members
                .iter()
                .map(|(name, node)| (name.clone(), read_shape(node)))
                .collect();
            format!("{members:?}")
        }
        serde_json::Value::Array(elements) => {
            format!("{:?}", elements.iter().map(read_shape).collect::<Vec<_>>())
        }
        serde_json::Value::Bool(_) => "boolean".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => number_shape(&number.to_string()),
        serde_json::Value::Null => "null".to_owned(),
    }
}
