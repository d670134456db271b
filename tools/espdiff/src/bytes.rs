//! Bytes and texts, and how values are written.

use crate::Difference;

/// How many bytes of a value are shown.
const SHOWN_BYTES: usize = 8;
/// How much of a text is shown before the first difference, and after it.
const BEFORE: usize = 60;
const AFTER: usize = 100;

/// Offset of the first byte that differs: the length of the shorter one if that is the start of the other.
pub(crate) fn first_difference(first: &[u8], second: &[u8]) -> Option<usize> {
    (first != second).then(|| {
        first
            .iter()
            .zip(second)
            .position(|(a, b)| a != b)
            .unwrap_or_else(|| first.len().min(second.len()))
    })
}

/// The difference between two runs of bytes, if there is one; `place` is what they are, `offset` where they start.
pub(crate) fn explain(place: &str, offset: u64, first: &[u8], second: &[u8]) -> Vec<Difference> {
    let Some(at) = first_difference(first, second) else {
        return Vec::new();
    };
    let place = if first.len() == second.len() {
        let count = first.iter().zip(second).filter(|(a, b)| a != b).count();
        format!("{place} ({count} of {} bytes differ)", first.len())
    } else {
        format!("{place} ({} / {} bytes long)", first.len(), second.len())
    };
    let (first, second) = values(first, second, at);
    vec![Difference {
        place,
        offset: Some(offset + at as u64),
        first,
        second,
    }]
}

/// The first lines that differ.
pub(crate) fn text(place: &str, offset: u64, first: &[u8], second: &[u8]) -> Vec<Difference> {
    let Some(at) = first_difference(first, second) else {
        return Vec::new();
    };
    let line = 1 + first[..at].iter().filter(|&&byte| byte == b'\n').count();
    vec![Difference {
        place: format!("{place}line {line}"),
        offset: Some(offset + at as u64),
        first: quote(first, at),
        second: quote(second, at),
    }]
}

/// What both have at an offset: as text if both are text there, else as hexadecimal digits.
pub(crate) fn values(first: &[u8], second: &[u8], at: usize) -> (String, String) {
    if is_text(first, at) && is_text(second, at) {
        (quote(first, at), quote(second, at))
    } else {
        (hex(first, at), hex(second, at))
    }
}

fn hex(data: &[u8], at: usize) -> String {
    match data.get(at..) {
        None | Some([]) => "nothing".to_owned(),
        Some(rest) => rest[..rest.len().min(SHOWN_BYTES)]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn is_printable(byte: u8) -> bool {
    byte == b'\t' || (b' '..=b'~').contains(&byte)
}

/// Start and end of the printable characters around an offset.
fn run(data: &[u8], at: usize) -> (usize, usize) {
    let at = at.min(data.len());
    let start = data[..at]
        .iter()
        .rposition(|&byte| !is_printable(byte))
        .map_or(0, |position| position + 1);
    let end = data[at..]
        .iter()
        .position(|&byte| !is_printable(byte))
        .map_or(data.len(), |position| at + position);
    (start, end)
}

fn is_text(data: &[u8], at: usize) -> bool {
    let (start, end) = run(data, at);
    end - start >= 4
}

/// The text around an offset, as far as its line or string goes.
fn quote(data: &[u8], at: usize) -> String {
    // lines of texts may have any characters; strings among bytes end at what cannot be printed
    let (start, end) = if std::str::from_utf8(data).is_ok() {
        let at = at.min(data.len());
        (
            data[..at]
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(0, |position| position + 1),
            data[at..]
                .iter()
                .position(|&byte| byte == b'\n')
                .map_or(data.len(), |position| at + position),
        )
    } else {
        run(data, at)
    };
    let from = start.max(at.saturating_sub(BEFORE)).min(end);
    let to = end.min(at + AFTER);
    format!(
        "{}\"{}\"{}",
        if from > start { "..." } else { "" },
        String::from_utf8_lossy(&data[from..to.max(from)]).escape_debug(),
        if to < end { "..." } else { "" },
    )
}
