//! Structure errors: what is reported, in which order, at which line, and what survives them.

use super::*;

#[test]
fn statements_and_blocks() {
    let found = parsed("a b 'c d';\nhttp{server{listen 80;}\nx;}");
    assert_eq!(shown(&found.tree), "a b c d;http{server{listen 80;}x;}");
    assert!(found.diagnostics.is_empty());
}

#[test]
fn syntax_errors_are_recovered() {
    let cases = [
        ("a;;b;", "unexpected \";\" in /etc/a.conf:1", "a;b;"),
        (
            "a {\n{ x; }\ny; }",
            "unexpected \"{\" in /etc/a.conf:2",
            "a{y;}",
        ),
        ("a;\n}\nb;", "unexpected \"}\" in /etc/a.conf:2", "a;b;"),
        (
            "a { b c\n}\nd;",
            "unexpected \"}\" in /etc/a.conf:2",
            "a{b c;}d;",
        ),
        ("a \"b\"c;\nd;", "unexpected \"c\" in /etc/a.conf:1", "d;"),
        ("a \"b\"}\nd;", "unexpected \"}\" in /etc/a.conf:1", "d;"),
        (
            "a { b;\n",
            "unexpected end of file, expecting \"}\" in /etc/a.conf:2",
            "a{b;}",
        ),
        (
            "a;\nb",
            "unexpected end of file, expecting \";\" or \"}\" in /etc/a.conf:2",
            "a;",
        ),
        (
            "a { b 'c;\n}\n",
            "unexpected end of file, expecting \";\" or \"}\" in /etc/a.conf:1",
            "a{}",
        ),
        ("", "", ""),
    ];
    for (text, expected, tree) in cases {
        let found = parsed(text);
        assert_eq!(problems(&found), expected, "{text}");
        assert_eq!(shown(&found.tree), tree, "{text}");
    }
}

#[test]
fn too_long_words() {
    let long = "x".repeat(5000);
    let found = parsed(&format!(
        "a {long};\nb \"c;\nd;\n# {long}{long}\ne y{long} {{ f; }}"
    ));
    let lines = problems(&found);
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(
        lines[0],
        "too long parameter \"xxxxxxxxxxxxxxxxxxxx...\" in /etc/a.conf:1"
    );
    assert_eq!(lines[1], "too long parameter \"c;...\" in /etc/a.conf:2");
    assert_eq!(
        lines[2],
        "too long parameter \"yxxxxxxxxxxxxxxxxxxx...\" in /etc/a.conf:5"
    );
    assert_eq!(lines.len(), 3);
    assert_eq!(shown(&found.tree), "d;e{f;}");
}

#[test]
fn encodings() {
    let mut files = Memory::default();
    files.0.insert(
        "/a".into(),
        b"# caf\xe9\na 'caf\xe9';\nb {c\xff; d \xc3\xa9;}".to_vec(),
    );
    let found = parse(Path::new("/a"), None, &mut files);
    assert_eq!(
        problems(&found),
        "invalid UTF-8 in \"caf\u{fffd}\" in /a:2\ninvalid UTF-8 in \"c\u{fffd}\" in /a:3"
    );
    assert_eq!(shown(&found.tree), "b{d é;}");
}

#[test]
fn every_problem_in_source_order() {
    let (scope, problems) = checked(
        "events { }\nevents;\nhttp {\n  listne 80;\n  server {\n    listen 80\n      90;\n    \
         listen 1 { }\n    location { }\n    ;\n    client_max_body_size\n      5x\n    ;\n    \
         satisfy alle;\n  }\n  listen 1;\n  internal_redirects maybe;\n  satisfy any;\n  \
         satisfy all;\n  location;\n}\nhttp { server; }\n",
    );
    let expected = "\
directive \"events\" has no opening \"{\" in /etc/a.conf:2
unknown directive \"listne\" in /etc/a.conf:4
invalid number of arguments in \"listen\" directive in /etc/a.conf:6
directive \"listen\" is not terminated by \";\" in /etc/a.conf:8
invalid number of arguments in \"location\" directive in /etc/a.conf:9
unexpected \";\" in /etc/a.conf:10
\"client_max_body_size\" directive invalid value \"5x\" in /etc/a.conf:12
invalid value \"alle\" in \"satisfy\" directive, it must be \"all\" or \"any\" in /etc/a.conf:14
\"listen\" directive is not allowed here in /etc/a.conf:16
invalid value \"maybe\" in \"internal_redirects\" directive, it must be \"on\" or \"off\" in /etc/a.conf:17
\"satisfy\" directive is duplicate in /etc/a.conf:19
\"location\" directive is not allowed here in /etc/a.conf:20
\"http\" directive is duplicate in /etc/a.conf:22
directive \"server\" has no opening \"{\" in /etc/a.conf:22";
    assert_eq!(problems, expected);
    assert_eq!(scope.blocks.len(), 2);
}

