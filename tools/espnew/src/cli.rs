//! The command line of `espnew`.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::error::Error;
use crate::kind::Kind;
use crate::origin::Origin;
use crate::{example, lay, name, repository};

/// Exit code when the repository was laid.
pub const EXIT_OK: u8 = 0;
/// Exit code when it was not.
pub const EXIT_REFUSED: u8 = 1;
/// Exit code when the command line is wrong.
pub const EXIT_USAGE: u8 = 2;

/// Lays a repository with ESP32 firmware, which builds, flashes and tests
#[derive(Parser)]
#[command(
    name = "new",
    bin_name = "new",
    version,
    after_help = "Nothing is overwritten: a folder that is there already keeps its files.\n\nExit codes:\n  0  the repository was laid\n  \
        1  it was not; nothing was written\n  2  the command line is wrong"
)]
struct Cli {
    /// The repository's folder, such as my_firmware
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// What the firmware stands on
    #[arg(long, value_enum, default_value_t = Kind::EspHal)]
    kind: Kind,
    /// The firmware's name; default: the folder's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where the repository takes rules_esp32 from: a folder, or the URL of an archive; default: where this program is from
    #[arg(long, value_name = "FOLDER|URL")]
    rules: Option<String>,
    /// What `sha256sum` says of the archive
    #[arg(long, value_name = "HEX", requires = "rules")]
    sha256: Option<String>,
    /// The folder in the archive that has the rules; default: the archive's name
    #[arg(long, value_name = "FOLDER", requires = "rules")]
    strip_prefix: Option<String>,
}

/// Runs `espnew` and returns its exit code. `args` starts with the program's name.
///
/// It is run by Bazel: the rules are in the working directory, and the user's own is in BUILD_WORKING_DIRECTORY.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
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
    match make(&cli, stderr) {
        Ok(said) => {
            let _ = write!(stdout, "{said}");
            EXIT_OK
        }
        Err(error) => {
            let _ = writeln!(stderr, "error: {error}");
            EXIT_REFUSED
        }
    }
}

fn make(cli: &Cli, stderr: &mut dyn Write) -> Result<String, Error> {
    let cwd =
        env::var_os("BUILD_WORKING_DIRECTORY").map_or_else(|| PathBuf::from("."), PathBuf::from);
    let folder = cwd.join(&cli.folder);
    let name = match &cli.name {
        Some(name) => name.clone(),
        None => folder
            .file_name()
            .ok_or_else(|| Error::NoName {
                path: cli.folder.clone(),
            })?
            .to_string_lossy()
            .into_owned(),
    };
    name::check(&name)?;
    let origin = match &cli.rules {
        Some(value) => Origin::of_value(
            value,
            cli.sha256.as_deref(),
            cli.strip_prefix.as_deref(),
            &folder,
            &cwd,
        )?,
        None => Origin::of_this_program(&rules_folder()?, &folder)?,
    };
    let files = example::read(Path::new("examples"), cli.kind)?;
    let mut files = example::rename(files, cli.kind, &name, &origin.to_starlark())?;
    files.extend(repository::files(cli.kind, &name, &origin)?);
    lay::lay(&folder, &files)?;

    if let Some(outer) = folder
        .ancestors()
        .skip(1)
        .find(|folder| folder.join("MODULE.bazel").exists())
    {
        let _ = writeln!(
            stderr,
            "note: {} is a repository of Bazel's, too: name {} in its .bazelignore, so that its //... stays as it is",
            outer.display(),
            cli.folder.display()
        );
    }
    let idf = match cli.kind {
        Kind::EspIdf => "    export IDF_PATH=...               # where ESP-IDF is\n",
        Kind::EspHal | Kind::Embassy | Kind::Components => "",
    };
    Ok(format!(
        "{} is laid: {} files. Next:\n\n    cd {}\n{idf}    ./bazelw build //:image           # or bazel, where it and Nix are installed\n    ./bazelw run //:flash -- --monitor\n    \
         ./bazelw test //...\n",
        name,
        files.len(),
        cli.folder.display()
    ))
}

/// The folder that the rules are in: their MODULE.bazel is among the program's runfiles, and a link to it.
fn rules_folder() -> Result<PathBuf, Error> {
    let module = Path::new("MODULE.bazel");
    let real = module.canonicalize().map_err(|why| Error::Read {
        path: module.to_owned(),
        why,
    })?;
    Ok(real.parent().unwrap_or(Path::new("/")).to_owned())
}
