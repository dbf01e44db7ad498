//! The harness itself: file format, marks, comparison, origins.

mod block {
    use std::path::Path;

    use crate::harness::block::*;

    const SAMPLE: &str = "# why\n\n=== first\n# note\n--- config\nlocation / {}\n\n--- requests\n\
                          GET / 200\n\n=== second\n--- json /a 404\n{}\n\\--- x\n--- reload\n";

    #[test]
    fn blocks_sections_and_lines() {
        let blocks = parse(Path::new("a.t"), SAMPLE).unwrap();
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[0].name, "first");
        assert_eq!(blocks[0].section("config").unwrap().body, "location / {}\n");
        let json = blocks[1].section("json").unwrap();
        assert_eq!(
            (json.argument.as_str(), json.line, json.body_lines),
            ("/a 404", 12, 2)
        );
        assert_eq!(json.body, "{}\n--- x\n");
        assert_eq!(blocks[1].section("reload").unwrap().body, "");
    }

    #[test]
    fn a_file_must_say_why() {
        assert!(
            parse(Path::new("a.t"), "=== x\n")
                .unwrap_err()
                .contains("a.t:1: open the file")
        );
    }

    #[test]
    fn misplaced_text_is_refused() {
        assert!(
            parse(Path::new("a.t"), "# w\nstray\n")
                .unwrap_err()
                .contains("a.t:2: text outside")
        );
        assert!(
            parse(Path::new("a.t"), "# w\n--- x\n")
                .unwrap_err()
                .contains("before the first")
        );
        assert!(
            parse(Path::new("a.t"), "# w\n=== a\n=== a\n")
                .unwrap_err()
                .contains("same name")
        );
    }
}

mod doors {
    use std::path::Path;

    use crate::harness::block::*;
    use crate::harness::door::Door;
    use crate::harness::run;

    fn block(text: &str) -> Block {
        let text = format!("# why\n=== one\n{text}");
        parse(Path::new("a.t"), &text).unwrap().remove(0)
    }

    #[test]
    fn what_a_block_asks() {
        for (text, asks) in [
            ("--- ok\n", Asks::Nothing),
            ("--- raw_request\n--- json\n", Asks::Bytes),
            ("--- raw_request\n--- json /a\n", Asks::Bytes),
            ("--- json /a\n", Asks::Requests),
            ("--- raw_request\n--- http2:requests\n", Asks::Requests),
        ] {
            assert_eq!(block(text).asks(), asks, "{text}");
        }
    }

    #[test]
    fn sections_are_for_one_door_or_for_both() {
        let block = block("--- http1:json /a\n--- http2:json /b\n--- http1_only x\n--- json\n");
        let seen = |door| -> Vec<String> {
            let sections = block.sections.iter().filter_map(|one| one.at(door));
            sections
                .map(|one| format!("{} {}", one.name, one.argument))
                .collect()
        };
        assert_eq!(seen(Door::Http1), ["json /a", "http1_only x", "json "]);
        assert_eq!(seen(Door::Http2), ["json /b", "http1_only x", "json "]);
    }

    #[test]
    fn a_mark_that_is_not_needed_is_a_failure() {
        let text = "--- http1_only they are versions\n--- config\nlocation /a { return 200 $http2; }\n--- requests\n";
        let good = block(&format!("{text}GET /a 200 =\n"));
        assert_eq!(run::run(&good, Door::Http1), Ok(()));
        assert_eq!(run::run(&good, Door::Http2), Ok(()));
        let idle = block(&format!("{text}GET /a 200\n"));
        let failed = run::run(&idle, Door::Http2).unwrap_err();
        assert!(failed.contains("remove its `http1_only`"), "{failed}");
    }
}

mod compare {
    use crate::harness::compare::*;
    use serde_json::json as value;

    #[test]
    fn numbers_and_kinds() {
        let expected = value!({"a": 5, "b": "<number>", "c": "<date>", "d": "</^x+$/>"});
        let got = value!({"a": 5.0, "b": 1, "c": "2026-01-02T03:04:05Z", "d": "xx"});
        assert_eq!(json(&expected, &got, Members::All), Ok(()));
        assert!(
            json(
                &value!({"a": {"b": 1}}),
                &value!({"a": {"b": 2}}),
                Members::All
            )
            .unwrap_err()
            .contains("/a/b")
        );
    }

