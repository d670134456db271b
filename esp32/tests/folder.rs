//! `folder FOLDER PATH...`: a file in the folder for each path, with its path in it.

use std::{env, fs, io, path::Path};

fn main() -> io::Result<()> {
    let mut args = env::args().skip(1);
    let folder = args.next().expect("a folder");
    for path in args {
        let file = Path::new(&folder).join(&path);
        fs::create_dir_all(file.parent().expect("it is in the folder"))?;
        fs::write(file, path + "\n")?;
    }
    Ok(())
}
