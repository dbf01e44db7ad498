//! A cache on a disk, with everything that can become of its files.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::cache::Levels;
use crate::cache::file::Head;
use crate::cache::index::{Index, Progress, schema};
use crate::os::{SharedMemory, monotonic};
use crate::zone::{NotChanged, Overflow, Zone};

const KEY: &[u8] = b"key";
const K256: usize = 256 << 10;

struct Place {
    cache: Arc<Cache>,
    memory: SharedMemory,
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        let memory = SharedMemory::heap(2 * K256);
        let overflow = Overflow {
            expire: false,
            discard_key: None,
        };
        let zone = Zone::create(&memory, K256, Arc::new(schema()), &overflow).unwrap();
        let directory = tempfile::tempdir().unwrap();
        Self {
            cache: Arc::new(cache(zone, directory.path())),
            memory,
            directory,
        }
    }

    /// The same as another process sees it.
    fn elsewhere(&self) -> Arc<Cache> {
        let zone = Zone::attach(&self.memory, Arc::new(schema())).unwrap();
        Arc::new(cache(zone, self.directory.path()))
    }

    fn pending(&self) -> Pending {
        match self.cache.claim((name(), None), None, now()).unwrap() {
            Attempt::Granted(pending) => pending,
            Attempt::Busy(fill) => panic!("{fill:?}"),
        }
    }

    fn filling(&self, length: Option<u64>) -> Filling {
        let terms = Terms { length, ..terms() };
        self.pending().begin(head(), terms).unwrap()
    }

    fn fill(&self, body: &[u8]) {
        let mut filling = self.filling(Some(body.len() as u64));
        filling.append(body).unwrap();
        filling.finish(now()).unwrap();
    }

    fn body(&self) -> Result<Vec<u8>, Absent> {
        let opened = self.cache.open(name(), KEY, now())?;
        let mut body = vec![0; (opened.body.end - opened.body.start) as usize];
        let read = opened.file.read_exact_at(&mut body, opened.body.start);
        read.unwrap();
        Ok(body)
    }

    fn file(&self) -> PathBuf {
        self.cache.place.file(name())
    }

    fn files(&self) -> usize {
        let folder = self.file();
        let listed = fs::read_dir(folder.parent().unwrap());
        listed.map_or(0, Iterator::count)
    }

    /// Entries and their size, and how many are being filled.
    fn sums(&self) -> (u64, u64, u64) {
        let sums = self.cache.index().sums(now()).unwrap();
        (sums.entries, sums.size, sums.filling)
    }
}

fn cache(zone: Zone, directory: &Path) -> Cache {
    let place = super::Place {
        directory: directory.to_owned(),
        levels: Levels::parse("1:2").unwrap(),
        temporary: None,
    };
    Cache::new(Index::new(zone, now()).unwrap(), place)
}

fn name() -> Name {
    Name::of_key(KEY)
}

fn now() -> Moment {
    Moment(monotonic())
}

fn fresh() -> Freshness {
    Freshness {
        fresh: 9,
        ..Freshness::default()
    }
}

fn terms() -> Terms {
    Terms {
        freshness: fresh(),
        ..Terms::default()
    }
}

fn head() -> Head<'static> {
    Head {
        status: 200,
        key: KEY,
        fields: b"A: b\r\n",
        ..Head::default()
    }
}

#[test]
fn long_bodies_begin_on_pages_and_short_ones_where_there_is_room() {
    for (length, said, is_on_page) in [
        (16 * 1024, true, true),
        (16 * 1024 - 1, true, false),
        (16 * 1024, false, false),
    ] {
        let place = Place::new();
        let body = vec![b'x'; length];
        let mut filling = place.filling(said.then_some(length as u64));
        filling.append(&body).unwrap();
        filling.finish(now()).unwrap();
        let opened = place.cache.open(name(), KEY, now()).unwrap();
        assert_eq!(
            opened.body.start.is_multiple_of(4096),
            is_on_page,
            "{length}"
        );
        assert_eq!(place.body().unwrap(), body);
    }
}

