//! The command line of `espimage`.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};

use crate::app_desc::{AppDescriptor, Text};
use crate::bootloader::{self, Crystal};
use crate::chip::{Chip, region_name_of_id};
use crate::convert::{ChipRevision, ConvertOptions, convert};
use crate::csv::{self, CsvOptions, ExtraSubtype};
use crate::elf::Elf;
use crate::error::Error;
use crate::flash::{FlashSettings, FlashSize};
use crate::image::{self, Image, hex};
use crate::kind;
use crate::level::{Findings, Level};
use crate::merged::{self, InputFile, MergeInput, ParseOptions};
use crate::output;
use crate::partition::{self, Partition, PartitionTable, TableOptions};
use crate::provenance::{self, Found, Wanted};
use crate::sbom::{self, Inputs};
use crate::size::{self, Budget};

/// Exit code when all went well.
pub const EXIT_OK: u8 = 0;
/// Exit code when an input was refused or a budget is exceeded.
pub const EXIT_REFUSED: u8 = 1;
/// Exit code when the command line is wrong.
pub const EXIT_USAGE: u8 = 2;

/// Flash offset at which a lone application is checked; any multiple of 64 KB gives the same result.
const DEFAULT_APP_OFFSET: u32 = 0x1_0000;

macro_rules! after_help {
    ($($example:literal),+) => {
        concat!(
            "Examples:\n",
            $("  espimage ", $example, "\n",)+
            "\nExit codes:\n",
            "  0  done\n",
            "  1  an input was refused, or a budget is exceeded; no output was written\n",
            "  2  the command line is wrong"
        )
    };
}

/// Makes, merges, checks and measures flash images of the ESP32
#[derive(Parser)]
#[command(
    name = "espimage",
    version,
    after_help = after_help!(
        "convert --elf firmware.elf --output app.bin",
        "verify image.bin",
        "help merge"
    )
)]
struct Cli {
    /// Chip that the image is for
    #[arg(long, global = true, value_enum, default_value = "esp32")]
    chip: Chip,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the image of an application from an ELF file
    #[command(after_help = after_help!("convert --elf firmware.elf --project-name blinky --output app.bin"))]
    Convert(ConvertArgs),
    /// Writes a second-stage bootloader with the given flash settings in its header
    #[command(after_help = after_help!(
        "bootloader --flash-size 4MB --output bootloader.bin",
        "bootloader --input build/bootloader/bootloader.bin --flash-size 4MB --output bootloader.bin"
    ))]
    Bootloader(BootloaderArgs),
    /// Makes a binary partition table from IDF's CSV format, or the other way round
    #[command(after_help = after_help!(
        "partition-table --input partitions.csv --flash-size 4MB --output partition-table.bin",
        "partition-table --input partition-table.bin --output partitions.csv"
    ))]
    PartitionTable(PartitionTableArgs),
    /// Merges bootloader, partition table, application and data into one image for flash offset 0
    #[command(after_help = after_help!(
        "merge --bootloader bootloader.bin --partition-table partition-table.bin --app app.bin \
         --data nvs=nvs.bin --output image.bin --flasher-args flasher_args.json --flash-args flash_args"
    ))]
    Merge(MergeArgs),
    /// Checks what ROM and second-stage bootloader check before they jump
    #[command(after_help = after_help!("verify image.bin --elf firmware.elf", "verify app.bin"))]
    Verify(VerifyArgs),
    /// Prints the use of each memory region, and compares it with budgets
    #[command(after_help = after_help!(
        "size --elf firmware.elf",
        "size --elf firmware.elf --image app.bin=out/app.bin --budget iram=16384 --budget app.bin=40K"
    ))]
    Size(SizeArgs),
    /// Finds the ELF file and the bill of materials that an image was made from
    #[command(after_help = after_help!(
        "provenance image.bin --elf bazel-out --sbom bazel-bin/firmware",
        "provenance read_back.bin --sbom releases/"
    ))]
    Provenance(ProvenanceArgs),
    /// Writes the bill of materials of an image: CycloneDX 1.6 as JSON
    #[command(after_help = after_help!("sbom --inputs image.cdx.json.inputs --output image.cdx.json"))]
    Sbom(SbomArgs),
    /// Prints what is in an image, also in one that `verify` refuses
    #[command(after_help = after_help!("info image.bin"))]
    Info(InfoArgs),
}

