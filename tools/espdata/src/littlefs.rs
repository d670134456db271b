//! LittleFS images, as joltwallet/littlefs mounts them.
//!
//! The file system is written by the C implementation itself, of which the Python package littlefs-python has a copy;
//! `littlefs_image.py` only passes files to it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::error::Error;
use crate::files::Files;
use crate::space::{Kind, SECTOR_LEN, Space};

/// What the image is for.
pub const KIND: Kind = Kind {
    image: "a LittleFS image",
    subtype: None,
    wanted: "type data",
    least: 2 * SECTOR_LEN,
};

/// Exit status of `littlefs_image.py` where the file system is full.
const STATUS_FULL: i32 = 3;

/// What writes the file system.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'p> {
    /// A Python that has littlefs-python.
    pub python: &'p Path,
    /// `littlefs_image.py`.
    pub script: &'p Path,
}

/// An image with these files, which fills `space`. `name_len` is CONFIG_LITTLEFS_OBJ_NAME_LEN, in bytes: a file system with longer
/// names is not mounted.
pub fn image(
    files: &Files,
    name_len: u32,
    writer: Writer,
    space: &Space,
) -> Result<Vec<u8>, Error> {
    for (path, file) in files.iter() {
        if let Some(name) = path.split('/').find(|name| name.len() > name_len as usize) {
            return Err(Error::FileName {
                file: file.source.clone(),
                problem: format!(
                    "'{name}' has {} bytes, and names in LittleFS have at most {name_len}",
                    name.len()
                ),
                fix:
                    "rename it, or raise LITTLEFS_OBJ_NAME_LEN in both sdkconfig and `obj_name_len`"
                        .to_owned(),
            });
        }
    }
    space.fill(&files.describe(), |len| write(files, name_len, writer, len))
}

fn write(files: &Files, name_len: u32, writer: Writer, len: u32) -> Result<Option<Vec<u8>>, Error> {
    let failed = |message: String| Error::Failed {
        what: "writing LittleFS",
        message,
    };
    let plan = json!({
        "block_len": SECTOR_LEN,
        "block_count": len / SECTOR_LEN,
        "name_len": name_len,
        "folders": files.folders(),
        "files": files.iter().map(|(path, file)| json!([path, file.source])).collect::<Vec<_>>(),
    });
    let mut child = Command::new(writer.python)
        .arg("-I")
        .arg(writer.script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("{}: {error}", writer.python.display())))?;
    // A script that ends before it has read all says why itself.
    let _ = child
        .stdin
        .take()
        .map(|mut stdin| stdin.write_all(plan.to_string().as_bytes()));
    let output = child
        .wait_with_output()
        .map_err(|error| failed(error.to_string()))?;
    match output.status.code() {
        Some(0) if output.stdout.len() == len as usize => Ok(Some(output.stdout)),
        Some(STATUS_FULL) => Ok(None),
        _ => Err(failed(
            String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned(),
        )),
    }
}