#[test]
fn what_was_filled_is_opened() {
    let place = Place::new();
    assert!(matches!(place.body(), Err(Absent::Unknown)));
    place.fill(b"hello");
    let opened = place.cache.open(name(), KEY, now()).unwrap();
    assert_eq!(opened.entry.head().fields, b"A: b\r\n");
    assert_eq!(opened.entry.freshness, fresh());
    assert_eq!(place.body().unwrap(), b"hello");
    assert_eq!((place.sums(), place.files()), ((1, 4096, 0), 1));
    place.fill(&[b'x'; 5000]);
    assert_eq!(place.body().unwrap(), [b'x'; 5000]);
    assert_eq!((place.sums(), place.files()), ((1, 8192, 0), 1));
    // Whoever had opened the one before still has it.
    let mut before = [0; 5];
    opened
        .file
        .read_exact_at(&mut before, opened.body.start)
        .unwrap();
    assert_eq!(&before, b"hello");
    let other = place.cache.open(name(), b"other", now());
    assert!(matches!(other, Err(Absent::Collision)));
}

#[test]
fn what_comes_to_nothing_leaves_nothing() {
    let place = Place::new();
    drop(place.pending());
    let mut filling = place.filling(Some(5));
    filling.append(b"hell").unwrap();
    assert!(matches!(filling.finish(now()), Err(NotFilled::Length)));
    let mut filling = place.filling(Some(5));
    assert!(matches!(filling.append(b"hello!"), Err(NotFilled::Length)));
    drop(filling);
    drop(place.filling(None));
    assert_eq!((place.sums(), place.files()), ((0, 0, 0), 0));
    assert!(place.cache.index().oldest(9).is_empty());
}

#[test]
fn a_body_that_is_not_what_it_is_known_to_be_is_not_kept() {
    let place = Place::new();
    let elsewhere = place.elsewhere();
    let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    for (body, is_kept) in [(b"abd", false), (b"abc", true)] {
        let terms = Terms {
            digest: Some(crate::cache::ContentDigest::parse(abc.as_bytes()).unwrap()),
            length: Some(3),
            ..terms()
        };
        let mut filling = place.pending().begin(head(), terms).unwrap();
        let fill = elsewhere.index().fill(name(), now()).unwrap();
        let growing = elsewhere.follow(name(), &fill).unwrap().unwrap();
        filling.append(body).unwrap();
        // Nobody has had the last byte when it turns out.
        assert_eq!(elsewhere.grown(&growing, now()), Grown::Partly(2));
        let finished = filling.finish(now());
        assert_eq!(matches!(finished, Err(NotFilled::Digest)), !is_kept);
        let grown = if is_kept {
            Grown::Wholly(3)
        } else {
            Grown::Broken
        };
        assert_eq!(elsewhere.grown(&growing, now()), grown);
        assert_eq!(
            (place.body().is_ok(), place.files()),
            (is_kept, usize::from(is_kept))
        );
    }
}

#[test]
fn others_follow_what_grows_and_have_the_last_byte_when_all_is_well() {
    let place = Place::new();
    let elsewhere = place.elsewhere();
    let mut filling = place.filling(Some(5));
    let Attempt::Busy(fill) = elsewhere.claim((name(), None), None, now()).unwrap() else {
        panic!("two fill it");
    };
    assert_eq!(fill.progress, Progress::Growing(0));
    let growing = elsewhere.follow(name(), &fill).unwrap().unwrap();
    assert_eq!(growing.entry().head().key, KEY);
    let grown = || elsewhere.grown_if_alive(&growing, now());
    assert_eq!(grown(), Grown::Partly(0));
    filling.append(b"hel").unwrap();
    assert_eq!(grown(), Grown::Partly(3));
    filling.append(b"lo").unwrap();
    assert_eq!((grown(), filling.shown()), (Grown::Partly(4), 4));
    filling.finish(now()).unwrap();
    assert_eq!(grown(), Grown::Wholly(5));
    let mut body = [0; 5];
    growing.read_at(&mut body, 0).unwrap();
    assert_eq!(&body, b"hello");
    // Late for the growing file, but the entry is there.
    assert!(elsewhere.follow(name(), &fill).unwrap().is_none());
    assert!(elsewhere.open(name(), KEY, now()).is_ok());
}

