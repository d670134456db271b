//! A folder to work in, and `espdata` run in it.

#![allow(dead_code)] // Each test uses a part.

use std::path::PathBuf;

use espimage::Chip;
use espimage::partition::{DEFAULT_OFFSET, PartitionTable, TableOptions};

/// A folder that is removed in the end.
pub struct Folder(tempfile::TempDir);

/// What came of a run.
pub struct Run {
    pub code: u8,
    pub stderr: String,
}

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, contents).expect("the file can be written");
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A binary partition table, table.bin.
    pub fn write_table(&self, csv: &str) {
        let options = TableOptions {
            chip: Chip::Esp32,
            offset: DEFAULT_OFFSET,
            flash_size: None,
        };
        let table = PartitionTable::from_csv(csv.as_bytes(), options).expect("a table");
        self.write("table.bin", table.to_binary().expect("a table"));
    }

    /// Runs `espdata`: a word that starts with `%` is a path in the folder, and `+NAME` a file and its path in the package. Paths in
    /// messages are relative to the folder.
    pub fn run(&self, line: &str) -> Run {
        let mut args = vec!["espdata".to_owned()];
        for word in line.split_whitespace() {
            let path = |name: &str| self.path(name).to_string_lossy().into_owned();
            match (word.strip_prefix('%'), word.strip_prefix('+')) {
                (Some(name), _) => args.push(path(name)),
                (_, Some(name)) => args.extend(["--file".to_owned(), name.to_owned(), path(name)]),
                _ => args.push(word.to_owned()),
            }
        }
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let args = args.into_iter().map(Into::into);
        let code = espdata::cli::run(args, &mut stdout, &mut stderr);
        let stderr = String::from_utf8(stderr).expect("text");
        let folder = format!("{}/", self.0.path().display());
        let stderr = stderr.replace(&folder, "");
        Run { code, stderr }
    }

    /// Runs `espdata ... --output image.bin`, and returns the image. It is the same the second time.
    #[track_caller]
    pub fn image(&self, line: &str) -> Vec<u8> {
        let [first, second] = [(); 2].map(|()| {
            let run = self.run(&format!("{line} --output %image.bin"));
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
            self.read("image.bin")
        });
        assert!(first == second, "{line}: not the same twice");
        first
    }

    /// Runs `espdata ... --output refused.bin`, which must fail with this message, and leave no image.
    #[track_caller]
    pub fn refused(&self, line: &str, message: &str) {
        let run = self.run(&format!("{line} --output %refused.bin"));
        assert_eq!(run.stderr, format!("error: {message}\n"), "{line}");
        assert_eq!(run.code, espdata::cli::EXIT_REFUSED, "{line}");
        assert!(!self.path("refused.bin").exists(), "{line}");
    }
}

/// Bytes that differ from place to place, and from `seed` to `seed`.
pub fn pattern(len: usize, seed: u8) -> Vec<u8> {
    let byte = |i: usize| (i as u8).wrapping_mul(31).wrapping_add(seed) ^ (i >> 8) as u8;
    (0..len).map(byte).collect()
}
