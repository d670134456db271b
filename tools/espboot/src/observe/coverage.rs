//! Executed addresses as lines and functions, an LCOV tracefile.

use std::collections::BTreeMap;
use std::ops::Range;

use espsym::lines::{Function, Sources};
use lcov::Report;
use lcov::report::section;

/// What `counts`, executions by address, say about the lines of `sources`.
///
/// A line was executed as often as the instruction of it that was executed most often; a function as often as its first instruction,
/// wherever it is inlined. `all`: with sources outside of the workspace, and generated ones.
pub(super) fn report(sources: &Sources, counts: &BTreeMap<u32, u64>, all: bool) -> Report {
    let mut report = Report::new();
    for (name, source) in &sources.files {
        if !all && !is_of_workspace(name) {
            continue;
        }
        let mut value = section::Value::default();
        for (&line, ranges) in &source.lines {
            let count = ranges.iter().map(|range| most(counts, range)).max();
            let count = count.unwrap_or(0);
            value.lines.insert(
                section::line::Key { line },
                section::line::Value {
                    count,
                    checksum: None,
                },
            );
        }
        for (name, function) in &source.functions {
            value.functions.insert(
                section::function::Key { name: name.clone() },
                section::function::Value {
                    start_line: Some(function.line),
                    count: calls(counts, function),
                },
            );
        }
        let key = section::Key {
            test_name: String::new(),
            source_file: name.into(),
        };
        report.sections.insert(key, value);
    }
    report
}

/// Names in the debug information are relative to Bazel's execution root.
fn is_of_workspace(name: &str) -> bool {
    !["/", "../", "external/", "bazel-"]
        .iter()
        .any(|elsewhere| name.starts_with(elsewhere))
}

fn most(counts: &BTreeMap<u32, u64>, range: &Range<u32>) -> u64 {
    // A line whose code begins where the next one's does has no instruction of its own.
    let end = range.end.max(range.start + 1);
    let executed = counts.range(range.start..end);
    executed.map(|(_, &count)| count).max().unwrap_or(0)
}

fn calls(counts: &BTreeMap<u32, u64>, function: &Function) -> u64 {
    let at = function.places.iter().map(|place| {
        let entered = counts.get(&place.entry).copied().unwrap_or(0);
        // What is inlined may begin elsewhere, as the compiler has moved it.
        let anywhere = place.ranges.iter().any(|range| most(counts, range) > 0);
        entered.max(anywhere.into())
    });
    at.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use espsym::lines::{Place, Source};

    #[test]
    fn lines_have_the_count_of_their_busiest_instruction() {
        let range = |start, end| Range { start, end };
        let source = Source {
            lines: [
                (3, vec![range(0x100, 0x106), range(0x200, 0x203)]),
                (4, vec![range(0x106, 0x106)]),
                (5, vec![range(0x106, 0x10A)]),
                (6, vec![range(0x10A, 0x110)]),
            ]
            .into(),
            functions: [(
                "f".to_owned(),
                Function {
                    line: 2,
                    places: vec![
                        Place {
                            entry: 0x100,
                            ranges: vec![range(0x100, 0x110)],
                        },
                        Place {
                            entry: 0x203,
                            ranges: vec![range(0x200, 0x206)],
                        },
                    ],
                },
            )]
            .into(),
        };
        let files = [
            ("firmware/f.c".to_owned(), source.clone()),
            ("external/f.c".to_owned(), source),
        ];
        let sources = Sources {
            files: files.into(),
        };
        let counts = [(0x100, 1), (0x103, 4), (0x106, 2), (0x200, 3)].into();
        let report = super::report(&sources, &counts, false);
        assert_eq!(report.sections.len(), 1);
        let section = report.sections.values().next().unwrap();
        let lines: Vec<_> = section.lines.values().map(|line| line.count).collect();
        assert_eq!(lines, [4, 2, 2, 0]);
        let functions: Vec<_> = section.functions.values().collect();
        assert_eq!((functions[0].count, functions[0].start_line), (2, Some(2)));
        assert_eq!(super::report(&sources, &counts, true).sections.len(), 2);
    }
}