#[test]
fn whoever_follows_a_fill_that_breaks_off_is_told() {
    let place = Place::new();
    let elsewhere = place.elsewhere();
    let mut filling = place.filling(None);
    filling.append(b"hello").unwrap();
    let fill = elsewhere.index().fill(name(), now()).unwrap();
    let growing = elsewhere.follow(name(), &fill).unwrap().unwrap();
    assert_eq!(elsewhere.grown(&growing, now()), Grown::Partly(5));
    drop(filling);
    assert_eq!(elsewhere.grown(&growing, now()), Grown::Broken);
    place.fill(b"another");
    assert_eq!(elsewhere.grown(&growing, now()), Grown::Broken);
}

/// Whoever notices a death first ends what was begun; those who follow it go on elsewhere all the same.
#[test]
fn a_fill_whose_process_died_was_not_broken_off_whoever_clears_it() {
    let place = Place::new();
    let elsewhere = place.elsewhere();
    let mut child = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    let zone = Zone::attach(&place.memory, Arc::new(schema())).unwrap();
    let mut dying = cache(zone, place.directory.path());
    dying.process = Process {
        id: child.id(),
        started: 0,
    };
    let claimed = Arc::new(dying).claim((name(), None), None, now()).unwrap();
    let Attempt::Granted(pending) = claimed else {
        panic!("somebody fills it");
    };
    let mut filling = pending.begin(head(), terms()).unwrap();
    filling.append(b"hello").unwrap();
    let fill = elsewhere.index().fill(name(), now()).unwrap();
    let growing = elsewhere.follow(name(), &fill).unwrap().unwrap();
    std::mem::forget(filling);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(elsewhere.grown(&growing, now()), Grown::Partly(5));
    assert_eq!(place.cache.clear_abandoned(now()), 1);
    assert_eq!(elsewhere.grown(&growing, now()), Grown::Unkept);
    assert_eq!(elsewhere.grown_if_alive(&growing, now()), Grown::Unkept);
}

#[test]
fn files_that_are_not_what_they_should_be_are_dropped() {
    type Spoil = fn(&Path);
    let spoilt: [(&str, Spoil); 5] = [
        ("gone", |path| fs::remove_file(path).unwrap()),
        ("cut", |path| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        }),
        ("empty", |path| fs::write(path, b"").unwrap()),
        ("something else", |path| {
            fs::write(path, [b'x'; 999]).unwrap()
        }),
        ("longer", |path| {
            let mut file = File::options().append(true).open(path).unwrap();
            file.write_all(b"more").unwrap();
        }),
    ];
    for (what, spoil) in spoilt {
        let place = Place::new();
        place.fill(&[b'x'; 10_000]);
        spoil(&place.file());
        assert!(matches!(place.body(), Err(Absent::Lost(_))), "{what}");
        assert!(matches!(place.body(), Err(Absent::Unknown)), "{what}");
        assert_eq!((place.sums(), place.files()), ((0, 0, 0), 0), "{what}");
        place.fill(b"again");
        assert_eq!(place.body().unwrap(), b"again", "{what}");
    }
    let place = Place::new();
    place.fill(b"hello");
    fs::remove_file(place.file()).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(place.file())
        .status();
    assert!(made.unwrap().success());
    assert!(matches!(place.body(), Err(Absent::Lost(_))));
}