#[test]
fn scopes_receive_settings() {
    let (main, problems) = checked(
        "events {} http { map a b { x 1; y { z 1; } \"include\" 2; } satisfy any; upstream u {}\n\
         server { location /a { location = /b { } } } }",
    );
    let http = main.blocks_in(Context::Http).next().unwrap();
    assert_eq!(http.get::<bool>(), Some(&false));
    assert_eq!(http.get::<Vec<Vec<String>>>().unwrap()[0], ["x", "include"]);
    let server = &http.blocks[0];
    let location = &server.blocks[0];
    assert_eq!(location.get::<Text>().unwrap().literal(), Some("/a"));
    assert_eq!(location.blocks[0].context, Context::Location);
    assert_eq!(
        problems,
        "unexpected \"{\" in /etc/a.conf:1\nunknown directive \"upstream\" in /etc/a.conf:1"
    );
}

#[test]
fn required_sections() {
    let missing = |text: &str| {
        let mut parsed = parsed(text);
        require_section(&parsed.tree, "events", &mut parsed.diagnostics);
        problems(&parsed)
    };
    assert_eq!(missing("http {}"), "no \"events\" section in configuration");
    assert_eq!(missing("events {}"), "");
    assert_eq!(missing("http {;}"), "unexpected \";\" in /etc/a.conf:1");
}

