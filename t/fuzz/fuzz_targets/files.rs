//! A folder with the files of a zone, in memory.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use pingauge::metric::{Moment, Schema};
use pingauge::zone::keep::{Files, Opened, Wanted, Writer};
use pingauge::zone::{MINIMUM, Overflow, Unusable};

/// It is emptied for every input.
pub struct Folder(PathBuf);

impl Folder {
    pub fn with(files: &[(&str, &[u8])]) -> Self {
        let folder = PathBuf::from(format!("/dev/shm/pingauge-fuzz-{}", std::process::id()));
        let _there_before = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder in memory can be made");
        for (name, content) in files {
            fs::write(folder.join(name), content).expect("memory has room");
        }
        Self(folder)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).expect("it was written")
    }

    /// Opens the zone with the metrics it has or with others, whatever is in its files.
    pub fn open(&self, metrics: &str) -> Result<Opened, Unusable> {
        let schema = Schema::from_source(metrics).expect("a schema");
        let overflow = Overflow {
            expire: true,
            discard_key: Some("old".into()),
        };
        self.files().open(&Wanted {
            bytes: MINIMUM,
            schema: &Arc::new(schema),
            overflow: &overflow,
            before: None,
        })
    }

    pub fn finish(&self, opened: &Opened) {
        let mut writer = Writer::new(self.files());
        let written = writer.finish(&opened.zone, Some(&opened.journal));
        written.expect("what was opened can be written");
    }

    /// What opens is in order, takes updates, and opens again as it was left.
    pub fn open_twice(&self) {
        let Ok(opened) = self.open(METRICS) else {
            return;
        };
        opened.zone.verify().expect("what was opened is in order");
        for key in 0..20u8 {
            let _refused = opened.zone.update(&[b'n', key], 1.0, Moment(u64::MAX / 2));
        }
        opened.zone.verify().expect("it stays in order");
        self.finish(&opened);
        let keys = opened.zone.len();
        drop(opened);
        let again = self.open(METRICS).expect("what was written can be read");
        assert_eq!(again.zone.len(), keys, "{:?}", again.told);
    }

    fn files(&self) -> Files {
        Files::new(self.0.join("zone"))
    }
}

/// Some of those that the damaged zones have, and one that they do not have.
pub const METRICS: &str =
    r#"[["c",["count"]],["h",["histogram","10","-5","+Inf"]],["other",["last"]]]"#;