#[test]
fn times_are_renewed_in_the_file_that_was_opened_alone() {
    let place = Place::new();
    place.fill(b"hello");
    let later = Freshness {
        fresh: 20,
        ..Freshness::default()
    };
    let mut opened = place.cache.open(name(), KEY, now()).unwrap();
    assert!(place.cache.renew(name(), &mut opened, later).unwrap());
    let mut again = place.cache.open(name(), KEY, now()).unwrap();
    assert_eq!(
        (again.entry.freshness, opened.entry.freshness),
        (later, later)
    );
    place.fill(b"other");
    assert!(!place.cache.renew(name(), &mut again, fresh()).unwrap());
    assert_eq!(
        place
            .cache
            .open(name(), KEY, now())
            .unwrap()
            .entry
            .freshness,
        fresh()
    );
    fs::remove_file(place.file()).unwrap();
    assert!(place.cache.renew(name(), &mut again, fresh()).is_err());
}

/// Makes a file one of another boot.
fn age(path: &Path) {
    let file = File::options().read(true).write(true).open(path).unwrap();
    let (entry, mark) = Entry::whole(&file, file.metadata().unwrap().len()).unwrap();
    let old = Mark {
        boot: mark.boot ^ 1,
        ..mark
    };
    let bytes = old.written(entry.head().nonce);
    let end = entry.body(mark.length).end;
    file.write_all_at(&bytes, end).unwrap();
}

#[test]
fn what_may_not_have_reached_the_disk_is_checked_first() {
    let place = Place::new();
    place.fill(b"hello");
    age(&place.file());
    assert_eq!(place.body().unwrap(), b"hello");
    let file = File::open(place.file()).unwrap();
    let (_, mark) = Entry::whole(&file, file.metadata().unwrap().len()).unwrap();
    assert_eq!(mark.boot, place.cache.boot);
    // A hole where the body was.
    age(&place.file());
    let opened = place.cache.open(name(), KEY, now()).unwrap();
    age(&place.file());
    let file = File::options().write(true).open(place.file()).unwrap();
    file.write_all_at(b"h\0\0lo", opened.body.start).unwrap();
    assert!(matches!(place.body(), Err(Absent::Lost(_))));
    let long = vec![b'x'; QUICKLY_CHECKED as usize + 1];
    place.fill(&long);
    age(&place.file());
    assert!(matches!(place.body(), Err(Absent::Unchecked)));
    // Upkeep comes round to it at the start.
    let walk = || {
        let mut walk = Walk::new(&place.cache).unwrap();
        while walk.step(&place.cache, 10, now()) {}
    };
    walk();
    assert!(place.body().unwrap() == long);
    let opened = place.cache.open(name(), KEY, now()).unwrap();
    age(&place.file());
    let file = File::options().write(true).open(place.file()).unwrap();
    file.write_all_at(b"x\0\0x", opened.body.start).unwrap();
    walk();
    assert!(matches!(place.body(), Err(Absent::Unknown)));
    assert!(!place.file().exists());
}

#[test]
fn files_are_found_again_without_an_index() {
    let (before, after) = (Place::new(), Place::new());
    before.fill(b"hello");
    age(&before.file());
    let path = after.file();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::copy(before.file(), &path).unwrap();
    let adopt = |path: &Path| after.cache.adopt(path, now()).unwrap();
    assert_eq!(adopt(&path), Adopted::Yes);
    assert_eq!(adopt(&path), Adopted::Known);
    assert_eq!(
        (after.body().unwrap(), after.sums()),
        (b"hello".to_vec(), (1, 4096, 0))
    );
    // Under another name it is no entry; nor is anything else one.
    let other = Name::of_key(b"other");
    let wrong = after.cache.place.file(other);
    fs::create_dir_all(wrong.parent().unwrap()).unwrap();
    fs::copy(&path, &wrong).unwrap();
    assert_eq!(adopt(&wrong), Adopted::Useless);
    for foreign in [
        "README",
        "short.1",
        &format!("{other}.x"),
        &format!("{other}x"),
    ] {
        let path = wrong.with_file_name(foreign);
        fs::write(&path, b"").unwrap();
        assert_eq!(adopt(&path), Adopted::Foreign, "{foreign}");
        assert!(path.exists());
    }
    let stray = after.cache.place.growing(other, 77);
    fs::write(&stray, b"x").unwrap();
    assert_eq!((adopt(&stray), stray.exists()), (Adopted::Cleared, false));
    let filling = after.filling(None);
    let growing = filling.path.clone();
    assert_eq!((adopt(&growing), growing.exists()), (Adopted::Known, true));
    // A variant is known by what it is a variant of.
    drop(filling);
    let variant = name().of_variant(b"v");
    let Attempt::Granted(pending) = after.cache.claim((variant, None), None, now()).unwrap() else {
        panic!("somebody fills it");
    };
    let of_variant = Head {
        vary: b"accept",
        variant: b"v",
        ..head()
    };
    let of_main = Terms {
        main: Some(name()),
        ..terms()
    };
    let filling = pending.begin(of_variant, of_main).unwrap();
    filling.finish(now()).unwrap();
    let serial = after.cache.open(variant, KEY, now()).unwrap().kept.serial;
    let removed = after
        .cache
        .index()
        .remove(variant, serial, Reason::Purged, now());
    assert!(removed.unwrap());
    assert_eq!(adopt(&after.cache.place.file(variant)), Adopted::Yes);
    assert_eq!(after.cache.index().variants(name()), [variant]);
}

