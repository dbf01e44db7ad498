//! The same lines as text and as OpenMetrics: what families they are, and which series are one.

use super::*;

/// Pages of the same lines in both forms.
fn both(lines: &[Line], values: &[(usize, &str, &str)]) -> [String; 2] {
    let families = families("t", lines);
    let rules = Rules::new(lines.iter().map(|_| None).collect());
    let tree = Model::Object(Vec::new());
    [Format::Text, Format::OpenMetrics].map(|format| {
        let scrape = Scrape {
            root: &tree.node(),
            rules: &rules,
            families: &families,
            format,
        };
        let mut samples = Samples {
            samples: Vec::new(),
            more: values,
        };
        let (page, _) = scrape.short(SHORT, &mut samples).expect("a short page");
        String::from_utf8(page).expect("a page is UTF-8")
    })
}

#[test]
fn open_metrics_has_counters_without_their_suffix() {
    let kind = |sample, kind| Line {
        kind: Some(kind),
        ..line(sample, None)
    };
    let lines = [
        Line {
            help: Some("a \"help\""),
            ..kind("a_total", "counter")
        },
        kind("b", "counter"),
        kind("c_total", "counter"),
        kind("c", "gauge"),
        kind("d", "histogram"),
        kind("d_sum", "gauge"),
        kind("e_total", "counter"),
        line("f", None),
    ];
    let values = [
        (0, "a_total{ x = \"1\", }", "1"),
        (1, "b", "1"),
        (2, "c_total", "1"),
        (3, "c", "-1"),
        (4, "d{le=\"1\"}", "1"),
        (5, "d_sum{}", "1"),
        (6, "e_total", "-1"),
        (7, "f", "NaN"),
    ];
    let [text, open] = both(&lines, &values);
    let expected = "# Angie Prometheus template \"t\"\n# HELP a_total a \"help\"\n# TYPE a_total counter\n\
        a_total{ x = \"1\", } 1\n# TYPE b counter\nb 1\n# TYPE c_total counter\nc_total 1\n# TYPE c gauge\nc -1\n\
        # TYPE d histogram\nd{le=\"1\"} 1\nd_sum{} 1\n# TYPE e_total counter\ne_total -1\nf NaN\n";
    assert_eq!(text, expected);
    let expected = "# HELP a a \\\"help\\\"\n# TYPE a counter\na_total{x=\"1\"} 1\n# TYPE b unknown\nb 1\n\
        # TYPE c_total unknown\nc_total 1\n# TYPE c gauge\nc -1\n# TYPE d unknown\nd{le=\"1\"} 1\n\
        # TYPE d_sum unknown\nd_sum 1\nf NaN\n# EOF\n";
    assert_eq!(open, expected);
}

#[test]
fn parts_of_a_histogram_are_one_family() {
    let lines = [
        line("seconds_sum", None),
        Line {
            kind: Some("histogram"),
            help: Some("Times."),
            ..line("seconds_bucket", None)
        },
        line("other", None),
        line("seconds_count", None),
    ];
    let values = [
        (0, "seconds_sum", "1"),
        (1, "seconds_bucket{le=\"+Inf\"}", "1"),
        (2, "other", "1"),
        (3, "seconds_count", "1"),
    ];
    let [text, _] = both(&lines, &values);
    let expected = "# Angie Prometheus template \"t\"\n# HELP seconds Times.\n# TYPE seconds histogram\n\
        seconds_sum 1\nseconds_bucket{le=\"+Inf\"} 1\nseconds_count 1\nother 1\n";
    assert_eq!(text, expected);
}

#[test]
fn the_order_of_labels_makes_no_other_series() {
    let lines = [line("a", None), line("a", None), line("a", None)];
    let values = [
        (0, "a{x=\"1\",y=\"2\"}", "1"),
        (1, "a{y=\"2\",z=\"\",x=\"1\"}", "2"),
        (2, "a{x=\"1\"}", "3"),
    ];
    let [text, _] = both(&lines, &values);
    let expected = "# Angie Prometheus template \"t\"\na{x=\"1\",y=\"2\"} 1\na{x=\"1\"} 3\n";
    assert_eq!(text, expected);
}