#[test]
fn rendering() {
    let mut found =
        parsed("events {}\nhttp {\n\tserver {\n\t\tlistne\t'a\nb' 8;\n\t\tlisten 80 events;\n");
    apply(&found.tree, &[SPECS], Foreign::NONE, &mut found.diagnostics);
    let expected = "\
pingauge: [emerg] unknown directive \"listne\" in /etc/a.conf:4
   4 |   listne 'a
     |   ^^^^^^
     help: did you mean \"listen\"?
pingauge: [emerg] invalid number of arguments in \"listen\" directive in /etc/a.conf:6
   6 |   listen 80 events;
     |   ^^^^^^^^^^^^^^^^^
     help: syntax: listen address;  (is a \";\" missing before \"events\"?)
pingauge: [emerg] unexpected end of file, expecting \"}\" in /etc/a.conf:7
     help: not closed: \"server\" of line 3, \"http\" of line 2
";
    assert_eq!(
        found.diagnostics.render(&found.sources, "pingauge"),
        expected
    );
}

#[test]
fn messages_stay_on_their_line() {
    let mut found = parsed(&format!("{} \"a\nb\u{1b}[1m\"x;", "é".repeat(300)));
    apply(&found.tree, &[SPECS], Foreign::NONE, &mut found.diagnostics);
    let text = found.diagnostics.render(&found.sources, "p");
    assert!(
        text.lines().all(|line| line.chars().count() < 200),
        "{text}"
    );
    let (_, problems) = checked("\"a\nb\u{1b}\" 1;");
    assert_eq!(
        problems,
        "unknown directive \"a\\nb\\u{1b}\" in /etc/a.conf:1"
    );
}

/// A feature of others, as the tables of names have it.
const MAIL: Feature = Feature {
    name: "mail",
    home: "nginx",
    instead: "leave it to others",
    directives: "mail starttls smtp_auth pop3_auth",
    variables: "protocol mail_*",
};

const FOREIGN: Foreign = Foreign(&[&[MAIL]]);

fn rendered(text: &str) -> String {
    let mut found = parsed(text);
    apply(&found.tree, &[SPECS], FOREIGN, &mut found.diagnostics);
    found.diagnostics.render(&found.sources, "p")
}

#[test]
fn a_feature_of_others_is_one_problem() {
    let text = rendered(
        "events {}\nmail {\n  nonsense { x; }\n}\nstarttls on;\nhttp {\n  server {\n    smtp_auth \
         a;\n    smtp_auth b;\n    smtp_aut b;\n  }\n}\n",
    );
    let expected = "\
p: [emerg] \"mail\" directive is known in nginx, not supported here in /etc/a.conf:2
   2 | mail {
     | ^^^^
     help: leave it to others
     also: 3 lines of mail: starttls, smtp_auth (2 times)
p: [emerg] unknown directive \"smtp_aut\" in /etc/a.conf:10
  10 |     smtp_aut b;
     |     ^^^^^^^^
     help: \"smtp_auth\" of other servers is not supported here
";
    assert_eq!(text, expected);
}

#[test]
fn equal_problems_are_counted() {
    let text = rendered("events {}\nfoo;\nbar;\nfoo 1;\nfoo 2;\n");
    let expected = "\
p: [emerg] unknown directive \"foo\" in /etc/a.conf:2
   2 | foo;
     | ^^^
     also: line 4, line 5
p: [emerg] unknown directive \"bar\" in /etc/a.conf:3
   3 | bar;
     | ^^^
";
    assert_eq!(text, expected);
    let many = rendered(&"foo;\n".repeat(20));
    assert!(many.ends_with("line 8, line 9, 11 more\n"), "{many}");
}

#[test]
fn fifty_problems_are_shown_the_gravest() {
    let mut found = parsed("a;\n");
    let span = found.tree[0].span;
    for number in 0..60 {
        let warning = Diagnostic::warning(span, format!("small {number}"));
        found.diagnostics.push(warning);
    }
    found.diagnostics.push(Diagnostic::error(span, "grave"));
    let text = found.diagnostics.render(&found.sources, "p");
    assert_eq!(text.matches("small").count(), 49);
    assert!(text.contains("[emerg] grave"), "{text}");
    assert!(
        text.ends_with("p: [warn] 11 more problems are not shown\n"),
        "{text}"
    );
}

#[test]
fn lua_is_skipped() {
    let found = parsed(
        "location / {\n  content_by_lua_block {\n    local y = { 1 } -- }\n    say(\"it's }\")\n  }\n  \
         after;\n}\nset_by_lua_block $r { return {} }\n",
    );
    assert!(found.diagnostics.is_empty());
    assert_eq!(
        shown(&found.tree),
        "location /{content_by_lua_block{}after;}set_by_lua_block $r{}"
    );
    let open = parsed("a_by_lua_block {\n }\nb_by_lua_block { { }\n");
    assert_eq!(
        problems(&open),
        "unexpected end of file, expecting \"}\" in /etc/a.conf:4"
    );
}

#[test]
fn what_was_left_out_excuses_its_variables() {
    let mut found = parsed(
        "geo $a $B { default 0; }\nmail { $c x; set $d; y { $e 1; } }\nx ~^(?<f>.)(?P<g>.)(?:h);\n\
         foo $i-j ${k} $l$m;\n",
    );
    let main = apply(&found.tree, &[SPECS], FOREIGN, &mut found.diagnostics);
    let Excused(names) = main.get().unwrap();
    let mut names: Vec<_> = names.iter().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["a", "b", "c", "d", "e", "f", "g"]);
}

#[test]
fn the_reference_page() {
    let group = Group {
        name: "core",
        about: "servers",
        directives: SPECS,
    };
    let page = reference(&[group]);
    assert!(page.contains("\n## Module core: servers\n"), "{page}");
    assert!(page.contains("- **core**, servers: ") && page.contains("[listen](#listen)"));
    let listen = "\n### listen\n\n- Syntax: `listen address;`\n- Default: `listen 80;`\n\
                  - Context: server\n\nWhere to listen.\n\n```nginx\nlisten 8080;\n```\n";
    assert!(page.contains(listen), "{page}");
    assert!(page.contains("- Context: any\n"));
}
