//! Making and renewing, on disk.

use std::sync::Arc;

use super::super::follow::Follow;
use super::super::pair::{self, Fault, Pair};
use super::*;
use crate::conf::Disk;
use crate::http::plan::chore::Chore;

/// A folder that goes away with the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("self-signed-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn self_signed(&self) -> SelfSigned {
        let mut names = Names::default();
        for name in ["a.test", ".b.test", "~^x", "www.*", "", "10.0.0.1"] {
            names.add_name(name);
        }
        names.add_address(Ipv4Addr::UNSPECIFIED.into());
        SelfSigned {
            certificate: self.0.join("c.pem"),
            key: self.0.join("k.pem"),
            names,
        }
    }

    /// Puts a certificate there that has so much time left.
    fn put(&self, left: Duration, mark: &str) -> Vec<u8> {
        let own = self.self_signed();
        let key = KeyPair::generate().unwrap();
        let mut parameters = own.names.parameters().unwrap();
        parameters.not_after = (SystemTime::now() + left).into();
        parameters
            .distinguished_name
            .push(DnType::OrganizationName, mark);
        let certificate = parameters.self_signed(&key).unwrap().pem();
        fs::write(&own.certificate, &certificate).unwrap();
        fs::write(&own.key, key.serialize_pem()).unwrap();
        certificate.into_bytes()
    }

    fn certificate(&self) -> Vec<u8> {
        fs::read(self.0.join("c.pem")).unwrap()
    }

    fn pair(&self) -> Pair {
        let own = self.self_signed();
        let key = fs::read(&own.key).unwrap();
        let read = pair::read(&self.certificate(), &key, &[]).unwrap();
        Pair::new(own.certificate, own.key, Some(read))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_missing_is_made_once() {
    let folder = Folder::new("made");
    let own = folder.self_signed();
    own.provide(&mut Disk).unwrap();
    assert_eq!((mode(&own.certificate), mode(&own.key)), (0o644, 0o600));
    let pair = folder.pair();
    let about = inspect::about(&pair.current().unwrap().cert[0]).unwrap();
    let expected = [
        "a.test",
        "b.test",
        "*.b.test",
        "10.0.0.1",
        "127.0.0.1",
        "::1",
    ];
    assert_eq!(about.alternatives, expected);
    assert_eq!(about.key, "ECDSA (256 bits)");
    let made = folder.certificate();
    own.provide(&mut Disk).unwrap();
    assert_eq!(folder.certificate(), made);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
}

#[test]
fn one_file_alone_is_refused() {
    let folder = Folder::new("alone");
    let own = folder.self_signed();
    own.provide(&mut Disk).unwrap();
    fs::remove_file(&own.key).unwrap();
    let message = own.provide(&mut Disk).unwrap_err();
    assert!(message.contains("exists but key"), "{message}");
    assert!(!own.key.exists());
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new("nowhere");
    let mut own = folder.self_signed();
    own.key = folder.0.join("none/k.pem");
    let message = own.provide(&mut Disk).unwrap_err();
    assert!(message.contains("none/k.pem\" failed (2: "), "{message}");
    assert!(!own.certificate.exists());
}

#[test]
fn only_what_was_made_here_and_ends_soon_is_renewed() {
    let folder = Folder::new("renewed");
    for (left, mark, renewed) in [(29, MARK, true), (31, MARK, false), (29, "Others", false)] {
        let before = folder.put(left * DAY, mark);
        let key = fs::read(folder.0.join("k.pem")).unwrap();
        folder.self_signed().provide(&mut Disk).unwrap();
        assert_eq!(folder.certificate() != before, renewed, "{left} {mark}");
        assert_eq!(fs::read(folder.0.join("k.pem")).unwrap(), key);
    }
}

#[test]
fn a_renewed_certificate_is_taken_up_while_serving() {
    let folder = Folder::new("followed");
    let before = folder.put(5 * DAY, MARK);
    let pair = Arc::new(folder.pair());
    let first = pair.current().unwrap();
    let chore = Follow::new(Arc::clone(&pair));
    chore.run();
    assert!(Arc::ptr_eq(&first, &pair.current().unwrap()));
    folder.self_signed().provide(&mut Disk).unwrap();
    assert_ne!(folder.certificate(), before);
    chore.run();
    let second = pair.current().unwrap();
    assert_ne!(first.cert, second.cert);
    // Neither garbage nor a certificate of another key takes its place.
    for content in ["garbage".as_bytes(), &folder.put(DAY, MARK)] {
        fs::write(folder.0.join("c.pem"), content).unwrap();
        chore.run();
        assert!(Arc::ptr_eq(&second, &pair.current().unwrap()));
    }
}

#[test]
fn pairs_that_do_not_fit_are_told_apart_from_broken_ones() {
    let folder = Folder::new("faults");
    let one = folder.put(DAY, MARK);
    let key = fs::read(folder.0.join("k.pem")).unwrap();
    let two = folder.put(DAY, MARK);
    assert!(pair::read(&one, &key, &[]).is_ok());
    let fault = |certificate: &[u8], key: &[u8]| pair::read(certificate, key, &[]).unwrap_err();
    assert_eq!(fault(&two, &key), Fault::Mismatch);
    assert!(matches!(fault(b"", &key), Fault::Certificate(_)));
    assert!(matches!(fault(&one, b""), Fault::Key(_)));
    assert!(matches!(fault(&one, &one), Fault::Key(_)));
    let cut = &one[..one.len() / 2];
    assert!(matches!(fault(cut, &key), Fault::Certificate(_)));
    let damaged = String::from_utf8(one.clone())
        .unwrap()
        .replace("MII", "MIA");
    assert!(matches!(
        fault(damaged.as_bytes(), &key),
        Fault::Certificate(_)
    ));
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let told = fault(&one, encrypted.as_bytes());
    let expected = Fault::Key("the way in which it is encrypted is not supported");
    assert_eq!(told, expected);
}
