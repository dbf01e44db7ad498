//! What records that have come hold.

use rustls::Error;
use rustls::unbuffered::ReadTraffic;
use tokio::io::ReadBuf;

use super::super::received::Received;

/// Copies the content of records to `out`, and what there is no room for to `plain`.
pub(super) fn read<D>(
    mut traffic: ReadTraffic<'_, '_, D>,
    mut out: Option<&mut ReadBuf<'_>>,
    plain: &mut Received,
) -> Result<usize, Error> {
    let mut discard = 0;
    while let Some(record) = traffic.next_record() {
        let record = record?;
        discard += record.discard;
        let mut content = record.payload;
        if let Some(out) = out.as_deref_mut().filter(|_| plain.is_empty()) {
            let (now, later) = content.split_at(content.len().min(out.remaining()));
            out.put_slice(now);
            content = later;
        }
        plain.extend(content);
    }
    Ok(discard)
}
