//! Static libraries in the format of GNU ar, as `ar -s` and rustc write them (`ar.h`).

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// Whether these are the bytes of an archive.
pub fn is_archive(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The name and the bytes of each member but for the index.
pub fn members(bytes: &[u8]) -> Result<Vec<(String, &[u8])>, String> {
    let mut result = Vec::new();
    let mut long_names: &[u8] = &[];
    let mut at = MAGIC.len();
    while at < bytes.len() {
        let cut = || format!("is cut off, or broken, at offset {at:#x}");
        let header = bytes.get(at..at + HEADER).ok_or_else(cut)?;
        let field = |range: std::ops::Range<usize>| {
            std::str::from_utf8(&header[range])
                .map(str::trim_end)
                .map_err(|_| cut())
        };
        let size: usize = field(48..58)?.parse().map_err(|_| cut())?;
        let data = bytes.get(at + HEADER..at + HEADER + size).ok_or_else(cut)?;
        match field(0..16)? {
            "/" | "/SYM64/" => {}
            "//" => long_names = data,
            name => {
                let name = match name
                    .strip_prefix('/')
                    .and_then(|offset| offset.parse::<usize>().ok())
                {
                    Some(offset) => {
                        let name = long_names.get(offset..).ok_or_else(cut)?;
                        let end = name.iter().position(|&c| c == b'\n').unwrap_or(name.len());
                        String::from_utf8_lossy(&name[..end]).into_owned()
                    }
                    None => name.to_owned(),
                };
                result.push((name.trim_end_matches('/').to_owned(), data));
            }
        }
        at += HEADER + size + size % 2;
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, data: &str) -> Vec<u8> {
        let mut bytes = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n{data}",
            0,
            0,
            0,
            644,
            data.len()
        )
        .into_bytes();
        if data.len() % 2 == 1 {
            bytes.push(b'\n');
        }
        bytes
    }

    #[test]
    fn reads_members() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(member("/", "index"));
        bytes.extend(member("//", "a long name indeed.o/\nanother.o/\n"));
        bytes.extend(member("short.o/", "abc"));
        bytes.extend(member("/22", "defg"));
        assert_eq!(
            members(&bytes),
            Ok(vec![
                ("short.o".into(), &b"abc"[..]),
                ("another.o".into(), &b"defg"[..])
            ])
        );
    }

    #[test]
    fn refuses_what_is_cut_off() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(member("short.o/", "abc"));
        for len in MAGIC.len() + 1..bytes.len() - 1 {
            assert_eq!(
                members(&bytes[..len]),
                Err("is cut off, or broken, at offset 0x8".into()),
                "{len} bytes"
            );
        }
    }
}