    #[test]
    fn members() {
        let (less, more) = (value!({"a": 1}), value!({"a": 1, "b": 2}));
        assert!(json(&less, &more, Members::AtLeast).is_ok());
        assert!(
            json(&less, &more, Members::All)
                .unwrap_err()
                .contains("extra member \"b\"")
        );
        assert!(
            json(&more, &less, Members::AtLeast)
                .unwrap_err()
                .contains("no member")
        );
    }

    #[test]
    fn exposition_rules() {
        assert_eq!(
            exposition("# x\n# TYPE a gauge\na{k=\"v\\\"\"} 1\na 2e-7\n"),
            Ok(2)
        );
        assert!(exposition("a{k=\"v\"\"} 1\n").is_err());
        assert!(exposition("a text\n").is_err());
        assert!(exposition("# TYPE a gauge\n# TYPE a gauge\n").is_err());
    }
}

mod escape {
    use crate::harness::escape::*;

    #[test]
    fn escapes_become_bytes_and_back() {
        assert_eq!(unescape(r"a\r\n\x00\xff\\\q"), b"a\r\n\x00\xff\\\\q");
        assert_eq!(escape(b"a\r\n\t\x01\\"), r"a\r\n\t\x01\\");
    }

    #[test]
    fn marks_repeat_and_count() {
        assert_eq!(expand("/z?k=<<ab*3>>&n=<<#4>>", 7), "/z?k=ababab&n=0007");
        assert_eq!(expand("<<#1+10>>", 2), "12");
        assert_eq!(expand("<<no mark>> <<", 0), "<<no mark>> <<");
    }
}

mod golden {
    use crate::harness::golden::*;

    #[test]
    fn bodies_are_replaced_from_the_bottom_up() {
        let text = "# w\n=== a\n--- json\n{}\n\n--- error\nold\nold\n";
        let changes = vec![(3, 1, "1\n2\n".into()), (6, 2, "new\n".into())];
        assert_eq!(
            rewritten(text, changes),
            "# w\n=== a\n--- json\n1\n2\n\n--- error\nnew\n"
        );
    }
}

mod origin {
    use crate::harness::origin::*;
    use crate::harness::{PATIENCE, client::Connection};

    #[test]
    fn answers_by_the_first_matching_rule() {
        let script = "GET /a 201 delay=0.01\n    X-Y: z\n    | hello\nGET /gone close\n* * 404\n";
        let origin = Origin::start(script).unwrap();
        let mut connection = Connection::open(origin.address, PATIENCE).unwrap();
        let first = connection.get("/a").unwrap();
        assert_eq!(
            (first.status, first.header("x-y"), first.text().as_str()),
            (201, Some("z"), "hello")
        );
        assert_eq!(connection.get("/b").unwrap().status, 404);
        assert!(connection.get("/gone").is_err());
    }
}

mod request {
    use crate::harness::request::*;

    #[test]
    fn a_line_with_everything() {
        let parsed = parse("PUT /a?b=c 201 x3 = k=1\\n\n  Host: h\n  | one\n  | two\n").unwrap();
        assert_eq!(parsed.len(), 1);
        let request = &parsed[0];
        assert_eq!(
            (request.method.as_str(), request.target.as_str()),
            ("PUT", "/a?b=c")
        );
        assert_eq!(
            (request.times, &request.outcome),
            (3, &Outcome::Status(201))
        );
        assert_eq!(request.check, BodyCheck::Exactly("k=1\\n".into()));
        assert_eq!(request.headers, [("Host".to_owned(), "h".to_owned())]);
        assert_eq!(request.body.as_deref(), Some("one\ntwo"));
    }

    #[test]
    fn short_forms() {
        let parsed = parse("GET /\nGET /x close\nGET /y ~ ^a = b$\nGET /e =\n").unwrap();
        assert_eq!(parsed[0].outcome, Outcome::Status(200));
        assert_eq!(parsed[1].outcome, Outcome::Closed);
        assert_eq!(parsed[2].check, BodyCheck::Like("^a = b$".into()));
        assert_eq!(parsed[3].check, BodyCheck::Exactly(String::new()));
        assert!(parse("GET / maybe\n").unwrap_err().contains("maybe"));
    }
}
