//! The command line of `espdata`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::error::Error;
use crate::files::Files;
use crate::space::{Kind, Space};
use crate::{fat, littlefs, nvs, ota_data, spiffs};

/// Exit code when the image was made.
pub const EXIT_OK: u8 = 0;
/// Exit code when the input is refused; there is no image.
pub const EXIT_REFUSED: u8 = 1;
/// Exit code when the command line is wrong.
pub const EXIT_USAGE: u8 = 2;

/// Makes images of data partitions of the ESP32
#[derive(Parser)]
#[command(
    name = "espdata",
    version,
    after_help = "A word @FILE stands for the lines of FILE, one argument each.\n\nExit codes:\n  0  the image was made\n  \
        1  the input is refused\n  2  the command line is wrong"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Key-value pairs of a CSV file, for nvs_flash
    Nvs(NvsArgs),
    /// Files as SPIFFS
    Spiffs(SpiffsArgs),
    /// Files as FAT
    Fat(FatArgs),
    /// Files as LittleFS
    Littlefs(LittlefsArgs),
    /// Which OTA slot the bootloader starts
    OtaData(OtaDataArgs),
}

#[derive(Args)]
struct OutputArgs {
    /// The image's size in bytes; 0x for hexadecimal
    #[arg(long, value_name = "BYTES", value_parser = number, required_unless_present = "partition", conflicts_with = "partition")]
    size: Option<u32>,
    /// A binary partition table: the size is a partition's
    #[arg(long, value_name = "FILE", requires = "partition")]
    partition_table: Option<PathBuf>,
    /// The partition's name
    #[arg(long, value_name = "NAME", requires = "partition_table")]
    partition: Option<String>,
    /// The image
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

impl OutputArgs {
    fn space(&self, kind: Kind) -> Result<Space, Error> {
        match (&self.partition_table, &self.partition, self.size) {
            (Some(table), Some(name), _) => Space::of_partition(&read(table)?, table, name, kind),
            (_, _, size) => Space::of_len(size.unwrap_or_default(), kind),
        }
    }

    fn write(&self, image: &[u8]) -> Result<(), Error> {
        Ok(espimage::output::write_all(&[(&self.output, image)])?)
    }
}

#[derive(Args)]
struct FilesArgs {
    /// A file: its path in the package, and where it is
    #[arg(long = "file", num_args = 2, value_names = ["PATH", "FILE"])]
    files: Vec<String>,
    /// The folder of the package that is the image's root
    #[arg(long, value_name = "FOLDER", default_value = "")]
    strip_prefix: String,
}

impl FilesArgs {
    fn read(&self) -> Result<Files, Error> {
        Files::read(&pairs(&self.files), &self.strip_prefix)
    }
}

#[derive(Args)]
struct NvsArgs {
    /// The CSV file: its path in the package, and where it is
    #[arg(long, num_args = 2, required = true, value_names = ["PATH", "FILE"])]
    input: Vec<String>,
    /// A file that lines of type `file` may name, relative to the CSV: its path in the package, and where it is
    #[arg(long = "file", num_args = 2, value_names = ["PATH", "FILE"])]
    files: Vec<String>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Args)]
struct SpiffsArgs {
    #[command(flatten)]
    files: FilesArgs,
    /// SPIFFS_PAGE_SIZE
    #[arg(long, value_name = "BYTES", default_value_t = spiffs::Settings::default().page_len)]
    page_size: u32,
    /// SPIFFS_OBJ_NAME_LEN
    #[arg(long, value_name = "BYTES", default_value_t = spiffs::Settings::default().name_len)]
    obj_name_len: u32,
    /// SPIFFS_META_LENGTH
    #[arg(long, value_name = "BYTES", default_value_t = spiffs::Settings::default().meta_len)]
    meta_len: u32,
    /// Without SPIFFS_USE_MAGIC
    #[arg(long)]
    no_magic: bool,
    /// Without SPIFFS_USE_MAGIC_LENGTH
    #[arg(long)]
    no_magic_length: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Args)]
struct FatArgs {
    #[command(flatten)]
    files: FilesArgs,
    /// Without wear levelling, for a partition that is only read
    #[arg(long, conflicts_with = "wl_safe")]
    raw: bool,
    /// WL_SECTOR_SIZE, or without wear levelling FATFS_SECTOR_SIZE
    #[arg(long, value_name = "BYTES", default_value = "4096", value_parser = ["512", "4096"])]
    sector_size: String,
    /// WL_SECTOR_MODE_SAFE, of sectors of 512 bytes
    #[arg(long)]
    wl_safe: bool,
    /// Sectors of an allocation unit
    #[arg(long, value_name = "N", default_value = "1", value_parser = ["1", "2", "4", "8", "16", "32", "64"])]
    sectors_per_cluster: String,
    /// Tables
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    fats: u8,
    /// FATFS_LFN_HEAP or FATFS_LFN_STACK
    #[arg(long)]
    long_names: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Args)]