#[test]
fn as_long_as_files_are_being_found_those_asked_for_are_looked_for() {
    let (before, after) = (Place::new(), Place::new());
    before.fill(b"hello");
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let cold = Arc::new(cache(zone, before.directory.path()));
    assert!(cold.open(Name::of_key(b"other"), b"other", now()).is_err());
    assert!(cold.knows(name(), now()));
    let body = cold.open(name(), KEY, now()).unwrap().body;
    assert_eq!(body.end - body.start, 5);
    assert_eq!(cold.index().sums(now()).unwrap().entries, 1);
    // A long one of before the machine went down is not checked while somebody waits for it.
    let (before, after) = (Place::new(), Place::new());
    before.fill(&vec![b'x'; QUICKLY_CHECKED as usize + 1]);
    age(&before.cache.place.file(name()));
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let cold = Arc::new(cache(zone, before.directory.path()));
    assert!(matches!(
        cold.open(name(), KEY, now()),
        Err(Absent::Unknown)
    ));
    // When all are found there is nothing to look for.
    let (before, after) = (Place::new(), Place::new());
    before.fill(b"hello");
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let warm = Arc::new(cache(zone, before.directory.path()));
    warm.index().loaded(now()).unwrap();
    assert!(!warm.knows(name(), now()));
}

#[test]
fn the_oldest_are_evicted_with_their_files() {
    let place = Place::new();
    place.fill(b"hello");
    let oldest = place.cache.index().oldest(1);
    assert!(place.body().is_ok());
    // Asked for since.
    let evict = |old| place.cache.evict(old, Reason::Inactive, now()).unwrap();
    assert!(!evict(&oldest[0]));
    let oldest = place.cache.index().oldest(1);
    assert!(evict(&oldest[0]) && !evict(&oldest[0]));
    assert_eq!((place.sums(), place.files()), ((0, 0, 0), 0));
}

/// Fills what a number is the key of.
fn fill_number(place: &Place, number: u32, length: usize) {
    let key = number.to_le_bytes();
    let claimed = place
        .cache
        .claim((Name::of_key(&key), None), None, now())
        .unwrap();
    let Attempt::Granted(pending) = claimed else {
        panic!("somebody fills it");
    };
    let head = Head {
        key: &key,
        ..head()
    };
    let mut filling = pending.begin(head, terms()).unwrap();
    filling.append(&vec![b'x'; length]).unwrap();
    filling.finish(now()).unwrap();
}

fn has(place: &Place, number: u32) -> bool {
    let name = Name::of_key(&number.to_le_bytes());
    let is_known = place.cache.index().is_known(name, now());
    assert_eq!(is_known, place.cache.place.file(name).exists());
    is_known
}