#[derive(Args)]
struct ConvertArgs {
    /// Linked program
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    #[command(flatten)]
    flash: FlashSettings,
    /// Lowest chip revision that the program runs on; without it, the one that esp-hal in it is configured for, else 0.0
    #[arg(long, value_name = "MAJOR.MINOR")]
    min_chip_rev: Option<ChipRevision>,
    /// Highest chip revision that the program runs on
    #[arg(long, value_name = "MAJOR.MINOR", default_value = "3.99")]
    max_chip_rev: ChipRevision,
    /// Project name in the application descriptor, at most 31 bytes
    #[arg(long, value_name = "NAME")]
    project_name: Option<String>,
    /// The same for an ELF file that has none
    #[arg(long, value_name = "NAME", conflicts_with = "project_name")]
    default_project_name: Option<String>,
    /// Version in the application descriptor, at most 31 bytes
    #[arg(long, value_name = "VERSION")]
    project_version: Option<String>,
    /// The same for an ELF file that has none
    #[arg(long, value_name = "VERSION", conflicts_with = "project_version")]
    default_project_version: Option<String>,
    /// Where to write the image
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args)]
struct BootloaderArgs {
    /// Bootloader to take; without it, the one that the espflash crate ships
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Crystal of the board, for the bootloader that the espflash crate ships
    #[arg(
        long,
        value_enum,
        value_name = "FREQ",
        default_value = "40m",
        conflicts_with = "input"
    )]
    xtal_freq: Crystal,
    /// Flash offset at which --input was compiled to look for the partition table (CONFIG_PARTITION_TABLE_OFFSET)
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32, requires = "input")]
    made_for_partition_table_offset: u32,
    #[command(flatten)]
    flash: FlashSettings,
    /// Flash offset of the partition table, below which the bootloader has to end
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32)]
    partition_table_offset: u32,
    /// Where to write the bootloader
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args)]
struct PartitionTableArgs {
    /// Partition table, CSV or binary
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Size of the flash that all partitions have to lie in
    #[arg(long, value_enum, value_name = "SIZE")]
    flash_size: Option<FlashSize>,
    /// Flash offset of the table
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32)]
    offset: u32,
    /// Flash offset of the recovery bootloader (CONFIG_BOOTLOADER_RECOVERY_OFFSET)
    #[arg(long, value_name = "OFFSET", value_parser = parse_u32)]
    recovery_bootloader_offset: Option<u32>,
    /// Name of a subtype, such as "data, settings, 0x40"; can be repeated
    #[arg(long, value_name = "TYPE, NAME, VALUE")]
    extra_partition_subtypes: Vec<ExtraSubtype>,
    /// Where to write the table: CSV where the name ends in .csv, else binary
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args)]
struct MergeArgs {
    #[command(flatten)]
    flash: FlashSettings,
    /// Second-stage bootloader, and its flash offset where it is not the chip's own
    #[arg(long, value_name = "FILE[@OFFSET]")]
    bootloader: String,
    /// Binary partition table
    #[arg(long, value_name = "FILE")]
    partition_table: PathBuf,
    /// Flash offset of the partition table
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32)]
    partition_table_offset: u32,
    /// Image of the application
    #[arg(long, value_name = "FILE")]
    app: PathBuf,
    /// Partition of the application; without it, the factory partition or else the first OTA slot
    #[arg(long, value_name = "NAME")]
    app_partition: Option<String>,
    /// File for another partition; can be repeated
    #[arg(long, value_name = "PARTITION=FILE", value_parser = parse_pair)]
    data: Vec<(String, String)>,
    /// Where to write the merged image
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Where to write IDF's description of the files
    #[arg(long, value_name = "FILE")]
    flasher_args: PathBuf,
    /// Where to write the same as arguments of esptool: `esptool write-flash @flash_args`
    #[arg(long, value_name = "FILE")]
    flash_args: Option<PathBuf>,
}

