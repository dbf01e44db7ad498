//! The first bytes of a connection that is to begin with a header of the PROXY protocol: whatever they are, reading ends, and
//! what was told of whole bytes is told of them with anything behind.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pingauge::http::transport::proxy_header::{LONGEST, Progress, read};

fuzz_target!(|bytes: &[u8]| {
    let found = read(bytes);
    match &found {
        Ok(Progress::Partial) => assert!(bytes.len() < LONGEST),
        Ok(Progress::Whole(length, proxied)) => {
            assert!(*length <= bytes.len() && *length <= LONGEST);
            assert_eq!(read(&bytes[..*length]), found);
            for cut in 0..*length {
                assert_eq!(read(&bytes[..cut]), Ok(Progress::Partial), "{cut}");
            }
            if let Some(proxied) = proxied {
                for kind in 0..=255 {
                    let value = proxied.value(kind).unwrap_or_default();
                    assert!(value.len() < *length);
                    proxied.encryption_value(kind);
                }
                proxied.verified();
            }
        }
        Err(_) => {
            let more = [bytes, b"\r\n"].concat();
            assert_eq!(read(&more), found);
        }
    }
});
