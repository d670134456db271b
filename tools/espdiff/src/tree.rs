//! Files and whole folders.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::{Difference, explain};

/// What to leave out of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// What only the first folder has does not count.
    pub subset: bool,
    /// Names of files and folders to leave out; `*SUFFIX` for all that end so.
    pub except: Vec<String>,
}

/// The result of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Comparison {
    /// How many files were compared.
    pub files: usize,
    /// The files that differ, by their paths below the folder.
    pub different: Vec<(PathBuf, Vec<Difference>)>,
}

/// Compares two files or two folders. Links to files are followed, links to folders and to nothing are compared as links.
pub fn compare(first: &Path, second: &Path, options: &Options) -> io::Result<Comparison> {
    let mut result = Comparison::default();
    let name = if first.is_dir() {
        PathBuf::new()
    } else {
        first.to_path_buf()
    };
    visit(&name, first, second, options, &mut result)?;
    Ok(result)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File,
    Folder,
    Link,
    Missing,
}

fn entry(path: &Path) -> io::Result<Entry> {
    let metadata = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Entry::Missing),
        metadata => metadata?,
    };
    Ok(if metadata.is_dir() {
        Entry::Folder
    } else if metadata.is_symlink() && !path.is_file() {
        Entry::Link
    } else {
        Entry::File
    })
}

fn what(entry: Entry) -> &'static str {
    match entry {
        Entry::File => "a file",
        Entry::Folder => "a folder",
        Entry::Link => "a link",
        Entry::Missing => "nothing",
    }
}

fn names(folder: &Path) -> io::Result<BTreeSet<String>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn visit(
    name: &Path,
    first: &Path,
    second: &Path,
    options: &Options,
    result: &mut Comparison,
) -> io::Result<()> {
    let differ = |result: &mut Comparison, differences: Vec<Difference>| {
        result.different.push((name.to_path_buf(), differences));
    };
    match (entry(first)?, entry(second)?) {
        (Entry::Folder, Entry::Folder) => {
            let mut all = names(second)?;
            if !options.subset {
                all.append(&mut names(first)?);
            }
            all.retain(|name| !is_excepted(name, &options.except));
            for child in all {
                visit(
                    &name.join(&child),
                    &first.join(&child),
                    &second.join(&child),
                    options,
                    result,
                )?;
            }
        }
        (Entry::File, Entry::File) => {
            result.files += 1;
            let differences = explain(&read(first)?, &read(second)?);
            if !differences.is_empty() {
                differ(result, differences);
            }
        }
        (Entry::Link, Entry::Link) => {
            result.files += 1;
            let (a, b) = (fs::read_link(first)?, fs::read_link(second)?);
            if a != b {
                differ(
                    result,
                    vec![Difference {
                        place: "link".to_owned(),
                        offset: None,
                        first: a.display().to_string(),
                        second: b.display().to_string(),
                    }],
                );
            }
        }
        (a, b) => {
            result.files += 1;
            differ(
                result,
                vec![Difference {
                    place: "there is".to_owned(),
                    offset: None,
                    first: what(a).to_owned(),
                    second: what(b).to_owned(),
                }],
            );
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    fs::read(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn is_excepted(name: &str, except: &[String]) -> bool {
    except
        .iter()
        .any(|pattern| match pattern.strip_prefix('*') {
            Some(suffix) => name.ends_with(suffix),
            None => name == pattern,
        })
}