#[derive(Args)]
struct VerifyArgs {
    /// Merged image, image of an application, bootloader, or what was read back from a device
    image: PathBuf,
    /// How strict to be: as the bootloader, with a warning for what a build must not have; or as a build
    #[arg(long, value_enum, default_value = "bootloader")]
    level: Level,
    /// Program that the application has to be made from
    #[arg(long, value_name = "FILE")]
    elf: Option<PathBuf>,
    /// Flash offset of the file's first byte; without it, 0 or 0x1000 for a merged image and 0x10000 for an application
    #[arg(long, value_name = "OFFSET", value_parser = parse_u32)]
    offset: Option<u32>,
    /// Flash offset of the partition table
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32)]
    partition_table_offset: u32,
    /// Where to write the result; without it, to standard output
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Args)]
struct SizeArgs {
    /// Linked program
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    /// File to measure as well; can be repeated
    #[arg(long, value_name = "NAME=FILE", value_parser = parse_pair)]
    image: Vec<(String, String)>,
    /// Limit for a region (iram, dram, flash_code, flash_data, ...) or an image, in bytes or as 16K; can be repeated
    #[arg(long, value_name = "NAME=BYTES", value_parser = parse_budget)]
    budget: Vec<Budget>,
}

#[derive(Args)]
struct ProvenanceArgs {
    /// Merged image, image of an application, or what was read back from a device
    image: PathBuf,
    /// ELF file, or folder to look for it in; can be repeated. With neither this nor --sbom: the image's folder, and bazel-out
    #[arg(long, value_name = "FILE|DIR")]
    elf: Vec<PathBuf>,
    /// Bill of materials (.cdx.json), or folder to look for it in; can be repeated
    #[arg(long, value_name = "FILE|DIR")]
    sbom: Vec<PathBuf>,
    /// Flash offset of the file's first byte; without it, 0
    #[arg(long, value_name = "OFFSET", value_parser = parse_u32)]
    offset: Option<u32>,
    /// Flash offset of the partition table
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32)]
    partition_table_offset: u32,
}

#[derive(Args)]
struct SbomArgs {
    /// What the build knows of the image, as JSON
    #[arg(long, value_name = "FILE")]
    inputs: PathBuf,
    /// Where to write the bill of materials
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

#[derive(Args)]
struct InfoArgs {
    /// Merged image, application, bootloader, or binary partition table
    image: PathBuf,
    /// Flash offset of the file's first byte; without it, 0 or 0x1000 for a merged image
    #[arg(long, value_name = "OFFSET", value_parser = parse_u32)]
    offset: Option<u32>,
    /// Flash offset of the partition table
    #[arg(long, value_name = "OFFSET", default_value = "0x8000", value_parser = parse_u32)]
    partition_table_offset: u32,
}

/// Runs `espimage` with `args`, of which the first is the name of the program. Returns the exit code.
pub fn run<I, T>(args: I, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if error.use_stderr() => {
            let _ = write!(stderr, "{error}");
            return EXIT_USAGE;
        }
        Err(help) => {
            let _ = write!(stdout, "{help}");
            return EXIT_OK;
        }
    };
    let result = match &cli.command {
        Command::Convert(args) => run_convert(cli.chip, args),
        Command::Bootloader(args) => run_bootloader(cli.chip, args),
        Command::PartitionTable(args) => run_partition_table(cli.chip, args),
        Command::Merge(args) => run_merge(cli.chip, args),
        Command::Verify(args) => run_verify(cli.chip, args, stdout, stderr),
        Command::Size(args) => run_size(cli.chip, args, stdout),
        Command::Provenance(args) => run_provenance(cli.chip, args, stdout),
        Command::Sbom(args) => run_sbom(cli.chip, args),
        Command::Info(args) => run_info(cli.chip, args, stdout),
    };
    match result {
        Ok(()) => EXIT_OK,
        Err(error) => {
            let _ = writeln!(
                stderr,
                "error: {error}\n  code: {}\n  help: {}",
                error.code(),
                error.help()
            );
            EXIT_REFUSED
        }
    }
}

