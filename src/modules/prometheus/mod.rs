//! `prometheus_template` and `prometheus`: pages that scrapers read, made from the status tree.
//!
//! A template is compiled when the configuration is loaded. A scrape walks the tree; for each item
//! that a statement takes, its value and labels are evaluated afresh and become a line.
//! Text that variables bring into labels is escaped, so that no client can break the page.

mod compile;
mod family_page;
mod key_name;
mod keys;
mod packing;
mod page;
mod part;
mod scrapes;
mod series;
mod zone_line;
mod zone_page;

use crate::conf::{
    Arity, Body, Contexts, Diagnostic, Directive, DirectiveSpec, Doc, Repeat, SPEC, Span,
    Statement, Text, Word,
};
use crate::http::build::content;
use crate::http::build::module::{self, Module};
use crate::status::prometheus::{Case, Path, Statement as Series};
use zone_line::{WrittenZone, is_zone_line};

/// The feature.
pub static MODULE: Module = Module {
    name: "prometheus",
    about: "pages for Prometheus, made of the status tree",
    directives: DIRECTIVES,
    described: compile::DESCRIBED,
    status: &[&compile::STATUS],
    http: compile::compile,
    location: page::location,
    ..module::MODULE
};

const DIRECTIVES: &[DirectiveSpec] = &[
    DirectiveSpec {
        name: "prometheus_template",
        contexts: Contexts::HTTP,
        arity: Arity::exactly(1),
        body: Body::Free,
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "prometheus_template NAME {\n    SAMPLE[{LABELS}] $VARIABLE \
                     [path=PATH | path=~REGEX | path=~*REGEX] [type=TYPE] [help=TEXT];\n    \
                     metric_zone ZONE | * [as=NAME] [label=NAME | labels=~REGEX]\n        \
                     [aggregate=LABEL,...] [keys=labels | families] [prefix=TEXT] [help=TEXT] [max_keys=N];\n}",
            default: "",
            text: "Describes a page: each statement takes the items of the status tree whose path, \
                   from below `/status`, is PATH or matches REGEX, and writes a line for each, \
                   with `$p8s_value` as the item's value. The first statement that fits takes an \
                   item; one without a path is evaluated once. Labels may hold variables and the \
                   captures of the path; the name with its labels must be quoted. A line of the second \
                   form writes all keys of a metric zone, or of every one, with HELP, TYPE and names \
                   that scrapers understand: a family for each metric of the zone, called TEXT and \
                   NAME or else the name of the zone, with the key as the label `key` or NAME, or \
                   cut into a label for each named group of REGEX. A zone with `labels` has these as they are, without those of `aggregate`: \
                   keys that differ in nothing else are one series then. Counters end in `_total`, \
                   histograms have `_bucket`, `_sum` and `_count`. With `keys=families` each key is \
                   a family, called TEXT and the key, which may have labels of its own, as in \
                   `jobs{job=\"backup\"}`; counters are called as their keys are. A letter that cannot be in \
                   a name becomes `_`. Keys that come to the same labels are one series, which is what all of \
                   them are together: counters add, and other modes do as when a key is folded into \
                   `discard_key`. Different names that come to one are not: the key that has the name, or \
                   else the first, is written. A zone with more than N keys is left out, or with more than N series of a metric where `aggregate` or `labels` make several keys one. Keys that make \
                   no name or that REGEX does not match are left out, and so are families that the \
                   page has already; `# skipped N` tells how many. Without `help=`, zones that are written by `*` say \
                   what they are. `+Inf`, `_sum` and `_count` of a histogram have all values, also those above its last \
                   limit.\n\nA long page with `keys=families` is made one at a time in each worker; who \
                   waits for it longer than 5 seconds gets 503 and `Retry-After`.\n\nIn label values and help \
                   texts, bytes that are not UTF-8 become U+FFFD, and so do characters that end a line for \
                   readers such as Python's `splitlines` (VT, FF, CR, FS, GS, RS, U+0085, U+2028, U+2029); lines of \
                   statements that come to the same series then, of which the first is written, are counted as \
                   `refused`.\n\nOpenMetrics has no histogram whose sum falls. So a zone with a limit below 0 is \
                   written there as three families of type `unknown`: `_bucket`, `_sum` and `_count`. Without \
                   such a limit, `_sum` and `_count` of a key are left out there as long as its sum is below 0: all \
                   that readers of OpenMetrics get is its buckets.\n\nA key that makes room for others, or is \
                   dropped for being idle, ends its series; if it comes back, it begins at 0 again, and `rate()` sees a \
                   reset. With `discard_key` the series of that key grows by all the evicted key had counted, at \
                   once: its `rate()` is that of evictions, not of requests. The sum over all keys, \
                   `rate(sum(...))` by a recording rule, stays right; `sum(rate(...))` counts such amounts twice, once \
                   as they happened and once when they were folded. So leave the discard key out of sums of \
                   rates: `sum(rate(hits_total{key!=\"others\"}[5m]))`. Keys that `labels=` or their bytes join \
                   fall by what an evicted one had.",
            example: "prometheus_template requests {\n    'requests{zone=\"$1\"}' $p8s_value\n        \
                      path=~^/http/server_zones/([^/]+)/requests/total$ type=counter;\n}",
        },
        apply: template,
    },
    DirectiveSpec {
        name: "prometheus",
        contexts: Contexts::LOCATION,
        arity: Arity::exactly(1),
        repeat: Repeat::Many,
        doc: Doc {
            syntax: "prometheus TEMPLATE;",
            default: "",
            text: "Answers with the page that the template describes, in the text format 0.0.4, or as \
                   OpenMetrics 1.0 where `Accept` prefers that; compressed where `Accept-Encoding` \
                   allows gzip.",
            example: "location = /metrics {\n    prometheus requests;\n}",
        },
        apply: |statement| {
            let name = statement.word(1).clone();
            content::write(statement, Scraped(name));
            Ok(())
        },
        ..SPEC
    },
];

