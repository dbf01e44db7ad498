//! A cache that several processes fill and follow while they are killed: nobody ever has a wrong byte or a short body,
//! and what the index says is true.
//!
//! A child is this binary again, which opens the memory through its parent's descriptors.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use pingauge::cache::file::Head;
use pingauge::cache::index::{Fill, Index, Reason, schema};
use pingauge::cache::store::{Absent, Attempt, Cache, Filling, Grown, Opened, Place, Terms};
use pingauge::cache::{Levels, Name};
use pingauge::metric::Moment;
use pingauge::os::{SharedMemory, monotonic};
use pingauge::zone::{Overflow, Zone};

const ROLE: &str = "PINGAUGE_CACHE_ROLE";
const BYTES: usize = 1 << 18;
/// How many different things are asked for.
const KEYS: u64 = 13;

/// Words of progress: whole bodies, of these those that were followed, and everything that was wrong.
const WHOLE: usize = 0;
const FOLLOWED: usize = 1;
const WRONG: usize = 2;
const HITS: usize = 3;
const STOP: usize = 7;

/// The body that a key has in its version; its length says nothing about either.
fn body(key: u64, version: u64) -> Vec<u8> {
    let length = (key * 7919 + version * 104_729) % 50_000;
    let bytes = (0..length).map(|place| (place * 31 + key * 17 + version * 7) as u8);
    bytes.collect()
}

fn now() -> Moment {
    Moment(monotonic())
}

fn open(memory: &SharedMemory, directory: &Path) -> Arc<Cache> {
    let overflow = Overflow {
        expire: false,
        discard_key: None,
    };
    let (zone, _) = Zone::adopt(memory, BYTES, Arc::new(schema()), &overflow).unwrap();
    cache(zone, directory)
}

fn cache(zone: Zone, directory: &Path) -> Arc<Cache> {
    let place = Place {
        directory: directory.to_owned(),
        levels: Levels::parse("1").unwrap(),
        temporary: None,
    };
    Arc::new(Cache::new(Index::new(zone, now()).unwrap(), place))
}

/// One process's work.
struct Client<'a> {
    cache: Arc<Cache>,
    progress: &'a [AtomicU64],
    round: u64,
}

impl Client<'_> {
    fn note(&self, word: usize) {
        self.progress[word].fetch_add(1, SeqCst);
    }

    /// Compares what was had with what the head says it is.
    fn judge(&self, head: &Head<'_>, key: u64, had: &[u8]) {
        let is_right = head.key == key.to_le_bytes() && had == body(key, head.created);
        self.note(if is_right { WHOLE } else { WRONG });
    }

    fn ask(&self, key: u64) {
        let name = Name::of_key(&key.to_le_bytes());
        match self.cache.open(name, &key.to_le_bytes(), now()) {
            Ok(opened) if !self.round.is_multiple_of(5) => return self.read(key, &opened),
            Ok(_) | Err(Absent::Unknown) => {}
            // A file is removed after its entry, and put in place before: nobody spoils any here.
            Err(absent) => {
                eprintln!("{absent}");
                return self.note(WRONG);
            }
        }
        match self.cache.claim((name, None), None, now()) {
            Ok(Attempt::Granted(pending)) => {
                let version = self.round;
                let whole = body(key, version);
                let head = Head {
                    created: version,
                    status: 200,
                    key: &key.to_le_bytes(),
                    ..Head::default()
                };
                let length = version.is_multiple_of(2).then_some(whole.len() as u64);
                let terms = Terms {
                    length,
                    ..Terms::default()
                };
                let begun = pending.begin(head, terms);
                begun.map_or_else(
                    |error| self.wonder(&error),
                    |filling| self.fill(filling, &whole),
                );
            }
            Ok(Attempt::Busy(fill)) => self.follow(key, name, &fill),
            Err(error) => self.wonder(&error),
        }
    }

    fn wonder(&self, error: &dyn std::fmt::Display) {
        eprintln!("{error}");
        self.note(WRONG);
    }

    fn fill(&self, mut filling: Filling, whole: &[u8]) {
        for piece in whole.chunks(1000) {
            if let Err(error) = filling.append(piece) {
                return self.wonder(&error);
            }
            // Long enough for others to come and follow.
            if self.round.is_multiple_of(3) {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        if self.round.is_multiple_of(7) {
            return;
        }
        if let Err(error) = filling.finish(now()) {
            self.wonder(&error);
        }
    }

    fn read(&self, key: u64, opened: &Opened) {
        let length = opened.body.end - opened.body.start;
        let mut had = vec![0; length as usize];
        match opened.file.read_exact_at(&mut had, opened.body.start) {
            Ok(()) => self.judge(&opened.entry.head(), key, &had),
            Err(error) => self.wonder(&error),
        }
        self.note(HITS);
    }

    /// Follows a fill to its end, or to that of whoever fills.
    fn follow(&self, key: u64, name: Name, fill: &Fill) {
        let growing = match self.cache.follow(name, fill) {
            Ok(Some(growing)) => growing,
            Ok(None) => return,
            Err(error) => return self.wonder(&error),
        };
        let mut had = Vec::new();
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            let grown = self.cache.grown_if_alive(&growing, now());
            let there = match grown {
                Grown::Broken | Grown::Unkept => return,
                Grown::Partly(bytes) | Grown::Wholly(bytes) => bytes,
            };
            let from = had.len();
            had.resize((there as usize).max(from), 0);
            if let Err(error) = growing.read_at(&mut had[from..], from as u64) {
                return self.wonder(&error);
            }
            if matches!(grown, Grown::Wholly(_)) {
                self.note(FOLLOWED);
                return self.judge(&growing.entry().head(), key, &had);
            }
            std::thread::yield_now();
        }
        self.wonder(&"nothing came and nothing ended");
    }
}