fn run_convert(chip: Chip, args: &ConvertArgs) -> Result<(), Error> {
    fn text<'a>(set: &'a Option<String>, default: &'a Option<String>) -> Text<'a> {
        match (set, default) {
            (Some(text), _) => Text::Set(text),
            (None, Some(text)) => Text::Default(text),
            (None, None) => Text::Keep,
        }
    }
    let bytes = read(&args.elf)?;
    let options = ConvertOptions {
        chip,
        flash: args.flash,
        min_chip_rev: args.min_chip_rev,
        max_chip_rev: args.max_chip_rev,
        project_name: text(&args.project_name, &args.default_project_name),
        project_version: text(&args.project_version, &args.default_project_version),
    };
    let app = Elf::parse(&bytes, chip)
        .and_then(|elf| convert(&elf, &options))
        .map_err(|error| error.in_file(&args.elf.to_string_lossy()))?;
    output::write_all(&[(&args.output, &app)])
}

fn run_bootloader(chip: Chip, args: &BootloaderArgs) -> Result<(), Error> {
    let bytes = match &args.input {
        None => bootloader::shipped_for(chip, args.flash, args.xtal_freq)?,
        Some(input) => {
            let bytes = read(input)?;
            bootloader::with_settings(&bytes, chip, args.flash)
                .and_then(|bytes| {
                    bootloader::check_size(bytes.len(), chip, args.partition_table_offset)
                        .map(|()| bytes)
                })
                .map_err(|error| error.in_file(&input.to_string_lossy()))?
        }
    };
    bootloader::check_table_offset(
        args.made_for_partition_table_offset,
        args.partition_table_offset,
    )?;
    bootloader::check_size(bytes.len(), chip, args.partition_table_offset)?;
    output::write_all(&[(&args.output, &bytes)])
}

fn run_partition_table(chip: Chip, args: &PartitionTableArgs) -> Result<(), Error> {
    let options = TableOptions {
        chip,
        offset: args.offset,
        flash_size: args.flash_size,
    };
    let in_file = |error: Error| error.in_file(&args.input.to_string_lossy());
    let csv = CsvOptions {
        recovery_bootloader_offset: args.recovery_bootloader_offset,
        extra_subtypes: args.extra_partition_subtypes.clone(),
    };
    let bytes = read(&args.input)?;
    check_kind(&bytes, "a partition table").map_err(in_file)?;
    let table = PartitionTable::parse(&bytes, options, &csv).map_err(in_file)?;
    let bytes = match args.output.extension() {
        Some(extension) if extension == "csv" => {
            table.check_csv().map_err(in_file)?;
            table.to_csv().into_bytes()
        }
        _ => table.to_binary().map_err(in_file)?,
    };
    output::write_all(&[(&args.output, &bytes)])
}