struct Scraped(Word);

/// The templates of an `http` block, as written.
#[derive(Default)]
struct Written(Vec<WrittenTemplate>);

struct WrittenTemplate {
    name: String,
    lines: Vec<WrittenLine>,
    zones: Vec<WrittenZone>,
}

struct WrittenLine {
    series: Series,
    labels: Text,
    value: (String, Span),
    path: Option<Path>,
    /// Where the name and the labels stand.
    sample: Span,
    span: Span,
}

fn template(statement: &mut Statement<'_>) -> Result<(), Diagnostic> {
    let name = statement.text(1).to_owned();
    let (mut lines, mut zones) = (Vec::new(), Vec::new());
    for directive in statement.lines() {
        if is_zone_line(directive) {
            let zone = zone_line::written(directive, lines.len());
            zones.extend(statement.diagnostics.check(zone));
        } else {
            let line = line(directive);
            lines.extend(statement.diagnostics.check(line));
        }
    }
    let duplicate = statement.error(1, format!("duplicate prometheus template \"{name}\""));
    let written = statement.scope.get_or_default::<Written>();
    if written.0.iter().any(|other| other.name == name) {
        return Err(duplicate);
    }
    written.0.push(WrittenTemplate { name, lines, zones });
    Ok(())
}

fn line(directive: &Directive) -> Result<WrittenLine, Diagnostic> {
    let Some((value, options)) = directive.arguments.split_first() else {
        let message = "invalid number of metric parameters";
        let help = "a statement needs a sample name and a variable";
        return Err(Diagnostic::error(directive.span, message).with_help(help));
    };
    let sample = &directive.name;
    let brace = sample.text.find('{').unwrap_or(sample.text.len());
    let name = sample.text[..brace].to_owned();
    if name.contains('$') {
        let message = format!("variables are allowed in labels only, not in the name \"{name}\"");
        return Err(Diagnostic::error(sample.span, message));
    }
    let mut line = WrittenLine {
        series: Series {
            name,
            ..Series::default()
        },
        labels: Text::parse(&sample.slice(brace..sample.text.len()))?,
        value: (variable(value)?, value.span),
        path: None,
        sample: sample.span,
        span: directive.span,
    };
    for word in options {
        option(&mut line, word)?;
    }
    Ok(line)
}

fn variable(word: &Word) -> Result<String, Diagnostic> {
    let not_one = || {
        let message = format!("\"{}\" is not a variable", word.text);
        Diagnostic::error(word.span, message).with_help("the value is a variable, as $p8s_value")
    };
    let name = word.text.strip_prefix('$').ok_or_else(not_one)?;
    if name.is_empty() {
        return Err(Diagnostic::error(word.span, "invalid variable name"));
    }
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain {
        Ok(name.to_ascii_lowercase())
    } else {
        Err(not_one())
    }
}

fn option(line: &mut WrittenLine, word: &Word) -> Result<(), Diagnostic> {
    let invalid = |message: String| Err(Diagnostic::error(word.span, message));
    let (key, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
    let bare = bare(value);
    match key {
        "path" | "type" | "help" if word.text.contains('=') => {}
        _ => return invalid(format!("invalid metric parameter \"{}\"", word.text)),
    }
    if bare.is_empty() {
        return invalid(format!("empty {key} in \"{}\"", word.text));
    }
    match key {
        "type" => line.series.kind = Some(value.to_owned()),
        "help" => line.series.help = Some(value.to_owned()),
        _ => line.path = Some(path(value, word)?),
    }
    Ok(())
}

/// The text of a path without the marks of a pattern.
fn bare(value: &str) -> &str {
    value.strip_prefix('~').map_or(value, |pattern| {
        pattern.strip_prefix('*').unwrap_or(pattern)
    })
}

pub(super) fn path(value: &str, word: &Word) -> Result<Path, Diagnostic> {
    let bare = bare(value);
    let case = match value.as_bytes() {
        [b'~', b'*', ..] => Case::Insensitive,
        [b'~', ..] => Case::Sensitive,
        _ => return Ok(Path::Literal(value.to_owned())),
    };
    Path::pattern(bare, case).map_err(|error| {
        let message = format!("invalid regular expression \"{bare}\": {error}");
        Diagnostic::error(word.span, message)
    })
}
