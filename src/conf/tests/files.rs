//! Includes, the command line, and recordings.

use super::*;

fn loaded(files: &[(&str, &str)]) -> Parsed {
    parse(Path::new("/etc/a.conf"), None, &mut Memory::new(files))
}

#[test]
fn includes_take_their_place() {
    let found = loaded(&[
        (
            "/etc/a.conf",
            "a; include d/*.conf; b { include b.conf; } include d/?.none; c;",
        ),
        ("/etc/b.conf", "include d/1.conf; x { include /abs; }"),
        ("/etc/d/2.conf", "two;"),
        ("/etc/d/1.conf", "one;"),
        ("/abs", "abs;"),
    ]);
    assert_eq!(shown(&found.tree), "a;one;two;b{one;x{abs;}}c;");
    assert!(found.diagnostics.is_empty());
    let names: Vec<_> = found
        .sources
        .files()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "/etc/a.conf",
            "/etc/d/1.conf",
            "/etc/d/2.conf",
            "/etc/b.conf",
            "/abs"
        ]
    );
}

#[test]
fn problems_name_their_file_in_reading_order() {
    let found = loaded(&[
        (
            "/etc/a.conf",
            "include b.conf;\n;\ninclude\n  none;\ninclude b.conf;\ninclude;\ninclude x {}",
        ),
        ("/etc/b.conf", "a;\n\n}"),
    ]);
    let expected = "\
unexpected \"}\" in /etc/b.conf:3
unexpected \";\" in /etc/a.conf:2
open() \"/etc/none\" failed (2: No such file or directory) in /etc/a.conf:4
invalid number of arguments in \"include\" directive in /etc/a.conf:6
directive \"include\" is not terminated by \";\" in /etc/a.conf:7";
    assert_eq!(problems(&found), expected);
}

#[test]
fn a_missing_main_file() {
    let found = loaded(&[]);
    assert_eq!(
        problems(&found),
        "open() \"/etc/a.conf\" failed (2: No such file or directory)"
    );
}

#[test]
fn cycles_and_depth_end() {
    let found = loaded(&[
        ("/etc/a.conf", "a { include b; }"),
        ("/etc/b", "b;\ninclude a.conf;"),
    ]);
    assert_eq!(
        problems(&found),
        "\"/etc/a.conf\" includes itself in /etc/b:2"
    );
    assert_eq!(shown(&found.tree), "a{b;}");

    // The same file under ever new names.
    struct Endless;
    impl Loader for Endless {
        fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
            let includes = format!("x {{ include {0}/x; include {0}/x; }} #", path.display());
            Ok((includes + &"-".repeat(100_000)).into_bytes())
        }
        fn expand(&mut self, _: &str) -> io::Result<Vec<PathBuf>> {
            Ok(Vec::new())
        }
    }
    let found = parse(Path::new("/a"), None, &mut Endless);
    assert!(problems(&found).contains("files are included deeper than 32 levels"));
    assert!(problems(&found).contains("the configuration is larger than 32m"));
}

#[test]
fn the_command_line_comes_first() {
    let mut files = Memory::new(&[("/a", "c;")]);
    let found = parse(Path::new("/a"), Some("a; b 1;"), &mut files);
    assert_eq!(shown(&found.tree), "a;b 1;c;");
    assert_eq!(found.sources.files().count(), 1);
    let found = parse(Path::new("/a"), Some("a; b"), &mut files);
    let expected = "unexpected end of parameter, expecting \";\" in command line";
    assert_eq!(problems(&found), expected);
}

#[test]
fn a_recording_replays() {
    let mut files = Memory::new(&[
        ("/a", "include *.c; include b;"),
        ("/1.c", "c;"),
        ("/b", ""),
    ]);
    files.0.insert("/b".into(), b"b; #\xe9".to_vec());
    let mut recorder = Recorder::new(files);
    let found = parse(Path::new("/a"), None, &mut recorder);
    let text = serde_json::to_string(&recorder.into_recording()).unwrap();
    let mut recording: Recording = serde_json::from_str(&text).unwrap();
    let replayed = parse(Path::new("/a"), None, &mut recording);
    assert_eq!(shown(&replayed.tree), "c;b;");
    assert_eq!(replayed.tree, found.tree);
    assert!(recording.read(Path::new("/c")).is_err());
    assert!(recording.expand("/*").is_err());
}

#[test]
fn the_disk() {
    let name = format!("pingauge-conf-{}", std::process::id());
    let directory = std::env::temp_dir().join(name);
    std::fs::create_dir_all(directory.join("d[1]/sub")).unwrap();
    for (name, text) in [
        ("b.conf", "b;"),
        ("a.conf", "a;"),
        (".h.conf", "h;"),
        ("sub/c.conf", "c;"),
    ] {
        std::fs::write(directory.join("d[1]").join(name), text).unwrap();
    }
    let main = directory.join("d[1]/main");
    std::fs::write(
        &main,
        "include *.conf; include **.conf; include none/*; include sub;",
    )
    .unwrap();
    let found = parse(&main, None, &mut Disk);
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(shown(&found.tree), "a;b;a;b;");
    assert!(
        problems(&found).contains("Is a directory"),
        "{}",
        problems(&found)
    );
}

#[test]
fn system_errors_have_their_number_in_front_wherever_they_stand() {
    let missing = io::Error::from_raw_os_error(2);
    let refused = io::Error::from_raw_os_error(111);
    let line = format!("zone \"a\": {missing}; then {refused}, twice: {missing}");
    assert_eq!(
        with_reasons(&line),
        "zone \"a\": 2: No such file or directory; then 111: Connection refused, twice: 2: No such file or directory"
    );
    for other in [
        "",
        "nothing of the kind",
        "ä (os error 2)",
        "No such file (os error 2)",
        "x (os error 99999999999)",
        "x (os error ",
        "x (os error -1) (os error 2",
    ] {
        assert_eq!(with_reasons(other), other);
    }
}