fn run_merge(chip: Chip, args: &MergeArgs) -> Result<(), Error> {
    let (bootloader_path, bootloader_offset) = match args.bootloader.rsplit_once('@') {
        Some((path, offset)) => match parse_u32(offset) {
            Ok(offset) => (path, offset),
            Err(_) => (args.bootloader.as_str(), chip.bootloader_offset()),
        },
        None => (args.bootloader.as_str(), chip.bootloader_offset()),
    };
    let bootloader_path = Path::new(bootloader_path);
    let (bootloader, table, app) = (
        read(bootloader_path)?,
        read(&args.partition_table)?,
        read(&args.app)?,
    );
    let data = args
        .data
        .iter()
        .map(|(_, path)| read(Path::new(path)))
        .collect::<Result<Vec<_>, _>>()?;
    let input = MergeInput {
        chip,
        flash: args.flash,
        bootloader: InputFile {
            name: &base_name(bootloader_path),
            bytes: &bootloader,
        },
        bootloader_offset,
        partition_table: InputFile {
            name: &base_name(&args.partition_table),
            bytes: &table,
        },
        partition_table_offset: args.partition_table_offset,
        app: InputFile {
            name: &base_name(&args.app),
            bytes: &app,
        },
        app_partition: args.app_partition.as_deref(),
        data: Vec::new(),
    };
    let names: Vec<_> = args
        .data
        .iter()
        .map(|(_, path)| base_name(Path::new(path)))
        .collect();
    let files = args.data.iter().zip(&names).zip(&data);
    let data = files
        .map(|(((partition, _), name), bytes)| (partition.as_str(), InputFile { name, bytes }));
    let merged = merged::merge(&MergeInput {
        data: data.collect(),
        ..input
    })?;
    let json = merged.flasher_args.to_json();
    let esptool = merged.flasher_args.to_esptool();
    let mut outputs: Vec<(&Path, &[u8])> = vec![
        (&args.output, &merged.image),
        (&args.flasher_args, json.as_bytes()),
    ];
    if let Some(path) = &args.flash_args {
        outputs.push((path, esptool.as_bytes()));
    }
    output::write_all(&outputs)
}

/// Refuses files of another kind by their name.
fn check_kind(bytes: &[u8], wanted: &'static str) -> Result<(), Error> {
    match kind::name(bytes) {
        Some(what) => Err(Error::KnownKind { what, wanted }),
        None => Ok(()),
    }
}

/// Where in flash a merged file starts that does not say so: at the bootloader, if a table is where it is then.
fn offset_of_merged(bytes: &[u8], chip: Chip, table_offset: u32) -> u32 {
    let start = chip.bootloader_offset();
    let table = bytes.get(table_offset.saturating_sub(start) as usize..);
    if bytes.first() == Some(&image::MAGIC) && table.is_some_and(partition::is_binary) {
        start
    } else {
        0
    }
}

/// The application, if the file has one, and what the file is.
fn verify_image<'a>(
    chip: Chip,
    args: &VerifyArgs,
    bytes: &'a [u8],
    findings: &mut Findings,
) -> Result<(Option<Image<'a>>, String), Error> {
    let start = args
        .offset
        .unwrap_or_else(|| offset_of_merged(bytes, chip, args.partition_table_offset));
    if bytes.first() != Some(&image::MAGIC) || start == chip.bootloader_offset() {
        let options = ParseOptions {
            chip,
            offset: start,
            partition_table_offset: args.partition_table_offset,
        };
        let merged = merged::check(bytes, options, findings)?;
        let place = format!(
            "bootloader, {} partitions, application in '{}' at {:#x}",
            merged.partitions.partitions.len(),
            merged.app_partition.name,
            merged.app_partition.offset
        );
        return Ok((Some(merged.app), place));
    }
    let image = Image::parse(bytes, args.offset.unwrap_or(DEFAULT_APP_OFFSET))?;
    if args.offset.is_none() && bootloader::is_bootloader(&image, chip) {
        let image = Image::parse(bytes, chip.bootloader_offset())?;
        image.check_bootloader(chip, findings)?;
        let version = bootloader::idf_version(&image);
        let version = version.map_or_else(String::new, |version| format!(" of ESP-IDF {version}"));
        let place = format!(
            "second-stage bootloader{version}, and no application: it belongs to {:#x}",
            chip.bootloader_offset()
        );
        return Ok((None, place));
    }
    image.check_app(chip, &[], findings)?;
    Ok((Some(image), "application".to_owned()))
}

