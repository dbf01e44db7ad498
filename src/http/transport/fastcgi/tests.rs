//! Records that come in odd pieces, and those that no program should send.

use proptest::prelude::*;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;

use super::*;
use crate::http::transport::socket::PlainSocket;

const END: [u8; 8] = [0; 8];

fn record(kind: Kind, content: &[u8], padding: u8) -> Vec<u8> {
    let mut out = header(kind, content.len()).to_vec();
    out[6] = padding;
    out.extend_from_slice(content);
    out.resize(out.len() + usize::from(padding), b'#');
    out
}

fn end() -> Vec<u8> {
    record(Kind::END_REQUEST, &END, 0)
}

/// What is read of these bytes, which come in such pieces, and how it ends: whether the peer closed; the messages.
fn read(keeps: bool, bytes: &[u8], piece: usize) -> (Vec<u8>, Result<Records, String>, Vec<u8>) {
    let mut records = Records::default();
    records.begin(keeps);
    let (mut content, mut messages) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(piece) {
        let mut piece = piece.to_vec();
        let kept = records.decode(&mut piece);
        content.extend_from_slice(&piece[..kept]);
        messages.extend(records.take_messages().unwrap_or_default());
    }
    if let Some(fault) = records.fault.take() {
        return (content, Err(fault.to_string()), messages);
    }
    let ended = match records.stage {
        Stage::Over => records.end(),
        _ => records.closed(),
    };
    let ended = ended.map(|_| records).map_err(|error| error.to_string());
    (content, ended, messages)
}

#[test]
fn what_a_peer_may_not_say_is_refused() {
    let out = |text: &[u8]| record(Kind::STDOUT, text, 0);
    let changed = |at: usize, byte: u8| {
        let mut bytes = [out(b"a"), end()].concat();
        bytes[at] = byte;
        bytes
    };
    let premature = "upstream prematurely closed connection";
    for (bytes, problem) in [
        (
            changed(0, 2),
            "upstream sent unsupported FastCGI protocol version",
        ),
        (
            changed(1, 9),
            "upstream sent unexpected FastCGI record type",
        ),
        (
            changed(1, 4),
            "upstream sent unexpected FastCGI record type",
        ),
        (changed(2, 1), "upstream sent unexpected FastCGI request id"),
        (changed(3, 2), "upstream sent unexpected FastCGI request id"),
        (changed(4, 1), premature),
        (
            changed(5, 0),
            "upstream sent unsupported FastCGI protocol version",
        ),
        (changed(6, 200), premature),
        (out(b"a"), premature),
        (out(b"a")[..8].to_vec(), premature),
        (record(Kind::STDERR, b"x", 0), premature),
        (end(), "upstream prematurely closed FastCGI stdout"),
        (
            [out(b""), end()].concat(),
            "upstream prematurely closed FastCGI stdout",
        ),
        (
            [out(b"a"), out(b""), out(b"b"), end()].concat(),
            "upstream sent FastCGI stdout behind its end",
        ),
        (
            [out(b"a"), end(), end()].concat(),
            "upstream sent data behind the end of a FastCGI request",
        ),
        (
            [out(b"a"), end(), b"x".to_vec()].concat(),
            "upstream sent data behind the end of a FastCGI request",
        ),
    ] {
        for piece in [1, 3, 1000] {
            let (_, ended, _) = read(true, &bytes, piece);
            // What comes behind the end is seen with it, or when the connection is used again.
            let ended = ended.map(|records| records.is_idle());
            assert_eq!(ended, Err(problem.to_owned()), "{bytes:?} in {piece}");
        }
    }
}

#[test]
fn a_response_ends_with_its_output_where_nothing_else_is_to_come() {
    let bytes = [record(Kind::STDOUT, b"a", 3), record(Kind::STDOUT, b"", 5)].concat();
    let (content, ended, _) = read(false, &bytes, 1);
    assert_eq!((content, ended.is_ok()), (b"a".to_vec(), true));
    let (_, ended, _) = read(true, &bytes, 1);
    assert!(!ended.unwrap().is_idle());
}

#[test]
fn a_flood_of_messages_is_cut() {
    let bytes = record(Kind::STDERR, &[b'x'; 60_000], 0).repeat(100);
    let (_, _, messages) = read(true, &bytes, 32 * 1024);
    assert!(messages.len() < 17 * 1024, "{}", messages.len());
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_request_is_over() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut stream: Stream = Box::new(PlainSocket::new(ours, None));
    let (mut records, mut received) = (Records::default(), Received::default());
    let mut quiet = async |records: &mut Records, received: &mut Received| {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        std::future::poll_fn(|task| records.poll_quiet(task, &mut stream, received)).await
    };
    assert!(quiet(&mut records, &mut received).await);
    records.begin(true);
    let (first, last) = (record(Kind::STDOUT, b"abc", 1), end());
    theirs.write_all(&first).await.unwrap();
    assert!(!quiet(&mut records, &mut received).await);
    assert_eq!(received.bytes(), b"abc");
    received.consume(3);
    assert!(!quiet(&mut records, &mut received).await);
    theirs.write_all(&last[..12]).await.unwrap();
    assert!(!quiet(&mut records, &mut received).await);
    theirs.write_all(&last[12..]).await.unwrap();
    assert!(quiet(&mut records, &mut received).await);
    records.begin(true);
    theirs
        .write_all(&[first, last.clone(), last].concat())
        .await
        .unwrap();
    assert!(!quiet(&mut records, &mut received).await);
    received.consume(3);
    assert!(!quiet(&mut records, &mut received).await);
}

proptest! {
    #[test]
    fn what_stands_in_records_is_read_again(
        pieces in prop::collection::vec(
            (any::<bool>(), prop::collection::vec(any::<u8>(), 1..300), any::<u8>()), 1..9),
        step in 1_usize..400,
        keeps in any::<bool>(),
    ) {
        let (mut bytes, mut out, mut err) = (Vec::new(), Vec::new(), Vec::new());
        for (is_out, text, padding) in &pieces {
            let (kind, all) = match is_out {
                true => (Kind::STDOUT, &mut out),
                false => (Kind::STDERR, &mut err),
            };
            bytes.extend(record(kind, text, *padding));
            all.extend_from_slice(text);
        }
        bytes.extend(record(Kind::STDOUT, b"", 0));
        bytes.extend(end());
        let (content, ended, messages) = read(keeps, &bytes, step);
        prop_assert_eq!(ended.is_ok(), !out.is_empty());
        prop_assert_eq!(content, out);
        prop_assert_eq!(messages, err);
    }

    #[test]
    fn nothing_is_read_that_did_not_come(
        bytes in prop::collection::vec(prop_oneof![3 => 0_u8..9, 1 => any::<u8>()], 0..200),
        step in 1_usize..50,
    ) {
        let (content, _, messages) = read(true, &bytes, step);
        prop_assert!(content.len() + messages.len() <= bytes.len());
    }
}
