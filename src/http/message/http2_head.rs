//! The head of a request of HTTP/2, as one that could have come by HTTP/1: everybody behind this sees what they
//! always saw.

use http::header::{COOKIE, HOST};
use http::request::Parts;

use super::fields::MOST_FIELDS;
use super::head::{BadHead, BodyFraming, Head, LINE_END, SEPARATOR, is_method_byte};
use super::request_framing;
use super::version::Version;

impl Head {
    /// Takes a head that came in so many bytes, and whose request may end with it.
    pub fn read_message(&mut self, parts: &Parts, is_end: bool, received: usize) {
        self.bytes.clear();
        self.fields.clear();
        self.are_names_plain = true;
        self.version = Version::Http2;
        self.received = received;
        let method = parts.method.as_str().as_bytes();
        let is_method = method.iter().all(|byte| is_method_byte(*byte));
        let target = parts.uri.path_and_query().map_or("", |both| both.as_str());
        self.bytes.extend_from_slice(method);
        self.method = 0..method.len();
        self.bytes.push(b' ');
        self.target = self.bytes.len()..self.bytes.len() + target.len();
        self.bytes.extend_from_slice(target.as_bytes());
        self.bytes.push(b' ');
        self.bytes.extend_from_slice(self.version.text().as_bytes());
        self.bytes.extend_from_slice(LINE_END);
        let is_one_host = self.take_fields(parts);
        self.bytes.extend_from_slice(LINE_END);
        self.understand();
        match self.body {
            _ if is_end => self.body = BodyFraming::None,
            BodyFraming::None if !self.has_length => self.body = BodyFraming::ToEnd,
            // Fields are announced that come behind so many bytes.
            BodyFraming::Length(_) if self.field(b"trailer").is_some() => {
                self.body = BodyFraming::ToEnd;
            }
            _ => {}
        }
        if !is_method || !is_one_host || self.fields.len() > MOST_FIELDS {
            self.refuse(BadHead::Malformed);
        }
    }

    /// Takes its fields, the host first; false where there are two.
    fn take_fields(&mut self, parts: &Parts) -> bool {
        let authority = parts.uri.authority().map(|host| host.as_str().as_bytes());
        if let Some(host) = authority {
            self.take_field(HOST.as_str(), host);
        }
        let (mut is_one_host, mut is_behind_cookie) = (true, false);
        for (name, value) in &parts.headers {
            let value = value.as_bytes();
            if name == HOST
                && let Some(host) = authority
            {
                is_one_host &= host.eq_ignore_ascii_case(value);
                continue;
            }
            let is_cookie = name == COOKIE;
            match is_cookie && is_behind_cookie {
                true => self.join(value),
                false => self.take_field(name.as_str(), value),
            }
            is_behind_cookie = is_cookie;
        }
        is_one_host
    }

    fn take_field(&mut self, name: &str, value: &[u8]) {
        let value = value.trim_ascii();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(name.as_bytes());
        let named = start..self.bytes.len();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        self.are_names_plain &= name.bytes().all(is_plain);
        self.bytes.extend_from_slice(SEPARATOR);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(value);
        self.fields.push((named, start..self.bytes.len()));
        self.bytes.extend_from_slice(LINE_END);
    }

    /// Puts a piece of a cookie behind the one before it (RFC 9113 §8.2.3).
    fn join(&mut self, value: &[u8]) {
        if let Some((_, last)) = self.fields.last_mut() {
            self.bytes.truncate(last.end);
            self.bytes.extend_from_slice(b"; ");
            self.bytes.extend_from_slice(value.trim_ascii());
            last.end = self.bytes.len();
            self.bytes.extend_from_slice(LINE_END);
        }
    }

    /// Finds out what its fields say of its request.
    pub(super) fn understand(&mut self) {
        let said = request_framing::of(&self.bytes, &self.fields, self.version);
        self.host = said.host;
        self.has_connection = said.has_connection;
        self.has_length = said.has_length;
        self.has_conditions = said.has_conditions;
        self.body = said.framing.unwrap_or_default();
        self.fault = said.framing.err();
    }

    /// Has it refused once its server is known; it has no body then that anybody wants.
    pub fn refuse(&mut self, fault: BadHead) {
        self.fault.get_or_insert(fault);
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn read(request: http::request::Builder, is_end: bool) -> Head {
        let mut head = Head::default();
        head.read_message(&request.body(()).unwrap().into_parts().0, is_end, 7);
        head
    }

    fn get() -> http::request::Builder {
        Request::get("https://Example.com:8443/a%20b?c=d")
    }

    #[test]
    fn it_is_what_http1_would_have_brought() {
        let head = read(get().header("x", "  y ").header("te", "trailers"), true);
        let text =
            b"GET /a%20b?c=d HTTP/2.0\r\nhost: Example.com:8443\r\nx: y\r\nte: trailers\r\n\r\n";
        assert_eq!(head.bytes(), text);
        assert_eq!(head.host(), Some(&b"Example.com:8443"[..]));
        assert_eq!((head.body(), head.fault()), (BodyFraming::None, None));
        assert_eq!(
            (head.version(), head.received_length()),
            (Version::Http2, 7)
        );
        assert!(head.are_names_plain());
    }

    #[test]
    fn cookies_are_put_together() {
        let head = read(
            get()
                .header("cookie", "a=b")
                .header("x", "y")
                .header("cookie", "c=d"),
            true,
        );
        assert_eq!(head.field(b"cookie"), Some(&b"a=b; c=d"[..]));
        assert_eq!(head.field(b"x"), Some(&b"y"[..]));
        assert_eq!(head.fields().count(), 3);
    }

    #[test]
    fn a_second_host_must_be_the_same() {
        assert_eq!(
            read(get().header("host", "example.COM:8443"), true).fault(),
            None
        );
        for host in ["example.com", "x"] {
            let head = read(get().header("host", host), true);
            assert_eq!(head.fault(), Some(BadHead::Malformed), "{host}");
        }
        let head = read(Request::get("/").header("host", "x"), true);
        assert_eq!(head.host(), Some(&b"x"[..]));
    }

    #[test]
    fn a_body_ends_with_the_stream_or_where_it_says() {
        let with = |length| Request::post("https://x/").header("content-length", length);
        assert_eq!(read(with("5"), false).body(), BodyFraming::Length(5));
        assert_eq!(read(with("0"), false).body(), BodyFraming::None);
        assert_eq!(
            read(Request::post("https://x/"), false).body(),
            BodyFraming::ToEnd
        );
        assert_eq!(
            read(Request::post("https://x/"), true).body(),
            BodyFraming::None
        );
        let coded = Request::post("https://x/").header("transfer-encoding", "chunked");
        assert_eq!(read(coded, false).fault(), Some(BadHead::Malformed));
    }

    #[test]
    fn a_method_is_letters_as_in_http1() {
        assert_eq!(
            read(get().method("get"), true).fault(),
            Some(BadHead::Malformed)
        );
        assert_eq!(read(get().method("M-SEARCH"), true).fault(), None);
    }
}