fn run_verify(
    chip: Chip,
    args: &VerifyArgs,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), Error> {
    let bytes = read(&args.image)?;
    let name = args.image.to_string_lossy();
    let in_file = |error: Error| error.in_file(&name);
    check_kind(&bytes, "an image for the ESP32").map_err(in_file)?;
    let mut findings = Findings::new(args.level);
    let (app, place) = verify_image(chip, args, &bytes, &mut findings).map_err(in_file)?;
    for warning in std::mem::take(&mut findings.warnings) {
        let (code, help) = (warning.code(), warning.help());
        let warning = warning.in_file(&name);
        let _ = writeln!(stderr, "warning: {warning}\n  code: {code}\n  help: {help}");
    }
    let mut made_from = String::new();
    if let Some(path) = &args.elf {
        let elf = read(path)?;
        let elf = Elf::parse(&elf, chip).map_err(|error| error.in_file(&path.to_string_lossy()))?;
        let descriptor = app
            .as_ref()
            .and_then(|app| app.app_descriptor(chip))
            .ok_or_else(|| in_file(Error::AppDescriptorMissing))?;
        AppDescriptor::parse(descriptor)
            .verify_elf(elf.sha256())
            .map_err(in_file)?;
        made_from = format!(", made from {}", path.display());
    }
    let result = format!("{}: ok: {place}{made_from}\n", args.image.display());
    match &args.report {
        Some(path) => output::write_all(&[(path, result.as_bytes())]),
        None => print(stdout, &result),
    }
}

fn run_size(chip: Chip, args: &SizeArgs, stdout: &mut dyn Write) -> Result<(), Error> {
    let bytes = read(&args.elf)?;
    let in_file = |error: Error| error.in_file(&args.elf.to_string_lossy());
    let elf = Elf::parse(&bytes, chip).map_err(in_file)?;
    let mut images = Vec::new();
    for (name, path) in &args.image {
        let path = Path::new(path);
        let metadata = fs::metadata(path).map_err(|error| Error::read(path, error))?;
        images.push((name.as_str(), metadata.len()));
    }
    let report = size::measure(&elf, chip, &images, &args.budget).map_err(in_file)?;
    print(stdout, &report.to_string())?;
    let over: Vec<_> = report
        .over_budget()
        .map(|row| format!("{} by {} bytes ({} used)", row.name, row.over(), row.used))
        .collect();
    if over.is_empty() {
        Ok(())
    } else {
        Err(in_file(Error::OverBudget {
            over: over.join(", "),
        }))
    }
}

fn run_provenance(chip: Chip, args: &ProvenanceArgs, stdout: &mut dyn Write) -> Result<(), Error> {
    let bytes = read(&args.image)?;
    let name = args.image.to_string_lossy();
    let in_file = |error: Error| error.in_file(&name);
    let options = ParseOptions {
        chip,
        partition_table_offset: args.partition_table_offset,
        ..ParseOptions::default()
    };
    let applications = provenance::applications(&bytes, args.offset, options).map_err(in_file)?;

    let mut found = Found::default();
    let mut places: Vec<_> = args.elf.iter().chain(&args.sbom).cloned().collect();
    if places.is_empty() {
        let folder = args.image.parent().filter(|f| !f.as_os_str().is_empty());
        places.push(folder.unwrap_or(Path::new(".")).to_owned());
        places.extend(Some(PathBuf::from("bazel-out")).filter(|folder| folder.is_dir()));
        found.look(&places, Wanted::Both)?;
    } else {
        found.look(&args.elf, Wanted::Elfs)?;
        found.look(&args.sbom, Wanted::Boms)?;
    }
    for application in &applications {
        let elf_sha256 = application.elf_sha256();
        let descriptor = &application.descriptor;
        let mut text = format!(
            "{name}: project {}, version {}",
            descriptor.project_name, descriptor.version
        );
        if let Some(partition) = &application.partition {
            text += &format!(", in partition '{partition}'");
        }
        text += &format!("\n  app.bin sha256  {}\n", application.sha256);
        text += &format!("  elf sha256      {elf_sha256}\n");
        let elf = found.elf(&elf_sha256);
        let bom = found.bom(&elf_sha256);
        if let Some(elf) = elf {
            text += &format!("  elf             {}\n", elf.display());
        }
        let mut content_hash = Ok("");
        if let Some((path, bom)) = bom {
            text += &format!("  sbom            {}\n", path.display());
            content_hash = provenance::content_hash(bom, application)
                .map_err(|error| error.in_file(&path.to_string_lossy()));
            if let Ok(hash) = content_hash {
                let reference = bom.metadata.component.reference.as_deref();
                text += &format!("  built from      {hash}\n");
                text += &format!("  as              {}\n", reference.unwrap_or_default());
            }
        }
        print(stdout, &text)?;
        content_hash?;
        let not_found = |count: usize, kind: &'static str, places: &[PathBuf]| {
            let what = match &application.partition {
                Some(partition) => format!("the application in partition '{partition}'"),
                None => "the application".to_owned(),
            };
            let places: Vec<_> = places.iter().map(|p| p.display().to_string()).collect();
            in_file(Error::ProvenanceNotFound {
                what,
                sha256: elf_sha256.clone(),
                count,
                kind,
                places: places.join(", "),
            })
        };
        if elf.is_none() && !args.elf.is_empty() {
            return Err(not_found(found.elfs.len(), "ELF files", &args.elf));
        }
        if bom.is_none() && !args.sbom.is_empty() {
            let count = found.boms.len();
            return Err(not_found(count, "bills of materials", &args.sbom));
        }
        if elf.is_none() && bom.is_none() {
            let count = found.elfs.len() + found.boms.len();
            return Err(not_found(
                count,
                "ELF files and bills of materials",
                &places,
            ));
        }
    }
    Ok(())
}