#[test]
fn a_cache_keeps_to_its_limits_by_what_is_oldest() {
    let place = Place::new();
    (0..20).for_each(|number| fill_number(&place, number, 5000));
    let none = Limits {
        inactive: u64::MAX,
        max_size: None,
        min_free: None,
    };
    let step = |limits, most, free| {
        let mut trim = Trim::new(limits);
        trim.step(&place.cache, most, free, now()).unwrap()
    };
    let trimmed = |removed, is_more| Trimmed { removed, is_more };
    assert_eq!(step(none, 9, Some(0)), trimmed(0, false));
    let small = Limits {
        max_size: Some(15 * 8192),
        ..none
    };
    assert_eq!(step(small, 3, None), trimmed(3, true));
    assert_eq!(step(small, 9, None), trimmed(2, false));
    assert!((0..20).all(|number| has(&place, number) == (number >= 5)));
    let careful = Limits {
        min_free: Some(100_000),
        ..none
    };
    assert_eq!(step(careful, 9, Some(90_000)), trimmed(2, false));
    let strict = Limits {
        inactive: 0,
        ..none
    };
    let mut trim = Trim::new(strict);
    assert_eq!(
        trim.step(&place.cache, 4, None, now()).unwrap(),
        trimmed(4, true)
    );
    assert_eq!(
        trim.step(&place.cache, 40, None, now()).unwrap(),
        trimmed(9, true)
    );
    assert_eq!(
        trim.step(&place.cache, 40, None, now()).unwrap(),
        trimmed(0, false)
    );
    let sums = place.cache.index().sums(now()).unwrap();
    assert_eq!((sums.entries, sums.size), (0, 0));
    let removed = [Reason::Inactive, Reason::MaxSize, Reason::MinFree];
    assert_eq!(
        removed.map(|reason| sums.removed[reason as usize]),
        [13, 5, 2]
    );
}

#[test]
fn an_index_always_has_room_for_what_is_new() {
    let place = Place::new();
    let add = |number: u32| {
        let found = crate::cache::index::Found {
            size: 1,
            main: None,
        };
        place
            .cache
            .index()
            .add(Name::of_key(&number.to_le_bytes()), found, now())
    };
    let full = (0..).take_while(|number| add(*number).is_ok()).count();
    let mut trim = Trim::new(Limits {
        inactive: u64::MAX,
        max_size: None,
        min_free: None,
    });
    let trimmed = trim.step(&place.cache, full, None, now()).unwrap();
    assert!(!trimmed.is_more && trimmed.removed > full / 20 && trimmed.removed < full / 8);
    assert!(add(u32::MAX).is_ok());
}

#[test]
fn what_a_dead_server_left_where_files_grow_is_removed_and_nothing_of_others() {
    let temporary = tempfile::tempdir().unwrap();
    let growing_there = |place: &Place| {
        let mut cache = cache(
            Zone::attach(&place.memory, Arc::new(schema())).unwrap(),
            place.directory.path(),
        );
        cache.place.temporary = Some(temporary.path().to_owned());
        Arc::new(cache)
    };
    let begun = |cache: &Arc<Cache>, key: &[u8]| {
        let claim = (Name::of_key(key), None);
        let Ok(Attempt::Granted(pending)) = cache.claim(claim, None, now()) else {
            panic!("it is being filled");
        };
        let filling = pending.begin(Head { key, ..head() }, terms());
        filling.unwrap()
    };
    let (ours, others, dead) = (Place::new(), Place::new(), Place::new());
    let (own, other) = (growing_there(&ours), growing_there(&others));
    let alive = (begun(&own, b"alive"), begun(&other, b"of another cache"));
    // The same folder by an index that is no more.
    let zone = Zone::attach(&dead.memory, Arc::new(schema())).unwrap();
    let mut before = cache(zone, ours.directory.path());
    before.place.temporary = Some(temporary.path().to_owned());
    let stray = begun(&Arc::new(before), b"dead");
    let left = stray.path.clone();
    std::mem::forget(stray);
    fs::write(temporary.path().join("README"), b"").unwrap();
    let mut walk = Walk::new(&own).unwrap();
    let is_more = walk.step(&own, 100, now());
    assert!(!is_more && walk.found().removed == 1, "{walk:?}");
    assert!(!left.exists() && alive.0.path.exists() && alive.1.path.exists());
    assert!(temporary.path().join("README").exists());
    assert!(own.index().sums(now()).unwrap().is_loaded);
}

