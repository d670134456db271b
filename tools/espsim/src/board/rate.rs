//! What a receiver makes of bytes that come at another rate than its own.

/// Whether a receiver at the one rate samples all bits of the other right.
pub(super) fn same(one: u32, other: u32) -> bool {
    one.abs_diff(other) <= one / 50
}

/// What a receiver at `receiver` baud makes of `bytes` that are sent without a gap at `sender` baud: it waits for the edge
/// of a start bit, and samples in the middle of what it takes for the bits.
pub(super) fn resample(bytes: &[u8], sender: u32, receiver: u32) -> Vec<u8> {
    let level = |index: usize| match (bytes.get(index / 10), index % 10) {
        (None, _) | (_, 9) => true,
        (_, 0) => false,
        (Some(byte), bit) => byte >> (bit - 1) & 1 == 1,
    };
    let ratio = f64::from(sender) / f64::from(receiver.max(1));
    let end = bytes.len() * 10;
    let mut received = Vec::new();
    let mut at = 0;
    while at < end {
        if level(at) || (at > 0 && !level(at - 1)) {
            at += 1;
            continue;
        }
        let sample = |bit: f64| level((at as f64 + (bit + 0.5) * ratio) as usize);
        let byte = (0..8).fold(0, |byte, bit| {
            byte | u8::from(sample(f64::from(bit) + 1.0)) << bit
        });
        received.push(byte);
        at = (at as f64 + 9.5 * ratio).ceil().max(at as f64 + 1.0) as usize;
    }
    received
}
