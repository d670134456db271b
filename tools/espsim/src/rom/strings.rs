//! The C library's characters, strings and numbers in text.

use super::{BadAddress, Call, Function, Outcome, Result};

fn is(call: &mut Call, kind: fn(&u8) -> bool) -> Result {
    let character = u8::try_from(call.argument(0)?);
    Ok(Outcome::Return(
        character.is_ok_and(|character| kind(&character)).into(),
    ))
}

/// A case for a character, of which others than letters stay as they are.
fn turned(call: &mut Call, turn: fn(&u8) -> u8) -> Result {
    let character = call.argument(0)?;
    Ok(Outcome::Return(
        u8::try_from(character).map_or(character, |byte| turn(&byte).into()),
    ))
}

/// The place of something in the text at `address`, or 0.
fn place(address: u32, at: Option<usize>) -> Result {
    Ok(Outcome::Return(
        at.map_or(0, |at| address.wrapping_add(at as u32)),
    ))
}

/// The text at an argument with its zero.
fn with_zero(call: &mut Call, address: u32) -> std::result::Result<Vec<u8>, BadAddress> {
    let mut text = call.text(address)?;
    text.push(0);
    Ok(text)
}

fn compared(call: &mut Call, len: Option<u32>) -> Result {
    let (left, right) = (call.argument(0)?, call.argument(1)?);
    let (mut left, mut right) = (call.text(left)?, call.text(right)?);
    for text in [&mut left, &mut right] {
        text.truncate(len.unwrap_or(u32::MAX) as usize);
        text.make_ascii_lowercase();
    }
    call.charge(left.len().min(right.len()) as u32 * 4);
    Ok(Outcome::Return(left.cmp(&right) as i32 as u32))
}

fn span(call: &mut Call, of_set: bool) -> Result {
    let (text, set) = (call.argument(0)?, call.argument(1)?);
    let (text, set) = (call.text(text)?, call.text(set)?);
    let len = text
        .iter()
        .take_while(|byte| set.contains(byte) == of_set)
        .count();
    Ok(Outcome::Return(len as u32))
}

/// `strlcpy` (from the start) and `strlcat` (from the end) of a buffer of a size.
fn bounded(call: &mut Call, start: usize, size: usize) -> Result {
    let (to, from) = (call.argument(0)?, call.argument(1)?);
    let text = call.text(from)?;
    if start < size {
        let mut part = text[..text.len().min(size - start - 1)].to_vec();
        part.push(0);
        call.write(to.wrapping_add(start as u32), &part)?;
    }
    Ok(Outcome::Return((start + text.len()) as u32))
}

fn appended(call: &mut Call, len: usize) -> Result {
    let (to, from) = (call.argument(0)?, call.argument(1)?);
    let end = call.text(to)?.len() as u32;
    let mut text = call.text(from)?;
    text.truncate(len);
    text.push(0);
    call.write(to.wrapping_add(end), &text)?;
    Ok(Outcome::Return(to))
}

/// The next token of the text whose rest `rest` points to; `empty` ones count.
fn token(call: &mut Call, start: u32, delimiters: u32, rest: u32, empty: bool) -> Result {
    let set = call.text(delimiters)?;
    let start = if start == 0 {
        call.read32(rest)?
    } else {
        start
    };
    if start == 0 {
        return Ok(Outcome::Return(0));
    }
    let text = call.text(start)?;
    let skip = if empty {
        0
    } else {
        text.iter().take_while(|byte| set.contains(byte)).count()
    };
    if skip == text.len() && !empty {
        call.write32(rest, 0)?;
        return Ok(Outcome::Return(0));
    }
    let first = start.wrapping_add(skip as u32);
    match text[skip..].iter().position(|byte| set.contains(byte)) {
        Some(len) => {
            let end = first.wrapping_add(len as u32);
            call.write(end, &[0])?;
            call.write32(rest, end.wrapping_add(1))?;
        }
        None => call.write32(rest, 0)?,
    }
    Ok(Outcome::Return(first))
}