#[test]
fn a_walk_finds_every_file_and_follows_nothing() {
    let (before, after) = (Place::new(), Place::new());
    (0..30).for_each(|number| fill_number(&before, number, 10));
    let root = before.directory.path();
    fs::write(root.join("README"), b"").unwrap();
    std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
    let deep = root.join("a/bc/deep");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join(Name::of_key(b"x").to_string()), b"").unwrap();
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let loading = Arc::new(cache(zone, root));
    let mut walk = Walk::new(&loading).unwrap();
    let mut steps = 1;
    while walk.step(&loading, 7, now()) {
        steps += 1;
        assert!(!loading.index().sums(now()).unwrap().is_loaded);
    }
    let expected = Walked {
        adopted: 30,
        ..Walked::default()
    };
    assert!(walk.found() == expected && steps > 5, "{walk:?}");
    let sums = loading.index().sums(now()).unwrap();
    assert!(sums.is_loaded && sums.entries == 30 && deep.exists());
}

#[test]
fn what_no_walk_has_come_to_is_purged_all_the_same() {
    let (before, after) = (Place::new(), Place::new());
    (0..30).for_each(|number| fill_number(&before, number, 10));
    let root = before.directory.path();
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let cold = Arc::new(cache(zone, root));
    let key = 7_u32.to_le_bytes();
    assert_eq!(cold.purge(Purge::Key(&key), now(), |_| {}).unwrap(), 1);
    assert_eq!(
        cold.purge(Purge::Prefix(b"\x01"), now(), |_| {}).unwrap(),
        1
    );
    assert_eq!(cold.purge(Purge::Prefix(b""), now(), |_| {}).unwrap(), 28);
    assert_eq!(cold.index().sums(now()).unwrap().entries, 0);
}

/// What cannot be read now may be an entry, and where it is not known what is there nothing is purged for sure.
#[test]
fn what_cannot_be_looked_at_leaves_an_index_to_be_loaded() {
    type Spoil = fn(&Path);
    let spoilt: [(&str, Spoil); 2] = [
        ("a folder that leads to itself", |path| {
            std::os::unix::fs::symlink(path, path).unwrap();
        }),
        ("a file that the system opens for nobody", |path| {
            fs::create_dir_all(path.join("00")).unwrap();
            let name = format!("00/{}000", "a".repeat(29));
            drop(std::os::unix::net::UnixListener::bind(path.join(name)).unwrap());
        }),
    ];
    for (what, spoil) in spoilt {
        let (before, after) = (Place::new(), Place::new());
        fill_number(&before, 1, 10);
        let root = before.directory.path();
        spoil(&root.join("0"));
        let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
        let cold = Arc::new(cache(zone, root));
        let is_loaded = || cold.index().sums(now()).unwrap().is_loaded;
        for _ in 0..2 {
            let purged = cold.purge(Purge::Prefix(b""), now(), |_| {});
            assert!(
                matches!(purged, Err(NotRemoved::Missed(_))),
                "{what}: {purged:?}"
            );
            assert!(!is_loaded(), "{what}");
        }
        let spoilt = root.join("0");
        if spoilt.is_symlink() {
            fs::remove_file(&spoilt).unwrap();
        } else {
            fs::remove_dir_all(&spoilt).unwrap();
        }
        assert_eq!(
            cold.purge(Purge::Prefix(b""), now(), |_| {}).unwrap(),
            1,
            "{what}"
        );
        assert!(is_loaded(), "{what}");
    }
}

