//! What texts are called, and what is said of wrong lines.

use crate::modules::core::trial::{get, load, problems};

const MAPS: &str = "charset_map koi8-r utf-8 { C0 D18E; C1 D0B0; 80 E282AC; }
    charset_map windows-1251 koi8-r { FE C0; E0 C1; }";

fn field(text: &str, target: &str) -> String {
    let text = format!("events {{}} http {{ {MAPS} server {{ {text} }} }}");
    get(load(text).unwrap(), target).field("content-type")
}

#[test]
fn texts_are_named() {
    let text = "charset utf-8; default_type text/html; location / { return 200 x; }
        location /css { default_type text/css; return 200 x; }
        location /css/all { charset_types *; default_type text/css; return 200 x; }
        location /own { default_type 'text/html; charset=koi8-r'; return 200 x; }
        location /own/over { override_charset on; default_type 'text/html; charset=koi8-r'; return 200 x; }
        location /other { default_type 'text/html; a=b'; return 200 x; }
        location /off { charset off; return 200 x; }
        location /if { if ($arg_c) { charset $arg_c; } return 200 x; }
        location /301 { return 301 /; }
        location /303 { return 303 /; }
        location /404 { return 404; }";
    for (target, expected) in [
        ("/", "text/html; charset=utf-8"),
        ("/css", "text/css"),
        ("/css/all", "text/css; charset=utf-8"),
        ("/own", "text/html; charset=koi8-r"),
        ("/own/over", "text/html; charset=utf-8"),
        ("/other", "text/html; a=b"),
        ("/off", "text/html"),
        ("/if", "text/html; charset=utf-8"),
        ("/if?c=koi8-r", "text/html; charset=koi8-r"),
        ("/if?c=a;b", "text/html"),
        ("/301", "text/html"),
        ("/303", "text/html; charset=utf-8"),
        ("/404", "text/html; charset=utf-8"),
    ] {
        assert_eq!(field(text, target), expected, "{target}");
    }
}

#[test]
fn what_is_written_wrongly() {
    let in_http = |text: &str| {
        load(format!("events {{}} http {{ {text} }}"))
            .err()
            .unwrap_or_default()
    };
    for (text, expected) in [
        (
            "charset_map a a {}",
            "\"charset_map\" between the same charsets \"a\" and \"a\"",
        ),
        (
            "charset_map utf-8 a {}",
            "\"utf-8\" may only be the second charset of a \"charset_map\"",
        ),
        (
            "charset_map a b {} charset_map b A {}",
            "duplicate \"charset_map\" between \"b\" and \"A\"",
        ),
        ("charset_map a b { 1 2 3; }", "invalid parameters number"),
        ("charset_map a b { 100 1; }", "invalid value \"100\""),
        ("charset_map a b { 10 xx; }", "invalid value \"xx\""),
        ("charset_map a utf-8 { 80 D0; }", "invalid value \"D0\""),
        ("charset_map a utf-8 { 80 D0B; }", "invalid value \"D0B\""),
        (
            "charset_map a utf-8 { 80 \u{e9}\u{e9}; }",
            "invalid value \"\u{e9}\u{e9}\"",
        ),
        (
            "charset_map a utf-8 { 80 F09F9880; }",
            "invalid value \"F09F9880\"",
        ),
        (
            "charset_map a utf-8 { 80 D18ED18E; }",
            "invalid value \"D18ED18E\"",
        ),
        (
            "charset a; source_charset b;",
            "no \"charset_map\" between the charsets \"b\" and \"a\"",
        ),
        (
            "charset 'a b';",
            "\"charset\" directive invalid value \"a b\"",
        ),
    ] {
        assert_eq!(in_http(text), [expected], "{text}");
    }
    let inner = problems(
        "charset a; location / { source_charset b; location /x { source_charset $arg_x; } }",
    );
    assert_eq!(
        inner,
        ["no \"charset_map\" between the charsets \"b\" and \"a\""]
    );
}
