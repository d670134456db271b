//! What a file is, where it is not what was asked for.

use crate::image::u32_at;

/// Where a table is in a file that was merged for the ESP32's bootloader offset 0x1000, unless the project says otherwise.
pub const TABLE_IN_FILE_FOR_0X1000: usize = 0x7000;

/// Names what `bytes` are, if they are of a well-known kind that is neither an image nor a table of ours.
pub fn name(bytes: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 8] = [
        (b"\x7FELF", "an ELF file"),
        (b"\x1F\x8B", "a file that gzip has compressed"),
        (b"\xFD7zXZ\0", "a file that xz has compressed"),
        (b"\x28\xB5\x2F\xFD", "a file that zstd has compressed"),
        (b"PK\x03\x04", "a zip archive"),
        (b"UF2\n", "a UF2 file"),
        (b"!<arch>\n", "an archive of objects"),
        (b"\xEA", "an image for the ESP8266"),
    ];
    if let Some((_, name)) = STARTS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(name);
    }
    if is_intel_hex(bytes) {
        return Some("an Intel HEX file");
    }
    is_esp8266(bytes).then_some("an image for the ESP8266")
}

fn is_intel_hex(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    line.and_then(|line| line.strip_prefix(b":"))
        .is_some_and(|digits| digits.len() >= 10 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// The ESP8266's header has 8 bytes, after which the first segment's address comes; the ESP32's has 24, and there the WP pin's byte.
fn is_esp8266(bytes: &[u8]) -> bool {
    const RAM: std::ops::Range<u32> = 0x3FFE_8000..0x4000_0000;
    const CODE: std::ops::Range<u32> = 0x4010_0000..0x4030_0000;
    bytes.first() == Some(&0xE9)
        && bytes.len() >= 16
        && CODE.contains(&u32_at(bytes, 4))
        && [RAM, CODE]
            .iter()
            .any(|range| range.contains(&u32_at(bytes, 8)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_named() {
        assert_eq!(name(b"\x7FELF\x01\x01"), Some("an ELF file"));
        assert_eq!(name(b":020000040800F2\r\n"), Some("an Intel HEX file"));
        let mut image = vec![0xE9, 4, 2, 0x40];
        image.extend(0x4010_F4A4_u32.to_le_bytes());
        image.extend(0x4010_F000_u32.to_le_bytes());
        image.extend(0x1234_u32.to_le_bytes());
        assert_eq!(name(&image), Some("an image for the ESP8266"));
        image[8..12].copy_from_slice(&[0xEE, 0, 0, 0]);
        assert_eq!(name(&image), None);
        assert_eq!(name(b""), None);
        assert_eq!(name(&[0xFF; 64]), None);
    }
}
