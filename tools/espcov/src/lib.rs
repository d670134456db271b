//! Merges LCOV tracefiles: those that a test left, and those of all tests.
//!
//! `bazel coverage` has a program of its own for both, which is downloaded and wants Java. This one takes its place and has its
//! arguments (`tools/test/collect_coverage.sh` of Bazel).

#![deny(missing_docs)]

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lcov::Report;
use lcov::report::{MergeError, ParseError};
use regex::RegexSet;

/// An error.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder cannot be read.
    #[error("{}: cannot read it: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file is no LCOV tracefile.
    #[error("{}: is no LCOV tracefile: {source}", path.display())]
    NoTracefile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<ParseError>,
    },
    /// Two files say that they are about the same source, and have other lines or functions in it.
    #[error("{}: does not go with what other tests have of the same sources: {source}", path.display())]
    Unmergeable {
        /// The second file.
        path: PathBuf,
        /// What does not fit.
        source: Box<MergeError>,
    },
    /// The output cannot be written.
    #[error("{}: cannot write it: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// The result of what can go wrong here.
pub type Result<T> = std::result::Result<T, Error>;

/// Which sources are wanted.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Those that a manifest of Bazel names, one a line. None: all.
    pub manifest: Option<HashSet<PathBuf>>,
    /// All but those that match one of these.
    pub except: RegexSet,
}

impl Wanted {
    /// Reads a manifest of Bazel.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn read_manifest(&mut self, path: &Path) -> Result<()> {
        self.manifest = Some(lines(path)?.map(PathBuf::from).collect());
        Ok(())
    }

    fn has(&self, source: &Path) -> bool {
        self.manifest
            .as_ref()
            .is_none_or(|manifest| manifest.contains(source))
            && !self.except.is_match(&source.to_string_lossy())
    }
}

/// The tracefiles in a folder and those below: their names end in `.dat`.
///
/// # Errors
/// A folder that cannot be read.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |source| Error::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut files = vec![];
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            files.extend(in_folder(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "dat") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The files that a file names, one a line.
///
/// # Errors
/// A file that cannot be read.
pub fn in_list(list: &Path) -> Result<Vec<PathBuf>> {
    Ok(lines(list)?.map(PathBuf::from).collect())
}

fn lines(path: &Path) -> Result<impl Iterator<Item = String>> {
    let text = fs::read_to_string(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let lines: Vec<_> = text
        .lines()
        .filter(|l| !l.is_empty())
        .map(str::to_owned)
        .collect();
    Ok(lines.into_iter())
}

/// One tracefile's contents out of many: a line was executed as often as all of them say together.
///
/// # Errors
/// Files that cannot be read, are something else, or contradict each other.
pub fn merge(files: &[PathBuf], wanted: &Wanted) -> Result<Report> {
    let mut merged = Report::new();
    for path in files {
        let mut report = Report::from_file(path).map_err(|source| Error::NoTracefile {
            path: path.clone(),
            source: Box::new(source),
        })?;
        report
            .sections
            .retain(|key, _| wanted.has(&key.source_file));
        // Tests are told apart by nothing: their names would keep what each has of a source apart.
        let sections = std::mem::take(&mut report.sections);
        for (mut key, value) in sections {
            key.test_name.clear();
            let one = Report {
                sections: [(key, value)].into(),
            };
            merged.merge(one).map_err(|source| Error::Unmergeable {
                path: path.clone(),
                source: Box::new(source),
            })?;
        }
    }
    Ok(merged)
}

/// Writes a tracefile.
///
/// # Errors
/// A file that cannot be written; nothing is left of it then.
pub fn write(report: Report, path: &Path) -> Result<()> {
    let mut text = Vec::new();
    for record in report.into_records() {
        writeln!(text, "{record}").expect("a Vec takes all");
    }
    fs::write(path, text).map_err(|source| {
        // Whether or not there was something: the error is the one to be told.
        let _ = fs::remove_file(path);
        Error::Unwritable {
            path: path.to_owned(),
            source,
        }
    })
}
