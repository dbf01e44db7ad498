//! A head as it arrives: whether it may be whole, and whether it is too long.

/// Whether a head may end in what came behind the first `searched` bytes.
pub(super) fn ends_head(buffered: &[u8], searched: usize) -> bool {
    let tail = &buffered[searched.saturating_sub(3)..];
    tail.windows(2).any(|two| two == b"\n\n") || tail.windows(3).any(|three| three == b"\n\r\n")
}

/// The status for a head whose lines, or which itself, is too long.
pub(super) fn too_large(head: &[u8], longest_line: usize, longest_head: usize) -> Option<u16> {
    if head.len() <= longest_line {
        return None;
    }
    let mut lines = head.split(|byte| *byte == b'\n');
    if lines.next().is_some_and(|line| line.len() > longest_line) {
        return Some(414);
    }
    (head.len() > longest_head || lines.any(|line| line.len() > longest_line)).then_some(494)
}