/// What is no place of an entry is nobody's business, whether it can be listed or not.
#[test]
fn files_in_places_of_other_levels_are_told_and_left_alone() {
    let (before, after) = (Place::new(), Place::new());
    (0..5).for_each(|number| fill_number(&before, number, 10));
    let root = before.directory.path();
    // What is no folder of entries may be anything.
    for name in ["lost+found", "g"] {
        std::os::unix::fs::symlink(root.join(name), root.join(name)).unwrap();
    }
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let mut other = cache(zone, root);
    other.place.levels = Levels::parse("2").unwrap();
    // A fill of another cache, too.
    let growing = before.filling(None);
    let mut walk = Walk::new(&other).unwrap();
    assert!(!walk.step(&other, 1000, now()));
    let expected = Walked {
        misplaced: 6,
        ..Walked::default()
    };
    assert_eq!(walk.found(), expected);
    assert!(walk.missed().is_none() && growing.path.exists());
    assert!(other.index().sums(now()).unwrap().is_loaded);
    assert!((0..5).all(|number| has(&before, number)));
}

/// A folder of entries may be on another disk.
#[test]
fn a_link_in_the_place_of_a_folder_of_entries_is_followed() {
    let (before, after, elsewhere) = (Place::new(), Place::new(), tempfile::tempdir().unwrap());
    fill_number(&before, 1, 10);
    let root = before.directory.path();
    let folder = fs::read_dir(root).unwrap().next().unwrap().unwrap().path();
    let moved = elsewhere.path().join("moved");
    fs::rename(&folder, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &folder).unwrap();
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let cold = cache(zone, root);
    let mut walk = Walk::new(&cold).unwrap();
    assert!(!walk.step(&cold, 1000, now()));
    assert_eq!(walk.found().adopted, 1);
}

#[test]
fn what_finds_no_room_in_an_index_is_removed_as_it_is_found() {
    let (before, after) = (Place::new(), Place::new());
    fill_number(&before, 1, 10);
    let root = before.directory.path();
    let add = |number: u32| {
        let found = crate::cache::index::Found {
            size: 1,
            main: None,
        };
        let name = Name::of_key(&number.to_be_bytes());
        after.cache.index().add(name, found, now())
    };
    let failed = (2 << 24..).find_map(|number| add(number).err());
    assert!(matches!(failed, Some(NotChanged::Full)), "{failed:?}");
    let zone = Zone::attach(&after.memory, Arc::new(schema())).unwrap();
    let full = cache(zone, root);
    let mut walk = Walk::new(&full).unwrap();
    assert!(!walk.step(&full, 1000, now()));
    assert_eq!(walk.found().refused, 1, "{walk:?}");
    let name = Name::of_key(&1_u32.to_le_bytes());
    assert!(!before.cache.place.file(name).exists());
}

#[test]
fn who_removes_everything_for_a_limit_says_so_until_something_stays() {
    let place = Place::new();
    let mut trim = Trim::new(Limits {
        inactive: u64::MAX,
        max_size: Some(4096),
        min_free: None,
    });
    let emptied = |trim: &mut Trim| {
        trim.step(&place.cache, 9, None, now()).unwrap();
        trim.emptied()
    };
    assert_eq!(emptied(&mut trim), None);
    for number in 0..3 {
        fill_number(&place, number, 5000);
        assert_eq!(emptied(&mut trim), Some(Reason::MaxSize));
        assert_eq!(emptied(&mut trim), Some(Reason::MaxSize));
    }
    fill_number(&place, 1, 10);
    assert_eq!(emptied(&mut trim), None);
    fill_number(&place, 2, 10);
    assert_eq!(emptied(&mut trim), None);
    assert!(has(&place, 2) && !has(&place, 1));
}

/// What is not readable for a moment may be anything.
#[test]
fn a_purge_of_a_prefix_leaves_what_cannot_be_read_now() {
    let place = Place::new();
    (0..3).for_each(|number| fill_number(&place, number, 10));
    let file = place.cache.place.file(Name::of_key(&1_u32.to_le_bytes()));
    fs::remove_file(&file).unwrap();
    // Which the system opens for nobody.
    let _socket = std::os::unix::net::UnixListener::bind(&file).unwrap();
    let purged = place.cache.purge(Purge::Prefix(b"none"), now(), |_| {});
    assert!(matches!(purged, Err(NotRemoved::Unread(_))), "{purged:?}");
    assert_eq!(place.cache.index().sums(now()).unwrap().entries, 3);
}
