//! Bodies that are not as clients of ours send them: packed ones, and those meant for a Pushgateway.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::body;
use super::refusal::Refusal;
use crate::http::course::request::Request;

/// The body as it was before it was packed, of at most so many bytes.
pub(super) fn unpacked<'b>(
    request: &Request,
    body: &'b [u8],
    most: u64,
) -> Result<Cow<'b, [u8]>, Refusal> {
    let is_coding = |(name, _): &(&[u8], &[u8])| name.eq_ignore_ascii_case(b"content-encoding");
    let fields = request.head.fields().filter(is_coding);
    let codings = fields.flat_map(|(_, value)| value.split(|byte| *byte == b','));
    let codings = codings
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
    let mut body = Cow::Borrowed(body);
    for (number, coding) in codings.enumerate() {
        let is_gzip = [&b"gzip"[..], b"x-gzip"]
            .iter()
            .any(|one| coding.eq_ignore_ascii_case(one));
        if !is_gzip || number > 0 {
            return Err(Refusal::Coding);
        }
        body = gunzip(&body, most)?.into();
    }
    Ok(body)
}

fn gunzip(packed: &[u8], most: u64) -> Result<Vec<u8>, Refusal> {
    let mut body = Vec::new();
    let mut decoder = MultiGzDecoder::new(packed).take(most.saturating_add(1));
    if decoder.read_to_end(&mut body).is_err() {
        return Err(Refusal::Packed);
    }
    match body.len() as u64 > most {
        true => Err(Refusal::TooLarge),
        false => Ok(body),
    }
}

/// Refuses what a Pushgateway would take: a page of metrics.
pub(super) fn refuse_page(request: &Request, body: &[u8]) -> Result<(), Refusal> {
    let is_type = |(name, _): &(&[u8], &[u8])| name.eq_ignore_ascii_case(b"content-type");
    let mut types = request.head.fields().filter(is_type);
    match types.any(|(_, value)| is_page_type(value)) || is_page(body) {
        true => Err(Refusal::Page),
        false => Ok(()),
    }
}

fn is_page_type(value: &[u8]) -> bool {
    let value = value.to_ascii_lowercase();
    let has = |text: &str| {
        value
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    let names = [
        "openmetrics-text",
        "vnd.google.protobuf",
        "io.prometheus.client",
    ];
    has("version=0.0.4") || names.iter().any(|name| has(name))
}

/// Whether each line of a text is a sample or a remark of the text format, and at least one is.
fn is_page(text: &[u8]) -> bool {
    let lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut lines = lines.filter(|line| !line.is_empty()).peekable();
    lines.peek().is_some() && lines.all(|line| is_remark(line) || is_sample(line))
}

fn is_remark(line: &[u8]) -> bool {
    let mut words = line
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let known = [&b"HELP"[..], b"TYPE", b"UNIT", b"EOF"];
    words.next() == Some(b"#") && words.next().is_some_and(|word| known.contains(&word))
}

/// `NAME 5`, `NAME{LABELS} 5`, either with a time behind it.
fn is_sample(line: &[u8]) -> bool {
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':');
    let name = line.iter().take_while(|byte| is_name(byte)).count();
    let is_begun = line.first().is_some_and(|first| !first.is_ascii_digit()) && name > 0;
    let rest = line[name..].trim_ascii_start();
    let values = match rest.first() {
        Some(b'{') => rest
            .iter()
            .rposition(|byte| *byte == b'}')
            .map(|end| &rest[end + 1..]),
        _ => Some(&line[name..]).filter(|rest| rest.first().is_some_and(u8::is_ascii_whitespace)),
    };
    let Some(values) = values.filter(|_| is_begun) else {
        return false;
    };
    let values = values
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty());
    let numbers: Vec<bool> = values.map(is_value).collect();
    (1..=2).contains(&numbers.len()) && numbers.into_iter().all(|is_number| is_number)
}

fn is_value(word: &[u8]) -> bool {
    let unsigned = word.strip_prefix(b"+").or_else(|| word.strip_prefix(b"-"));
    let named = unsigned.unwrap_or(word).to_ascii_lowercase();
    body::number(word).is_some() || matches!(&*named, b"nan" | b"inf" | b"infinity")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_are_told_from_texts() {
        for page in [
            "# HELP backup_ok Backup worked\n# TYPE backup_ok gauge\nbackup_ok 7.0\n",
            "some_metric 3.14\n",
            "some_metric 3.14",
            "a{b=\"c d\"} 1 1700000000000\r\nb NaN\n\nc{} +Inf\n",
            "a {b=\"}\"} 1e5",
            "# TYPE a counter",
            "# EOF\n",
        ] {
            assert!(is_page(page.as_bytes()), "{page}");
        }
        for text in [
            "",
            " \n",
            "Backups made.",
            "Backups made: 5",
            "5",
            "5 6",
            "# of backups",
            "backups 5 of 6",
            "backups five",
            "some_metric 3.14\nis not all",
            "a{b=\"c\"}",
            "größe 5",
        ] {
            assert!(!is_page(text.as_bytes()), "{text}");
        }
        assert!(is_page_type(b"text/plain; version=0.0.4; charset=utf-8"));
        assert!(is_page_type(
            b"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"
        ));
        assert!(!is_page_type(b"text/plain; charset=utf-8"));
    }

    #[test]
    fn no_more_than_that_is_unpacked() {
        use std::io::Write;
        let pack = |text: &[u8]| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        assert_eq!(gunzip(&pack(b"5"), 1), Ok(b"5".to_vec()));
        assert_eq!(
            gunzip(&[pack(b"5"), pack(b"6")].concat(), 2),
            Ok(b"56".to_vec())
        );
        let bomb = pack(&vec![b'1'; 10 << 20]);
        assert!(bomb.len() < 20_000);
        assert_eq!(gunzip(&bomb, 4096), Err(Refusal::TooLarge));
        let whole = pack(b"12345");
        for packed in [&b""[..], b"5", &whole[..whole.len() - 1], b"\x1f\x8b"] {
            assert_eq!(
                gunzip(packed, 4096),
                Err(Refusal::Packed),
                "{}",
                packed.escape_ascii()
            );
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(body in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = (is_page(&body), gunzip(&body, 9));
        }
    }
}