#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let words: Vec<&str> = role.split(' ').collect();
    let open = |path: &str| {
        let file = File::options().read(true).write(true).open(path).unwrap();
        SharedMemory::from_fd(file.into()).unwrap()
    };
    let (memory, progress) = (open(words[0]), open(words[1]));
    let zone = Zone::attach(&memory, Arc::new(schema())).unwrap();
    let own: u64 = words[3].parse().unwrap();
    let mut client = Client {
        cache: cache(zone, Path::new(words[2])),
        progress: progress.words(),
        round: own * 1000,
    };
    let end = Instant::now() + Duration::from_secs(60);
    while client.progress[STOP].load(SeqCst) == 0 && Instant::now() < end {
        client.round += 1;
        client.ask((own * 5 + client.round * 3) % KEYS);
    }
}

fn spawn(memory: &SharedMemory, progress: &SharedMemory, directory: &Path, own: u64) -> Child {
    let path = |memory: &SharedMemory| {
        let fd = memory.fd().unwrap().as_raw_fd();
        format!("/proc/{}/fd/{fd}", std::process::id())
    };
    let role = format!(
        "{} {} {} {own}",
        path(memory),
        path(progress),
        directory.display()
    );
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "cache::child", "--quiet"])
        .env(ROLE, role)
        .stdout(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn whoever_is_killed_when_nobody_has_a_wrong_byte() {
    let rounds = std::env::var("CACHE_ROUNDS").map_or(40u64, |rounds| rounds.parse().unwrap());
    let memory = SharedMemory::create("cache", BYTES).unwrap();
    let progress = SharedMemory::create("progress", 4096).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let cache = open(&memory, directory.path());
    let spawn = |own| spawn(&memory, &progress, directory.path(), own);
    let word = |place: usize| progress.words()[place].load(SeqCst);
    let mut children: Vec<Child> = (0..4).map(spawn).collect();
    for round in 0..rounds {
        let before = word(WHOLE);
        let end = Instant::now() + Duration::from_secs(20);
        // Until something was had since, and then at some other distance each time.
        while word(WHOLE) < before + 20 && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 137 % 1000));
        let victim = (round % 4) as usize;
        children[victim].kill().unwrap();
        children[victim].wait().unwrap();
        children[victim] = spawn(round + 4);
        cache.index().zone().verify().unwrap();
        compare(&cache);
        if round.is_multiple_of(3) {
            cache.clear_abandoned(now());
        }
    }
    let has_all = || [FOLLOWED, HITS].iter().all(|place| word(*place) > 0);
    let end = Instant::now() + Duration::from_secs(30);
    while !has_all() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(1));
    }
    progress.words()[STOP].store(1, SeqCst);
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(word(WRONG), 0);
    assert!(has_all() && word(WHOLE) >= rounds);
    settle(&cache, directory.path());
}

/// At one moment the sums are those of the entries and fills that there are.
fn compare(cache: &Cache) {
    let compared = cache.index().zone().edit(now(), |edit| {
        let (mut counted, mut said) = ([0; 3], [0; 3]);
        edit.each_key(&mut |key, cells| {
            let cell = |place: usize| cells[place].load(SeqCst);
            match key.len() {
                // Of entries: which fill made the file, and its size.
                Name::BYTES if cell(0) > 0 => {
                    counted[0] += cell(1);
                    counted[1] += 1;
                }
                17 => counted[2] += 1,
                1 if key == b"s" => said = [cell(0), cell(1), cell(2)],
                _ => {}
            }
        });
        assert_eq!(said, counted);
    });
    compared.unwrap();
}

/// Everybody is gone: nothing is left of what they did not finish, and all that is there can be had.
fn settle(cache: &Arc<Cache>, directory: &Path) {
    cache.clear_abandoned(now());
    let sums = cache.index().sums(now()).unwrap();
    let old = cache.index().oldest(usize::MAX);
    let files = old.iter().filter(|old| old.serial > 0);
    assert_eq!(
        (sums.filling, sums.entries),
        (0, files.clone().count() as u64)
    );
    assert_eq!(sums.size, files.map(|old| old.size).sum::<u64>());
    assert_eq!(old.len() as u64, sums.entries);
    let mut left = 0;
    for folder in std::fs::read_dir(directory).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            // What died between putting a file in its place and saying so.
            let _known = cache.adopt(&path, now()).unwrap();
            left += u64::from(path.exists());
        }
    }
    assert_eq!(left, cache.index().sums(now()).unwrap().entries);
    for key in (0..KEYS).map(u64::to_le_bytes) {
        let opened = cache.open(Name::of_key(&key), &key, now());
        assert!(matches!(opened, Ok(_) | Err(Absent::Unknown)));
    }
    for old in cache.index().oldest(usize::MAX) {
        assert!(cache.evict(&old, Reason::Inactive, now()).unwrap());
    }
    let sums = cache.index().sums(now()).unwrap();
    assert_eq!((sums.size, sums.entries), (0, 0));
}
