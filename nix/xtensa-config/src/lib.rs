//! From a description of the Xtensa instruction set, and of a core, to the plug-in that GNU tools read (`XTENSA_GNU_CONFIG`).
//!
//! [`read`] takes the lines apart, [`Model`] is what a core is according to them, [`write`](write()) makes C of it.
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod error;
mod interface;
mod model;
mod operand;
mod parse;
mod word;
mod write;

pub use error::{Error, Place, Result};
pub use model::{Instruction, Model, PlacedOperand, Use};
pub use operand::{Base, Operand, Values};
pub use parse::{Direction, Kind};
pub use word::Field;
pub use write::write;

use std::path::Path;

/// Reads the core's description in `core_file`, those that it is like beside it, and all of `isa_dir`'s `.isa` files.
///
/// # Errors
/// A file that cannot be read, and the first line that is wrong.
pub fn read(core_file: &Path, isa_dir: &Path) -> Result<Model> {
    let mut chain = vec![];
    let mut next = core_file.to_path_buf();
    loop {
        let core = parse::core(&next.display().to_string(), &text(&next)?)?;
        let like = core.like.clone();
        chain.push(core);
        let Some((name, place)) = like else { break };
        next = next.with_file_name(format!("{name}.core"));
        if chain.iter().any(|c| c.file == next.display().to_string()) {
            return Err(Error::at(
                &place,
                format!(
                    "`like {name}` goes round in a circle: name a core that is not like this one"
                ),
            ));
        }
        if !next.is_file() {
            return Err(Error::at(
                &place,
                format!("like {name}: there is no {}", next.display()),
            ));
        }
    }
    chain.reverse();

    let entries = std::fs::read_dir(isa_dir)
        .map_err(|e| Error::in_file(isa_dir.display().to_string(), e.to_string()))?;
    let mut files: Vec<_> = entries
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "isa"))
        .collect();
    files.sort();
    let mut sections = vec![];
    for file in &files {
        sections.extend(parse::sections(&file.display().to_string(), &text(file)?)?);
    }
    Model::new(&chain, &sections)
}

fn text(file: &Path) -> Result<String> {
    std::fs::read_to_string(file)
        .map_err(|e| Error::in_file(file.display().to_string(), e.to_string()))
}
