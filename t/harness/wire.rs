//! A reader of HTTP/1 messages that forgives nothing: what a server writes must be plain.

/// One message as it stood on the wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) line: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// How many bytes it took.
    pub(crate) length: usize,
}

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Request,
    Response,
    /// A response that has no body whatever it says.
    Bodiless,
}

impl Message {
    /// The first message of `bytes`; `None` when it is not whole yet, also at the end of the stream.
    pub(crate) fn read(bytes: &[u8], kind: Kind, at_end: bool) -> Result<Option<Self>, String> {
        let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let mut message = Self::head(&bytes[..head])?;
        message.length = head + 4;
        let status = message.status();
        let kind = match kind {
            Kind::Response if (100..200).contains(&status) || matches!(status, 204 | 304) => {
                if message.field("transfer-encoding").is_some() {
                    return Err(format!("{status} with a coding"));
                }
                Kind::Bodiless
            }
            kind => kind,
        };
        let rest = &bytes[head + 4..];
        let Some((taken, body)) = message.body(rest, kind, at_end)? else {
            return Ok(None);
        };
        message.length += taken;
        message.body = body;
        Ok(Some(message))
    }

    fn head(head: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(head).into_owned();
        let mut lines = text.split("\r\n");
        let line = lines.next().unwrap_or_default().to_owned();
        let mut fields = Vec::new();
        for field in lines {
            let (name, value) = field
                .split_once(": ")
                .ok_or_else(|| format!("no field: {field:?}"))?;
            let odd = |letter: char| letter.is_control() || letter == ' ';
            if name.is_empty() || name.contains(odd) {
                return Err(format!("an odd name: {field:?}"));
            }
            fields.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        let control = |letter: char| letter.is_ascii_control() && letter != '\t';
        if line.contains(control) || fields.iter().any(|(_, value)| value.contains(control)) {
            return Err(format!("a control character: {text:?}"));
        }
        Ok(Self {
            line,
            fields,
            ..Self::default()
        })
    }

    fn body(
        &self,
        rest: &[u8],
        kind: Kind,
        at_end: bool,
    ) -> Result<Option<(usize, Vec<u8>)>, String> {
        let (length, coding) = (self.all("content-length"), self.all("transfer-encoding"));
        if length.len() + coding.len() > 1 {
            return Err(format!("two framings: {:?}", self.fields));
        }
        if kind == Kind::Bodiless {
            return Ok(Some((0, Vec::new())));
        }
        if let Some(coding) = coding.first() {
            return match *coding {
                "chunked" => chunks(rest),
                other => Err(format!("the coding {other:?}")),
            };
        }
        let Some(length) = length.first() else {
            return Ok(match kind {
                Kind::Request => Some((0, Vec::new())),
                _ => at_end.then(|| (rest.len(), rest.to_vec())),
            });
        };
        let length: usize = length
            .parse()
            .map_err(|_| format!("the length {length:?}"))?;
        Ok(rest.get(..length).map(|body| (length, body.to_vec())))
    }

    fn all(&self, name: &str) -> Vec<&str> {
        let same = self.fields.iter().filter(|(own, _)| own == name);
        same.map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// The word in the middle of the first line: a target, or a status.
    pub(crate) fn word(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    pub(crate) fn status(&self) -> u16 {
        self.word().parse().unwrap_or(0)
    }
}

/// Chunks without extensions and trailers: nobody has reason to write any.
fn chunks(rest: &[u8]) -> Result<Option<(usize, Vec<u8>)>, String> {
    let (mut at, mut body) = (0, Vec::new());
    loop {
        let Some(line) = rest[at..].windows(2).position(|two| two == b"\r\n") else {
            return Ok(None);
        };
        let digits = std::str::from_utf8(&rest[at..at + line]).unwrap_or("?");
        let size = usize::from_str_radix(digits, 16).map_err(|_| format!("the size {digits:?}"))?;
        at += line + 2;
        let Some(chunk) = rest.get(at..at + size + 2) else {
            return Ok(None);
        };
        if &chunk[size..] != b"\r\n" {
            return Err("a chunk without an end".to_owned());
        }
        body.extend_from_slice(&chunk[..size]);
        at += size + 2;
        if size == 0 {
            return Ok(Some((at, body)));
        }
    }
}
