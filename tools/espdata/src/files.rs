//! The files of a file system's image.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::error::Error;

/// The files of an image by their paths in it, relative and with `/`, in the order in which they are written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Files(BTreeMap<String, File>);

/// A file of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where it was read, for messages.
    pub source: String,
    /// Its bytes.
    pub contents: Vec<u8>,
}

impl Files {
    /// Reads files. `pairs` are paths in the package and where the file of each is; `strip_prefix` is the folder in the package that
    /// is the root of the image.
    pub fn read(pairs: &[(String, String)], strip_prefix: &str) -> Result<Self, Error> {
        let mut files = Self::default();
        for (path, source) in pairs {
            let contents =
                fs::read(source).map_err(|error| Error::read(Path::new(source), error))?;
            files.insert(stripped(path, source, strip_prefix)?, source, contents)?;
        }
        Ok(files)
    }

    /// Adds a file.
    pub fn insert(&mut self, path: &str, source: &str, contents: Vec<u8>) -> Result<(), Error> {
        let source = source.to_owned();
        if let Some(other) = self.0.get(path) {
            return Err(Error::SamePath {
                first: other.source.clone(),
                second: source,
                path: path.to_owned(),
            });
        }
        self.0.insert(path.to_owned(), File { source, contents });
        Ok(())
    }

    /// The files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// The folders that the files are in, each before those in it.
    pub fn folders(&self) -> Vec<&str> {
        let mut folders: Vec<&str> = self
            .0
            .keys()
            .flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]))
            .collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }

    /// What the image is made of, for messages.
    pub fn describe(&self) -> String {
        let len: usize = self.0.values().map(|file| file.contents.len()).sum();
        match self.0.len() {
            1 => format!("1 file of {len} bytes"),
            count => format!("{count} files, {len} bytes in all"),
        }
    }
}

fn stripped<'p>(path: &'p str, source: &str, prefix: &str) -> Result<&'p str, Error> {
    let prefix = prefix.trim_end_matches('/');
    if prefix.is_empty() {
        return Ok(path);
    }
    path.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('/'))
        .ok_or_else(|| Error::NotUnderPrefix {
            file: source.to_owned(),
            prefix: prefix.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_folder() {
        assert_eq!(stripped("www/a", "s", "www").expect("is under it"), "a");
        assert_eq!(stripped("www/a", "s", "www/").expect("is under it"), "a");
        assert_eq!(stripped("www/a", "s", "").expect("is under it"), "www/a");
        let error = stripped("wwwroot/a", "s", "www").expect_err("is not under it");
        assert!(error.to_string().starts_with("s is not under 'www'"));
    }

    #[test]
    fn folders_come_before_what_is_in_them() {
        let mut files = Files::default();
        for path in ["b/c/d", "a", "b/e"] {
            files.insert(path, path, Vec::new()).expect("is new");
        }
        assert_eq!(files.folders(), ["b", "b/c"]);
        let error = files.insert("a", "x/a", Vec::new()).expect_err("is there");
        assert_eq!(
            error.to_string(),
            "a and x/a would both be 'a' in the image: leave one of them out, or rename it"
        );
    }
}