/// A number in text: its value without a sign, whether it has one, and how much of the text it is.
fn parsed(text: &[u8], base: u32) -> (u64, bool, usize) {
    let blank = text
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace() || **byte == 11)
        .count();
    let mut at = blank;
    let negative = text.get(at) == Some(&b'-');
    if matches!(text.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let digit = |at: usize, base: u32| {
        text.get(at)
            .and_then(|&byte| char::from(byte).to_digit(base))
    };
    let prefixed = text.get(at) == Some(&b'0') && matches!(text.get(at + 1), Some(b'x' | b'X'));
    let hexadecimal = prefixed && digit(at + 2, 16).is_some();
    let base = match base {
        0 if hexadecimal => 16,
        0 if text.get(at) == Some(&b'0') => 8,
        0 => 10,
        base => base,
    };
    if !(2..=36).contains(&base) {
        return (0, false, 0);
    }
    if base == 16 && hexadecimal {
        at += 2;
    }
    let first = at;
    let mut value = 0u64;
    while let Some(digit) = digit(at, base) {
        value = value
            .saturating_mul(base.into())
            .saturating_add(digit.into());
        at += 1;
    }
    (value, negative, if at == first { 0 } else { at })
}

/// `strtol` and the like; ERANGE is not told.
fn number(call: &mut Call, text: u32, end: u32, base: u32, signed: bool) -> Result {
    let content = call.text(text)?;
    let (value, negative, len) = parsed(&content, base);
    if end != 0 {
        call.write32(end, text.wrapping_add(len as u32))?;
    }
    let value = if signed {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        let value = if negative { -value } else { value };
        value.clamp(i32::MIN.into(), i32::MAX.into()) as u32
    } else {
        let value = value.min(u32::MAX.into()) as u32;
        if negative {
            value.wrapping_neg()
        } else {
            value
        }
    };
    call.charge(10 * content.len() as u32);
    Ok(Outcome::Return(value))
}

/// `itoa` and `utoa`: value, buffer, base.
fn printed(call: &mut Call, signed: bool) -> Result {
    let (value, to, base) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
    if !(2..=36).contains(&base) {
        call.write(to, &[0])?;
        return Ok(Outcome::Return(0));
    }
    let negative = signed && base == 10 && (value as i32) < 0;
    let mut rest = if negative {
        value.wrapping_neg()
    } else {
        value
    };
    let mut text = vec![0];
    loop {
        text.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % base) as usize]);
        rest /= base;
        if rest == 0 {
            break;
        }
    }
    if negative {
        text.push(b'-');
    }
    text.reverse();
    call.charge(20 * text.len() as u32);
    call.write(to, &text)?;
    Ok(Outcome::Return(to))
}

