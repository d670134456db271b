//! Output files that appear whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Writes all files, or none: each is written under another name in its folder first, and renamed once all are there.
pub fn write_all(files: &[(&Path, &[u8])]) -> Result<(), Error> {
    let mut temporary = Temporary(Vec::new());
    for &(path, bytes) in files {
        let part = part_path(path);
        temporary.0.push(part.clone());
        fs::write(&part, bytes).map_err(|error| Error::write(path, error))?;
    }
    for (&(path, _), part) in files.iter().zip(&temporary.0) {
        if let Err(error) = fs::rename(part, path) {
            for &(written, _) in files.iter().take_while(|(other, _)| *other != path) {
                let _ = fs::remove_file(written);
            }
            return Err(Error::write(path, error));
        }
    }
    Ok(())
}

fn part_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    name.into()
}

/// Removes what was not renamed.
struct Temporary(Vec<PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}
