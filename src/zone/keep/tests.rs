//! What comes back of a zone: after the death of all processes, of the machine, and of files.

use std::fs;

use super::*;
use crate::metric::{Assignment, Moment, Schema};
use crate::os::monotonic;
use crate::zone::layout::root;
use crate::zone::{
    Action, Change, Changed, MINIMUM, Missing, Once, Overflow, Record, Unusable, Zone,
};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keep-{name}-{}", std::process::id()));
        let _there = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn files(&self) -> Files {
        Files::new(self.0.join("zone"))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn open(&self, words: &[&str]) -> Opened {
        self.open_as(&schema(&[("", words)]), MINIMUM)
    }

    fn open_as(&self, schema: &Arc<Schema>, bytes: usize) -> Opened {
        let overflow = Overflow {
            expire: true,
            discard_key: Some("rest".into()),
        };
        let wanted = Wanted {
            bytes,
            schema,
            overflow: &overflow,
            before: None,
        };
        let mut opened = self.files().open(&wanted).unwrap();
        opened.zone.keep_record();
        opened.zone.verify().unwrap();
        opened
    }

    fn snapshot(&self, opened: &Opened) -> bool {
        let mut writer = Writer::new(self.files());
        writer.write(&opened.zone, Some(&opened.journal)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone_already = fs::remove_dir_all(&self.0);
    }
}

fn schema(metrics: &[(&str, &[&str])]) -> Arc<Schema> {
    let source = serde_json::to_string(metrics).unwrap();
    Arc::new(Schema::from_source(&source).unwrap())
}

fn feed(zone: &Zone, key: &str, value: f64) {
    zone.update(key.as_bytes(), value, Moment(monotonic()))
        .unwrap();
}

fn text(zone: &Zone, key: &str) -> Option<String> {
    let mut record = Record::default();
    zone.read(key.as_bytes(), &mut record).then(|| {
        let mut out = Vec::new();
        record.write_text(zone.schema(), Moment(monotonic()), &mut out);
        String::from_utf8(out).unwrap()
    })
}

/// Makes the machine have gone down since.
fn reboot(opened: Opened) {
    let word = &opened.memory.words()[root::BOOT];
    word.fetch_xor(1, std::sync::atomic::Ordering::SeqCst);
}

fn told(opened: &Opened, level: log::Level) -> Vec<&str> {
    let lines = opened.told.iter().filter(|told| told.level == level);
    lines.map(|told| told.message.as_str()).collect()
}

#[test]
fn the_memory_itself_survives_every_process() {
    let folder = Folder::new("live");
    let first = folder.open(&["gauge"]);
    feed(&first.zone, "a", 2.5);
    drop(first);
    let second = folder.open(&["gauge"]);
    assert_eq!(text(&second.zone, "a"), Some("2.5".into()));
    assert_eq!(second.told, []);
    feed(&second.zone, "a", 1.0);
    drop(second);
    let larger = folder.open_as(&schema(&[("", &["gauge"])]), 4 * MINIMUM);
    assert_eq!(text(&larger.zone, "a"), Some("3.5".into()));
}

#[test]
fn two_servers_never_use_one_file() {
    let folder = Folder::new("lock");
    let first = folder.open(&["gauge"]);
    let schema = schema(&[("", &["gauge"])]);
    let overflow = Overflow::default();
    let wanted = Wanted {
        bytes: MINIMUM,
        schema: &schema,
        overflow: &overflow,
        before: None,
    };
    let error = folder.files().open(&wanted).unwrap_err();
    assert!(
        error.to_string().contains("in use by another server"),
        "{error}"
    );
    drop(first);
    folder.files().open(&wanted).unwrap();
}

#[test]
fn after_the_machine_went_down_the_snapshot_counts() {
    let folder = Folder::new("snapshot");
    let opened = folder.open(&["gauge"]);
    for number in 0..2000 {
        feed(&opened.zone, &format!("{number}"), 1.0);
    }
    let help = Change {
        key: b"1999",
        action: Action::Create,
        help: Some(b"the last"),
    };
    opened
        .zone
        .change(&[help], Missing::Refuse, None, Moment(monotonic()))
        .unwrap();
    assert!(folder.snapshot(&opened));
    assert!(opened.zone.kept().snapshot > 0);
    feed(&opened.zone, "1999", 1.0);
    let counts = |zone: &Zone| (zone.len(), zone.discarded(), zone.evicted());
    let before = counts(&opened.zone);
    let rest = text(&opened.zone, "rest");
    reboot(opened);
    let again = folder.open(&["gauge"]);
    assert_eq!(text(&again.zone, "1999"), Some("1".into()));
    assert_eq!(counts(&again.zone), before);
    assert_eq!(text(&again.zone, "rest"), rest);
    let mut help = Vec::new();
    assert!(again.zone.help(b"1999", &mut help) && help == b"the last");
    let lines = told(&again, log::Level::Info);
    assert!(
        lines
            .iter()
            .any(|line| line.contains("keys were read from its snapshot"))
    );
    // Who is oldest is still known.
    let oldest = (2000 - before.0 + 1).to_string();
    assert!(text(&again.zone, &oldest).is_some());
    // A slot that the change had used for a moment is free.
    feed(&again.zone, "new", 1.0);
    assert!(text(&again.zone, &oldest).is_some());
    feed(&again.zone, "newer", 1.0);
    assert!(text(&again.zone, &oldest).is_none());
}

#[test]
fn what_was_recorded_in_the_journal_is_not_lost_either() {
    let folder = Folder::new("journal");
    let opened = folder.open(&["gauge"]);
    let change = |opened: &Opened, key: &str, action, name: &str| {
        let change = Change {
            key: key.as_bytes(),
            action,
            help: Some(b"text"),
        };
        let once = Once {
            name: name.as_bytes(),
            lifetime: u64::MAX,
            owner: b"",
        };
        let now = Moment(monotonic());
        let changed = opened
            .zone
            .change(&[change], Missing::Create, Some(once), now);
        let Ok(Changed::Applied { record, .. }) = changed else {
            panic!("{changed:?}")
        };
        (&opened.journal).write_all(&record).unwrap();
    };
    let add = |amount| Action::Assign(Assignment::Add(amount));
    change(&opened, "before", add(1.0), "1");
    change(&opened, "gone", add(1.0), "2");
    folder.snapshot(&opened);
    change(&opened, "before", add(1.0), "3");
    change(&opened, "after", add(5.0), "4");
    change(&opened, "gone", Action::Remove, "5");
    change(&opened, "again", add(1.0), "6");
    change(&opened, "again", Action::Remove, "7");
    change(&opened, "again", add(7.0), "8");
    (&opened.journal).write_all(b"pgj1 torn").unwrap();
    reboot(opened);
    let opened = folder.open(&["gauge"]);
    let values = ["before", "after", "gone", "again"].map(|key| text(&opened.zone, key));
    let expected = [Some("2"), Some("5"), None, Some("7")].map(|text| text.map(String::from));
    assert_eq!(values, expected);
    assert!(
        told(&opened, log::Level::Warn)[0].contains("torn end"),
        "{:?}",
        opened.told
    );
    let once = Once {
        name: b"8",
        lifetime: u64::MAX,
        owner: b"",
    };
    let change = Change {
        key: b"again",
        action: add(7.0),
        help: None,
    };
    let replayed = opened
        .zone
        .change(&[change], Missing::Create, Some(once), Moment(monotonic()));
    let Ok(Changed::Replayed { created: 1, record }) = replayed else {
        panic!("{replayed:?}")
    };
    assert_eq!(journal::read(&record).entries.len(), 2);
}

#[test]
fn a_damaged_newest_snapshot_gives_way_to_the_one_before() {
    let folder = Folder::new("older");
    let opened = folder.open(&["gauge"]);
    feed(&opened.zone, "a", 1.0);
    folder.snapshot(&opened);
    feed(&opened.zone, "a", 1.0);
    assert!(folder.snapshot(&opened));
    reboot(opened);
    let path = folder.file("zone.snapshot");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 4;
    fs::write(&path, bytes).unwrap();
    let opened = folder.open(&["gauge"]);
    assert_eq!(text(&opened.zone, "a"), Some("1".into()));
    assert!(folder.file("zone.snapshot.bad").exists());
    assert!(told(&opened, log::Level::Error)[0].contains("the checksum does not fit"));
}

#[test]
fn nothing_is_written_while_nothing_changes() {
    let folder = Folder::new("quiet");
    let opened = folder.open(&["gauge"]);
    feed(&opened.zone, "a", 1.0);
    let mut writer = Writer::new(folder.files());
    std::thread::sleep(std::time::Duration::from_millis(2));
    let mut write = || writer.write(&opened.zone, Some(&opened.journal)).unwrap();
    assert!(write());
    assert!(!write());
    feed(&opened.zone, "a", 1.0);
    assert!(write());
}

#[test]
fn a_file_changed_after_a_good_end_is_noticed() {
    let folder = Folder::new("sealed");
    let opened = folder.open(&["gauge"]);
    feed(&opened.zone, "a", 1.0);
    let mut writer = Writer::new(folder.files());
    writer.finish(&opened.zone, Some(&opened.journal)).unwrap();
    drop(opened);
    let opened = folder.open(&["gauge"]);
    assert_eq!(opened.told, []);
    writer.finish(&opened.zone, Some(&opened.journal)).unwrap();
    drop(opened);
    let path = folder.file("zone");
    let mut bytes = fs::read(&path).unwrap();
    let value = bytes
        .windows(8)
        .rposition(|word| word == 1f64.to_le_bytes())
        .unwrap();
    bytes[value] ^= 1;
    fs::write(&path, bytes).unwrap();
    let opened = folder.open(&["gauge"]);
    assert_eq!(text(&opened.zone, "a"), Some("1".into()));
    assert!(folder.file("zone.bad").exists());
    assert!(told(&opened, log::Level::Error)[0].contains("kept as"));
}

#[test]
fn any_damage_of_the_memory_is_survived() {
    let folder = Folder::new("damage");
    let opened = folder.open(&["count"]);
    for number in 0..300 {
        feed(&opened.zone, &format!("{number}"), 1.0);
    }
    folder.snapshot(&opened);
    let keys = opened.zone.len();
    drop(opened);
    let good = fs::read(folder.file("zone")).unwrap();
    for (round, place) in (0..good.len()).step_by(311).enumerate() {
        let mut bytes = good.clone();
        match round % 3 {
            0 => bytes[place] ^= 1 << (round % 8),
            1 => bytes.truncate(place),
            _ => bytes[place..].fill(round as u8),
        }
        fs::write(folder.file("zone"), bytes).unwrap();
        let opened = folder.open(&["count"]);
        assert!(opened.zone.len() >= keys - 1, "{place}: {:?}", opened.told);
    }
}

#[test]
fn metrics_are_found_again_by_name_or_kept_aside() {
    let folder = Folder::new("metrics");
    let two = schema(&[("a", &["gauge"]), ("b", &["count"])]);
    let other = schema(&[("b", &["count"]), ("c", &["max"])]);
    let none = schema(&[("d", &["last"])]);
    for machine_goes_down in [false, true] {
        let opened = folder.open_as(&two, MINIMUM);
        feed(&opened.zone, "k", 2.0);
        folder.snapshot(&opened);
        let end = |opened: Opened| {
            if machine_goes_down {
                reboot(opened)
            } else {
                drop(opened)
            }
        };
        end(opened);
        let opened = folder.open_as(&other, 2 * MINIMUM);
        assert_eq!(text(&opened.zone, "k"), Some("1, ".into()));
        folder.snapshot(&opened);
        end(opened);
        let opened = folder.open_as(&none, MINIMUM);
        assert!(opened.zone.is_empty());
        assert!(told(&opened, log::Level::Warn)[0].contains("no metric in common"));
        assert!(folder.file("zone.old").exists());
        drop(opened);
        for name in ["zone", "zone.old", "zone.snapshot", "zone.snapshot.1"] {
            let _there = fs::remove_file(folder.file(name));
        }
    }
}

#[test]
fn a_file_of_other_labels_is_kept_aside_and_that_is_told() {
    let folder = Folder::new("labels");
    let labelled = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let schema = Schema::from_source("[[\"\",[\"count\"]]]").unwrap();
        Arc::new(schema.with_labels(names))
    };
    for machine_goes_down in [false, true] {
        let opened = folder.open_as(&labelled(&["a", "b"]), MINIMUM);
        feed(&opened.zone, "\x01k", 2.0);
        folder.snapshot(&opened);
        match machine_goes_down {
            true => reboot(opened),
            false => drop(opened),
        }
        let opened = folder.open_as(&labelled(&["b", "a"]), MINIMUM);
        assert!(opened.zone.is_empty());
        let told = told(&opened, log::Level::Warn);
        let reason = "its labels were a,b and are now b,a";
        assert!(told[0].ends_with(reason), "{told:?}");
        drop(opened);
        for name in ["zone", "zone.old", "zone.snapshot", "zone.snapshot.1"] {
            let _there = fs::remove_file(folder.file(name));
        }
    }
}

