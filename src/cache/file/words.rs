//! Numbers in the files of entries, little-endian.

/// A length as four bytes; one that is too large for them is the largest.
pub(super) fn word32(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

/// A length as two bytes; one that is too large for them is the largest.
pub(super) fn word16(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

/// The number of two bytes at a place that is known to be there.
pub(super) fn number16(bytes: &[u8], place: usize) -> u16 {
    u16::from_le_bytes([bytes[place], bytes[place + 1]])
}

/// The number of four bytes at a place that is known to be there.
pub(super) fn number32(bytes: &[u8], place: usize) -> usize {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[place..place + 4]);
    u32::from_le_bytes(number) as usize
}

/// The number of eight bytes at a place that is known to be there.
pub(super) fn number(bytes: &[u8], place: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[place..place + 8]);
    u64::from_le_bytes(number)
}
