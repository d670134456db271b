//! Writes a repository, all of it or nothing.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::example::{File, permissions};

/// Writes files into a folder that may be there already, as long as none of them is.
///
/// Where one cannot be written, those that were are removed again.
pub fn lay(folder: &Path, files: &[File]) -> Result<(), Error> {
    for file in files {
        let path = folder.join(&file.path);
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path });
        }
    }
    let mut made = Vec::new();
    let result = files
        .iter()
        .try_for_each(|file| write(folder, file, &mut made));
    if result.is_err() {
        for path in made.iter().rev() {
            // a folder that somebody else has put something into stays
            let _ = if path.is_dir() {
                fs::remove_dir(path)
            } else {
                fs::remove_file(path)
            };
        }
    }
    result
}

fn write(folder: &Path, file: &File, made: &mut Vec<PathBuf>) -> Result<(), Error> {
    let path = folder.join(&file.path);
    let failed = |path: &Path| {
        let path = path.to_owned();
        |why| Error::Write { path, why }
    };
    let parents: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .take_while(|parent| !parent.as_os_str().is_empty() && !parent.exists())
        .collect();
    for parent in parents.into_iter().rev() {
        match fs::create_dir(parent) {
            Ok(()) => made.push(parent.to_owned()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && parent.is_dir() => {}
            Err(error) => return Err(failed(parent)(error)),
        }
    }
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(failed(&path))?;
    made.push(path.clone());
    target.write_all(&file.contents).map_err(failed(&path))?;
    if file.is_executable {
        fs::set_permissions(&path, permissions(true)).map_err(failed(&path))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .expect("it is there")
            .map(|entry| {
                entry
                    .expect("it is read")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn into_a_folder_with_other_files() {
        let tmp = tempfile::tempdir().expect("a folder");
        fs::write(tmp.path().join("LICENSE"), "mine").expect("written");
        lay(
            tmp.path(),
            &[File::text("src/main.rs", "fn"), File::text("a", "b")],
        )
        .expect("laid");
        assert_eq!(paths(tmp.path()), ["LICENSE", "a", "src"]);
        assert_eq!(
            fs::read_to_string(tmp.path().join("src/main.rs")).expect("it is read"),
            "fn"
        );
    }

    #[test]
    fn nothing_is_overwritten() {
        let tmp = tempfile::tempdir().expect("a folder");
        fs::write(tmp.path().join("b"), "mine").expect("written");
        let error =
            lay(tmp.path(), &[File::text("a", ""), File::text("b", "")]).expect_err("it is there");
        assert!(error.to_string().contains("/b is there already"), "{error}");
        assert_eq!(paths(tmp.path()), ["b"]);
        assert_eq!(
            fs::read_to_string(tmp.path().join("b")).expect("it is read"),
            "mine"
        );
    }

    #[test]
    fn nothing_is_left_behind() {
        let tmp = tempfile::tempdir().expect("a folder");
        let folder = tmp.path().join("new");
        // the second file wants a folder where the first one is
        let error =
            lay(&folder, &[File::text("x/a", ""), File::text("x/a/b", "")]).expect_err("no folder");
        assert!(error.to_string().contains("cannot be written"), "{error}");
        assert!(!folder.exists());
    }
}