fn run_sbom(chip: Chip, args: &SbomArgs) -> Result<(), Error> {
    let inputs: Inputs = serde_json::from_slice(&read(&args.inputs)?).map_err(|error| {
        Error::SbomInputs(error.to_string()).in_file(&args.inputs.to_string_lossy())
    })?;
    let bom = sbom::make(&inputs, chip)?;
    output::write_all(&[(&args.output, bom.to_json().as_bytes())])
}

fn run_info(chip: Chip, args: &InfoArgs, stdout: &mut dyn Write) -> Result<(), Error> {
    let bytes = read(&args.image)?;
    let in_file = |error: Error| error.in_file(&args.image.to_string_lossy());
    check_kind(&bytes, "an image or a table for the ESP32").map_err(in_file)?;
    let offset = offset_of_merged(&bytes, chip, args.partition_table_offset);
    let offset = args.offset.unwrap_or(offset);
    let text = if bytes.first() == Some(&image::MAGIC) && offset != chip.bootloader_offset() {
        describe_image(&Image::parse(&bytes, offset).map_err(in_file)?, chip)
    } else if partition::is_binary(&bytes) {
        describe_table(&bytes, chip, args.partition_table_offset)
            .map_err(in_file)?
            .0
    } else {
        describe_merged(&bytes, offset, args.partition_table_offset, chip).map_err(in_file)?
    };
    print(stdout, &text)
}

/// What is in a merged image; what is broken in it is named in its place. Refuses a file that has neither bootloader nor table.
fn describe_merged(bytes: &[u8], offset: u32, table_at: u32, chip: Chip) -> Result<String, Error> {
    let at = |wanted: u32, what: &str| {
        let start = wanted.checked_sub(offset).map(|start| start as usize);
        start
            .and_then(|start| bytes.get(start..))
            .filter(|rest| !rest.is_empty())
            .ok_or_else(|| Error::MergedTooShort {
                what: what.to_owned(),
                offset: wanted,
                start: offset,
                end: u64::from(offset) + bytes.len() as u64,
            })
    };
    let start = chip.bootloader_offset();
    let bootloader = at(start, "the bootloader")
        .and_then(|rest| Image::parse(rest, start))
        .map(|image| describe_image(&image, chip));
    let table =
        at(table_at, "the partition table").and_then(|rest| describe_table(rest, chip, table_at));
    if let (Err(_), Err(_)) = (&bootloader, &table) {
        return bootloader;
    }
    let or_error = |result: Result<String, Error>| {
        result.unwrap_or_else(|error| format!("  {error}\n  help: {}\n", error.help()))
    };
    let mut text = format!("bootloader at {start:#x}\n{}\n", or_error(bootloader));
    text += &format!("partition table at {table_at:#x}\n");
    let (table, partitions) = match table {
        Ok((table, partitions)) => (Ok(table), partitions),
        Err(error) => (Err(error), Vec::new()),
    };
    text += &or_error(table);
    for partition in partitions.iter().filter(|partition| partition.is_app()) {
        if let Ok(rest) = at(partition.offset, "the application")
            && let Ok(app) = Image::parse(rest, partition.offset)
        {
            text += &format!(
                "\napplication in {partition}\n{}",
                describe_image(&app, chip)
            );
        }
    }
    Ok(text)
}