struct LittlefsArgs {
    #[command(flatten)]
    files: FilesArgs,
    /// LITTLEFS_OBJ_NAME_LEN
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    obj_name_len: u32,
    /// A Python that has littlefs-python
    #[arg(long, value_name = "FILE")]
    python: PathBuf,
    /// littlefs_image.py
    #[arg(long, value_name = "FILE")]
    script: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Args)]
struct OtaDataArgs {
    /// The slot: 0 for ota_0
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=15))]
    boot_slot: u8,
    #[command(flatten)]
    output: OutputArgs,
}

/// Runs `espdata` and returns its exit code.
///
/// `args` starts with the program's name, as `std::env::args_os` does.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let refused = |error: Error, stderr: &mut dyn Write| {
        let _ = writeln!(stderr, "error: {error}");
        EXIT_REFUSED
    };
    let args = match expand(args) {
        Ok(args) => args,
        Err(error) => return refused(error, stderr),
    };
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let _ = write!(stderr, "{error}");
            return EXIT_USAGE;
        }
        Err(error) => {
            let _ = write!(stdout, "{error}");
            return EXIT_OK;
        }
    };
    let made = match &cli.command {
        Command::Nvs(args) => run_nvs(args),
        Command::Spiffs(args) => run_spiffs(args),
        Command::Fat(args) => run_fat(args),
        Command::Littlefs(args) => run_littlefs(args),
        Command::OtaData(args) => run_ota_data(args),
    };
    match made {
        Ok(()) => EXIT_OK,
        Err(error) => refused(error, stderr),
    }
}

fn run_nvs(args: &NvsArgs) -> Result<(), Error> {
    let space = args.output.space(nvs::KIND)?;
    let [csv_path, csv] = [0, 1].map(|index| args.input[index].as_str());
    let folder = csv_path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let files: BTreeMap<String, String> = pairs(&args.files).into_iter().collect();
    let find = |path: &str| {
        let path = normalized(&format!("{folder}/{path}"));
        let file = files.get(&path).ok_or_else(|| match files.len() {
            0 => "name it in `files`".to_owned(),
            _ => {
                let names: Vec<&str> = files.keys().map(String::as_str).collect();
                format!(
                    "'{path}' is none of `files`, which are {}",
                    names.join(", ")
                )
            }
        })?;
        fs::read(file).map_err(|error| format!("{file}: {error}"))
    };
    let image = nvs::image(&read(Path::new(csv))?, csv, find, &space)?;
    args.output.write(&image)
}

fn run_spiffs(args: &SpiffsArgs) -> Result<(), Error> {
    let space = args.output.space(spiffs::KIND)?;
    let settings = spiffs::Settings {
        page_len: args.page_size,
        name_len: args.obj_name_len,
        meta_len: args.meta_len,
        magic: !args.no_magic,
        magic_len: !args.no_magic_length,
    };
    args.output
        .write(&spiffs::image(&args.files.read()?, settings, &space)?)
}

fn run_fat(args: &FatArgs) -> Result<(), Error> {
    let space = args.output.space(fat::KIND)?;
    // The parser has these values only.
    let parsed = |text: &str| text.parse().unwrap_or_default();
    let settings = fat::Settings {
        wear_levelling: !args.raw,
        sector_len: parsed(&args.sector_size),
        safe: args.wl_safe,
        sectors_per_cluster: parsed(&args.sectors_per_cluster) as u8,
        fats: args.fats,
        long_names: args.long_names,
    };
    args.output
        .write(&fat::image(&args.files.read()?, settings, &space)?)
}

fn run_littlefs(args: &LittlefsArgs) -> Result<(), Error> {
    let space = args.output.space(littlefs::KIND)?;
    let writer = littlefs::Writer {
        python: &args.python,
        script: &args.script,
    };
    args.output.write(&littlefs::image(
        &args.files.read()?,
        args.obj_name_len,
        writer,
        &space,
    )?)
}

fn run_ota_data(args: &OtaDataArgs) -> Result<(), Error> {
    args.output.space(ota_data::KIND)?;
    if let Some(table) = &args.output.partition_table {
        ota_data::check_slot(&read(table)?, table, args.boot_slot)?;
    }
    args.output
        .write(&espimage::ota_data::image(args.boot_slot))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

fn pairs(words: &[String]) -> Vec<(String, String)> {
    let (pairs, _) = words.as_chunks::<2>();
    pairs
        .iter()
        .cloned()
        .map(|[path, file]| (path, file))
        .collect()
}

/// A path without `.` and `..`.
fn normalized(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => (),
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Puts the lines of FILE in place of @FILE.
fn expand(args: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, Error> {
    let mut expanded = Vec::new();
    for arg in args {
        match arg.to_str().and_then(|arg| arg.strip_prefix('@')) {
            None => expanded.push(arg),
            Some(path) => {
                let path = Path::new(path);
                let text = fs::read_to_string(path).map_err(|error| Error::read(path, error))?;
                expanded.extend(text.lines().map(OsString::from));
            }
        }
    }
    Ok(expanded)
}

fn number(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|error| error.to_string())
}