#[test]
fn windows_and_ages_go_on_while_the_machine_is_down() {
    let folder = Folder::new("time");
    let words = ["average mean", "window=1h"];
    let opened = folder.open(&words);
    feed(&opened.zone, "a", 5.0);
    folder.snapshot(&opened);
    reboot(opened);
    let opened = folder.open(&words);
    assert_eq!(text(&opened.zone, "a"), Some("5".into()));
    let hour = 3_600_000_000_000;
    let now = Moment(monotonic());
    assert_eq!(opened.zone.drop_inactive(hour, now).unwrap(), 0);
    // The wall clock says that two hours have passed.
    let path = folder.file("zone.snapshot");
    let (mut preamble, entries) = snapshot::read(&fs::read(&path).unwrap()).unwrap();
    preamble.wall -= 7_200_000;
    let image = image::Image::new(preamble, entries, Vec::new()).unwrap();
    let memory = crate::os::SharedMemory::heap(MINIMUM);
    let fill = |root: &_, store: &_| drop(image.fill(root, store, wall_clock()));
    let schema = schema(&[("", &words)]);
    let zone = Zone::create_with(&memory, MINIMUM, schema, &Overflow::default(), fill).unwrap();
    assert_eq!(text(&zone, "a"), Some("0".into()));
    assert_eq!(zone.drop_inactive(hour, now).unwrap(), 1);
}