/// A table as CSV with what a build would not take of it, and its partitions.
fn describe_table(
    bytes: &[u8],
    chip: Chip,
    offset: u32,
) -> Result<(String, Vec<Partition>), Error> {
    let options = TableOptions {
        chip,
        offset,
        flash_size: None,
    };
    let mut findings = Findings::new(Level::Bootloader);
    let table = PartitionTable::read(bytes, options, &mut findings)?;
    let mut text = table.to_csv();
    for warning in findings.warnings {
        text += &format!("# {warning}\n");
    }
    Ok((text, table.partitions))
}

fn describe_image(image: &Image<'_>, chip: Chip) -> String {
    let header = &image.header;
    let flash = match header.flash_settings(chip) {
        Ok(flash) => flash.to_string(),
        Err(_) => hex(&header.flash),
    };
    let revision = |full: u16| format!("{}.{}", full / 100, full % 100);
    let max = if matches!(header.max_chip_rev, 0 | u16::MAX) {
        "any".to_owned()
    } else {
        revision(header.max_chip_rev)
    };
    let mut text = format!(
        "  {} bytes for {}, revisions {} to {max}, flash {flash}, entry {:#010x}\n",
        image.len_bytes(),
        Chip::name_of_id(header.chip_id),
        revision(header.min_chip_rev),
        header.entry,
    );
    if let Some(bytes) = image.app_descriptor(chip) {
        let descriptor = AppDescriptor::parse(bytes);
        let or_none = |text: String| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text
            }
        };
        let (project, version) = (
            or_none(descriptor.project_name),
            or_none(descriptor.version),
        );
        text += &format!(
            "  project {project}, version {version}, elf sha256 {}\n",
            hex(&descriptor.elf_sha256)
        );
    }
    text += "  segment  offset    length    address     memory\n";
    for segment in &image.segments {
        let region = match segment.is_padding() {
            true => "padding",
            false => region_name_of_id(header.chip_id, segment.address),
        };
        let (offset, len) = (image.flash_offset + segment.offset, segment.data.len());
        text += &format!(
            "  {:<7}  {offset:#08x}  {len:#08x}  {:#010x}  {region}\n",
            segment.index, segment.address
        );
    }
    text += &format!("  checksum {:#04x}", image.checksum());
    text += &image.sha256().map_or_else(
        || "\n".to_owned(),
        |hash| format!(", sha256 {}\n", hex(&hash)),
    );
    text
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

fn print(stdout: &mut dyn Write, text: &str) -> Result<(), Error> {
    stdout
        .write_all(text.as_bytes())
        .map_err(|error| Error::write(Path::new("standard output"), error))
}

fn base_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// Reads a number of the command line, such as 0x8000, 32768 or 32K.
pub fn parse_u32(value: &str) -> Result<u32, String> {
    csv::number(&value.to_lowercase())
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| "expected a number such as 0x8000, 32768 or 32K".to_owned())
}

fn parse_pair(value: &str) -> Result<(String, String), String> {
    match value.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), file.to_owned()))
        }
        _ => Err("expected NAME=FILE".to_owned()),
    }
}

fn parse_budget(value: &str) -> Result<Budget, String> {
    let budget = value.split_once('=').and_then(|(name, bytes)| {
        Some(Budget {
            name: name.to_owned(),
            bytes: csv::number(&bytes.to_lowercase())?,
        })
    });
    budget.ok_or_else(|| "expected NAME=BYTES, for example iram=16384 or app.bin=40K".to_owned())
}