/// The functions, with address and name.
pub(super) const FUNCTIONS: &[(u32, &str, Function)] = &[
    (0x4000_0F04, "isalnum", |call| {
        is(call, u8::is_ascii_alphanumeric)
    }),
    (0x4000_0F18, "isalpha", |call| {
        is(call, u8::is_ascii_alphabetic)
    }),
    (0x4000_0F2C, "isblank", |call| {
        is(call, |byte| matches!(byte, b' ' | b'\t'))
    }),
    (0x4000_0F50, "iscntrl", |call| {
        is(call, u8::is_ascii_control)
    }),
    (0x4000_0F64, "isdigit", |call| is(call, u8::is_ascii_digit)),
    (0x4000_0F78, "islower", |call| {
        is(call, u8::is_ascii_lowercase)
    }),
    (0x4000_0F94, "isgraph", |call| {
        is(call, u8::is_ascii_graphic)
    }),
    (0x4000_0FA8, "isprint", |call| {
        is(call, |byte| (0x20..0x7F).contains(byte))
    }),
    (0x4000_0FC0, "ispunct", |call| {
        is(call, u8::is_ascii_punctuation)
    }),
    (0x4000_0FD4, "isspace", |call| {
        is(call, |byte| matches!(byte, 9..=13 | b' '))
    }),
    (0x4000_0FE8, "isupper", |call| {
        is(call, u8::is_ascii_uppercase)
    }),
    (0x4000_11CC, "strcasecmp", |call| compared(call, None)),
    (0x4000_1470, "strlcat", |call| {
        let (to, size) = (call.argument(0)?, call.argument(2)? as usize);
        let start = call.text(to)?.len().min(size);
        bounded(call, start, size)
    }),
    (0x4000_1550, "strncasecmp", |call| {
        let len = call.argument(2)?;
        compared(call, Some(len))
    }),
    (0x4000_1708, "strrchr", |call| {
        let (text, byte) = (call.argument(0)?, call.argument(1)? as u8);
        let content = with_zero(call, text)?;
        place(text, content.iter().rposition(|&other| other == byte))
    }),
    (0x4000_1734, "strsep", |call| {
        let (rest, delimiters) = (call.argument(0)?, call.argument(1)?);
        token(call, 0, delimiters, rest, true)
    }),
    (0x4000_1868, "tolower", |call| {
        turned(call, u8::to_ascii_lowercase)
    }),
    (0x4000_1884, "toupper", |call| {
        turned(call, u8::to_ascii_uppercase)
    }),
    (0x4000_C20C, "isascii", |call| is(call, u8::is_ascii)),
    (0x4000_C244, "memchr", |call| {
        let (from, byte, len) = (
            call.argument(0)?,
            call.argument(1)? as u8,
            call.argument(2)?,
        );
        for at in 0..len {
            if call.read(from.wrapping_add(at), 1)?[0] == byte {
                return place(from, Some(at as usize));
            }
        }
        place(from, None)
    }),
    (0x4000_C400, "memrchr", |call| {
        let (from, byte, len) = (
            call.argument(0)?,
            call.argument(1)? as u8,
            call.argument(2)?,
        );
        for at in (0..len).rev() {
            if call.read(from.wrapping_add(at), 1)?[0] == byte {
                return place(from, Some(at as usize));
            }
        }
        place(from, None)
    }),
    (0x4000_C518, "strcat", |call| appended(call, usize::MAX)),
    (0x4000_C53C, "strchr", |call| {
        let (text, byte) = (call.argument(0)?, call.argument(1)? as u8);
        let content = with_zero(call, text)?;
        place(text, content.iter().position(|&other| other == byte))
    }),
    (0x4000_C558, "strcspn", |call| span(call, false)),
    (0x4000_C584, "strlcpy", |call| {
        let size = call.argument(2)? as usize;
        bounded(call, 0, size)
    }),
    (0x4000_C5C4, "strncat", |call| {
        let len = call.argument(2)? as usize;
        appended(call, len)
    }),
    (0x4000_C628, "strnlen", |call| {
        let (text, len) = (call.argument(0)?, call.argument(1)?);
        let mut at = 0;
        while at < len && call.read(text.wrapping_add(at), 1)?[0] != 0 {
            at += 1;
        }
        Ok(Outcome::Return(at))
    }),
    (0x4000_C648, "strspn", |call| span(call, true)),
    (0x4000_C674, "strstr", |call| {
        let (text, part) = (call.argument(0)?, call.argument(1)?);
        let (content, part) = (call.text(text)?, call.text(part)?);
        let at = (0..=content.len()).find(|&at| content[at..].starts_with(&part));
        place(text, at)
    }),
    (0x4000_C70C, "strtok_r", |call| {
        let (text, delimiters, rest) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
        token(call, text, delimiters, rest, false)
    }),
    (0x4000_C720, "toascii", |call| {
        Ok(Outcome::Return(call.argument(0)? & 0x7F))
    }),
    (0x4005_6258, "utoa", |call| printed(call, false)),
    (0x4005_66B4, "itoa", |call| printed(call, true)),
    (0x4005_66C4, "atoi", |call| {
        let text = call.argument(0)?;
        number(call, text, 0, 10, true)
    }),
    (0x4005_66EC, "atol", |call| {
        let text = call.argument(0)?;
        number(call, text, 0, 10, true)
    }),
    (0x4005_681C, "strtol", |call| {
        let (text, end, base) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
        number(call, text, end, base, true)
    }),
    (0x4005_692C, "strtoul", |call| {
        let (text, end, base) = (call.argument(0)?, call.argument(1)?, call.argument(2)?);
        number(call, text, end, base, false)
    }),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_strtol_does() {
        assert_eq!(parsed(b"42abc", 10), (42, false, 2));
        assert_eq!(parsed(b" \t-0x1Fz", 0), (31, true, 7));
        assert_eq!(parsed(b"0x", 16), (0, false, 1));
        assert_eq!(parsed(b"017", 0), (15, false, 3));
        assert_eq!(parsed(b"+", 10), (0, false, 0));
        assert_eq!(parsed(b"12", 1), (0, false, 0));
    }
}
