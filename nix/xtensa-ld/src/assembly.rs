//! The symbols in the assembly of a module.

use std::collections::BTreeSet;

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut escaped = false;
    for (i, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '/' if !quoted && line[i..].starts_with("//") => return &line[..i],
            _ => {}
        }
    }
    line
}

/// Every name in the text that may be a symbol.
pub fn names(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !is_symbol(c))
        .filter(|word| !word.is_empty())
        .collect()
}

/// The symbols that an object file defines for itself alone, by what nm prints of it.
pub fn local_symbols(nm: &str) -> impl Iterator<Item = &str> {
    nm.lines().filter_map(|line| {
        let mut words = line.rsplit(' ');
        let name = words.next()?;
        words
            .next()?
            .starts_with(|kind: char| kind.is_ascii_lowercase())
            .then_some(name)
    })
}

/// Directives behind which LLVM begins a piece of a section that need not be aligned.
const GAPS: [&str; 5] = [".fill", ".org", ".skip", ".space", ".zero"];

/// An L32R that LLVM 23 may get wrong: it rounds the address as if its piece of the section began at a multiple of 4.
///
/// That is only where it knows how far the literal is away, which is behind a label of the same text.
pub fn doubtful_l32r(text: &str) -> Option<&str> {
    let statements = || {
        text.split(['\n', ';'])
            .map(|statement| without_comment(statement).trim())
    };
    let word = |statement: &str, word: &str| {
        statement
            .strip_prefix(word)
            .is_some_and(|rest| rest.starts_with(char::is_whitespace))
    };
    if !statements().any(|statement| GAPS.iter().any(|gap| word(statement, gap))) {
        return None;
    }
    statements().find(|statement| {
        let literal = statement.rsplit(',').next().unwrap_or_default().trim();
        word(statement, "l32r")
            && (literal.starts_with(|c: char| c.is_ascii_digit())
                || statements().any(|other| {
                    other
                        .strip_prefix(literal)
                        .is_some_and(|rest| rest.trim_start().starts_with(':'))
                }))
    })
}

fn is_symbol(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_names() {
        assert_eq!(
            names("call8 _ZN3fooE.llvm.7\n.long a+b"),
            BTreeSet::from([".long", "_ZN3fooE.llvm.7", "a", "b", "call8"])
        );
    }

    #[test]
    fn doubts_l32r_behind_gaps() {
        let doubted = "a: .long 1\n.space 3\nl32r a2, a";
        assert_eq!(doubtful_l32r(doubted), Some("l32r a2, a"));
        assert_eq!(
            doubtful_l32r(".zero 2; 1: nop; l32r a3, 1b"),
            Some("l32r a3, 1b")
        );
        for known in [
            ".literal a, 1\n.space 3\nl32r a2, a",
            "a: .long 1\nl32r a2, a\n// .space 3",
            "a: .long 1\n.space 3\nl32i a2, a3, 0",
        ] {
            assert_eq!(doubtful_l32r(known), None, "{known}");
        }
    }

    #[test]
    fn finds_local_symbols() {
        let nm = "00000000 t a\n00000010 T b\n         U c\n00000000 d .literal\n";
        assert_eq!(local_symbols(nm).collect::<Vec<_>>(), ["a", ".literal"]);
    }
}
