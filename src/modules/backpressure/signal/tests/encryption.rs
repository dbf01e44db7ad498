//! Monitors whose connections are encrypted.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::super::answer::Wanted;
use super::super::monitor::{Monitor, MonitorWritten, endpoint};
use super::{SAMPLE, ok, vector};

/// A monitor with a certificate that it made itself, and that certificate.
fn encrypted_monitor() -> (SocketAddr, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream);
            if stream.read(&mut [0; 8192]).is_ok() {
                drop(stream.write_all(ok(&vector(SAMPLE)).as_bytes()));
                drop(stream.flush());
            }
        }
    });
    (address, certificate.to_vec())
}

#[test]
fn a_monitor_may_be_encrypted_and_must_be_trusted() {
    let (address, certificate) = encrypted_monitor();
    let written = |host: &str| MonitorWritten {
        endpoint: endpoint(&format!("https://{host}:{}", address.port())).unwrap(),
        timeout: Duration::from_secs(20),
        interval: 100,
    };
    let ask = |monitor: Monitor| monitor.ask("up", Wanted::Value);
    let unknown = ask(Monitor::new(&written("localhost")));
    assert!(
        unknown
            .as_ref()
            .is_err_and(|why| why.contains("certificate")),
        "{unknown:?}"
    );
    let known = ask(Monitor::new(&written("localhost")).trusting(&certificate));
    assert_eq!(known, Ok(30.0));
    let other_name = ask(Monitor::new(&written("127.0.0.1")).trusting(&certificate));
    assert!(
        other_name
            .as_ref()
            .is_err_and(|why| why.contains("certificate")),
        "{other_name:?}"
    );
}
