//! An origin whose bodies come at a rate: what a client's own limit of its rate would show is how much the buffers
//! between take at once.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Pieces in a second.
const STEPS: u64 = 16;

/// An origin that answers each request with `length` bytes, so many in a second; it stops when the test ends.
pub(super) fn origin(length: u64, bytes_per_second: u64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that leaves ends its thread.
            thread::spawn(move || drop(answer(stream, length, bytes_per_second)));
        }
    });
    address
}

fn answer(mut stream: TcpStream, length: u64, bytes_per_second: u64) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut line = String::from("begin");
    while !line.trim_end().is_empty() {
        line.clear();
        lines.read_line(&mut line)?;
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    let (begun, mut sent, mut step) = (Instant::now(), 0, 0);
    while sent < length {
        step += 1;
        let due = (bytes_per_second * step / STEPS).min(length);
        stream.write_all(&vec![b'x'; (due - sent) as usize])?;
        sent = due;
        let next = begun + Duration::from_millis(1000 * step / STEPS);
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    Ok(())
}
