//! The packets of the loader's protocol (RFC 1055), for what does not go through espflash's connection.

/// Begins and ends a packet.
pub(crate) const END: u8 = 0xC0;
const ESC: u8 = 0xDB;
const ESC_END: u8 = 0xDC;
const ESC_ESC: u8 = 0xDD;

/// A packet with `bytes`.
pub(crate) fn packet(bytes: &[u8]) -> Vec<u8> {
    let mut packet = vec![END];
    for &byte in bytes {
        match byte {
            END => packet.extend([ESC, ESC_END]),
            ESC => packet.extend([ESC, ESC_ESC]),
            byte => packet.push(byte),
        }
    }
    packet.push(END);
    packet
}

/// Takes the first complete packet out of `received`.
pub(crate) fn take_packet(received: &mut Vec<u8>) -> Option<Vec<u8>> {
    loop {
        let start = received.iter().position(|&byte| byte != END)?;
        let end = start + received[start..].iter().position(|&byte| byte == END)?;
        let mut packet = Vec::with_capacity(end - start);
        let mut bytes = received[start..end].iter();
        while let Some(&byte) = bytes.next() {
            packet.push(match byte {
                ESC => match bytes.next() {
                    Some(&ESC_END) => END,
                    _ => ESC,
                },
                byte => byte,
            });
        }
        received.drain(..=end);
        if !packet.is_empty() {
            return Some(packet);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_survive() {
        let all: Vec<u8> = (0..=255).collect();
        let mut wire = packet(&all);
        wire.extend(packet(b"second"));
        wire.extend(b"\xC0incomplete");
        assert_eq!(take_packet(&mut wire).unwrap(), all);
        assert_eq!(take_packet(&mut wire).unwrap(), b"second");
        assert_eq!(take_packet(&mut wire), None);
    }
}
