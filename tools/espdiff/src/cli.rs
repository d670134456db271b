//! The command line of `espdiff`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Parser;

use crate::tree::{self, Options};

/// Exit code when there is no difference.
pub const EXIT_SAME: u8 = 0;
/// Exit code when something differs.
pub const EXIT_DIFFERENT: u8 = 1;
/// Exit code when a file cannot be read, or the command line is wrong.
pub const EXIT_USAGE: u8 = 2;

/// Says where two builds differ: file, ELF section, member of an archive or segment of an image, offset, the two values
#[derive(Parser)]
#[command(
    name = "espdiff",
    version,
    after_help = "Examples:\n  espdiff one/firmware.elf other/firmware.elf\n  espdiff --except '*.d' one/bin other/bin\n\n\
        Exit codes:\n  0  no difference\n  1  something differs\n  2  a file cannot be read, or the command line is wrong"
)]
struct Cli {
    /// Two files or two folders; more of them are compared two by two
    #[arg(required = true, num_args = 2.., value_names = ["FIRST", "SECOND"])]
    paths: Vec<PathBuf>,
    /// Leave out files and folders of this name; `*SUFFIX`: all whose names end so
    #[arg(long, value_name = "NAME")]
    except: Vec<String>,
    /// Leave out what only the first folder has
    #[arg(long)]
    subset: bool,
    /// Show at most this many differences of a file
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

/// Runs `espdiff` and returns its exit code.
///
/// `args` starts with the program's name, as `std::env::args_os` does.
pub fn run(
    args: impl IntoIterator<Item = OsString>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            return if error.use_stderr() {
                let _ = write!(stderr, "{error}");
                EXIT_USAGE
            } else {
                let _ = write!(stdout, "{error}");
                EXIT_SAME
            };
        }
    };
    compare(&cli, stdout).unwrap_or_else(|error| {
        let _ = writeln!(stderr, "error: {error}");
        EXIT_USAGE
    })
}

fn compare(cli: &Cli, stdout: &mut dyn Write) -> io::Result<u8> {
    let options = Options {
        subset: cli.subset,
        except: cli.except.clone(),
    };
    let (pairs, rest) = cli.paths.as_chunks::<2>();
    if let [path] = rest {
        return Err(io::Error::other(format!(
            "{}: there is nothing to compare it with: name two files or two folders",
            path.display()
        )));
    }
    let (mut files, mut different) = (0, 0);
    for [first, second] in pairs {
        let result = tree::compare(first, second, &options)?;
        files += result.files;
        different += result.different.len();
        for (name, differences) in &result.different {
            writeln!(stdout, "{} differs:", name.display())?;
            for difference in differences.iter().take(cli.limit) {
                writeln!(stdout, "  {difference}")?;
            }
            if differences.len() > cli.limit {
                writeln!(stdout, "  and {} more", differences.len() - cli.limit)?;
            }
        }
    }
    writeln!(stdout, "{files} compared, {different} different")?;
    Ok(if different == 0 {
        EXIT_SAME
    } else {
        EXIT_DIFFERENT
    })
}