#[test]
fn hostile_files_are_errors() {
    assert!(matches!(snapshot::read(b""), Err(Unusable::Corrupt(_))));
    for length in 0..200u8 {
        let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
        let mut signed = bytes.clone();
        signed.extend(xxhash_rust::xxh3::xxh3_64(&bytes).to_le_bytes());
        assert!(snapshot::read(&signed).is_err());
        journal::read(&bytes);
    }
    assert!(!Path::new("zone").exists());
}

#[test]
fn an_image_that_does_not_fit_together_is_taken_as_far_as_it_goes() {
    let source = schema(&[("c", &["count"]), ("g", &["gauge"])]).source();
    let preamble = snapshot::Preamble {
        wall: 0,
        moment: Moment(0),
        journal: 0,
        names: 1,
        discarded: 0,
        evicted: 0,
        requests: 0,
        failures: 0,
        source,
        rest: Some((b"rest".to_vec(), vec![7])),
    };
    let key = |key: &[u8], cells: &[u64]| entry::Entry::Key {
        key: key.to_vec(),
        is_truncated: false,
        stamp: u64::MAX - key.len() as u64,
        cells: cells.to_vec(),
        text: Vec::new(),
    };
    let entries = vec![key(b"", &[1, 2]), key(b"a", &[3, 0]), key(b"bb", &[5])];
    let image = image::Image::new(preamble, entries, Vec::new()).unwrap();
    let overflow = Overflow {
        expire: true,
        discard_key: Some("rest".into()),
    };
    let memory = crate::os::SharedMemory::heap(MINIMUM);
    let wanted = schema(&[("g", &["gauge"]), ("c", &["count"])]);
    let zone = Zone::create_with(&memory, MINIMUM, wanted, &overflow, |root, store| {
        image.fill(root, store, 0);
    });
    let zone = zone.unwrap();
    zone.verify().unwrap();
    assert_eq!(zone.len(), 1);
    assert_eq!(text(&zone, "a"), Some("0, 3".into()));
}
