//! An example of rules_esp32, and what becomes of it under another name.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::error::Error;
use crate::kind::Kind;

/// What an example has that is not for others: what it says of itself, and what builds leave in it.
const OWN: &[&str] = &["README.md", "MODULE.bazel.lock", ".bazelrc.user", "target"];
/// How the names of Bazel's links start.
const LINK: &str = "bazel-";

/// A file of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path in the repository, with `/`.
    pub path: String,
    /// What is in it.
    pub contents: Vec<u8>,
    /// Whether it is a program.
    pub is_executable: bool,
}

impl File {
    /// A text.
    pub fn text(path: &str, text: impl Into<String>) -> File {
        File {
            path: path.to_owned(),
            contents: text.into().into_bytes(),
            is_executable: false,
        }
    }
}

/// Reads the files of the folder `examples` that a kind is made of, sorted by path.
pub fn read(examples: &Path, kind: Kind) -> Result<Vec<File>, Error> {
    let mut files = Vec::new();
    read_folder(&examples.join(kind.folder()), "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), Error> {
    let failed = |why| Error::Read {
        path: folder.to_owned(),
        why,
    };
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if prefix.is_empty() && (OWN.contains(&name.as_str()) || name.starts_with(LINK)) {
            continue;
        }
        let failed = |why| Error::Read {
            path: path.clone(),
            why,
        };
        // through links: Bazel's runfiles are such
        let metadata = fs::metadata(&path).map_err(failed)?;
        if metadata.is_dir() {
            read_folder(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.push(File {
                path: format!("{prefix}{name}"),
                contents: fs::read(&path).map_err(failed)?,
                is_executable: false,
            });
        }
    }
    Ok(())
}

/// The files of an example, for a module, a package and a firmware called `name`, and with another source of rules_esp32.
pub fn rename(
    mut files: Vec<File>,
    kind: Kind,
    name: &str,
    rules: &str,
) -> Result<Vec<File>, Error> {
    let missing = |file: &str, what: &str| Error::Example {
        example: kind.folder().to_owned(),
        file: file.to_owned(),
        what: what.to_owned(),
    };
    for file in &mut files {
        let Ok(text) = str::from_utf8(&file.contents) else {
            continue;
        };
        let renamed = match file.path.as_str() {
            "MODULE.bazel" => {
                let module =
                    with_name(text, kind.module(), name).unwrap_or_else(|| text.to_owned());
                // ESP-IDF's project has the firmware's name
                let module = with_name(&module, kind.firmware(), name).unwrap_or(module);
                if module == text && name != kind.module() {
                    return Err(missing(&file.path, "name of the module"));
                }
                with_override(&module, rules)
                    .ok_or_else(|| missing(&file.path, "local_path_override"))?
            }
            "BUILD.bazel" | "Cargo.toml" => with_name(text, kind.firmware(), name)
                .ok_or_else(|| missing(&file.path, "name of the firmware"))?,
            "Cargo.lock" => renamed_package(text, kind.firmware(), name)
                .ok_or_else(|| missing(&file.path, "package with the firmware's name"))?,
            _ => continue,
        };
        if let Some(why) = clash(&file.path, &renamed, name) {
            return Err(Error::Name {
                name: name.to_owned(),
                why,
            });
        }
        file.contents = renamed.into_bytes();
    }
    Ok(files)
}

/// Values and labels with another name. None: there is nothing of that name.
fn with_name(text: &str, from: &str, to: &str) -> Option<String> {
    let renamed =
        [("= \"", "\""), ("= \":", "\"")]
            .iter()
            .fold(text.to_owned(), |text, (before, after)| {
                text.replace(
                    &format!("{before}{from}{after}"),
                    &format!("{before}{to}{after}"),
                )
            });
    (renamed != text || from == to).then_some(renamed)
}

/// A MODULE.bazel with another override of rules_esp32; an empty one takes the space around it along.
fn with_override(text: &str, rules: &str) -> Option<String> {
    const START: &str = "local_path_override(\n    module_name = \"rules_esp32\"";
    const END: &str = "\n)\n";
    let mut start = text.find(START)?;
    let end = start + text[start..].find(END)? + END.len();
    // and the comment on it
    while let Some(line) = text[..start]
        .lines()
        .next_back()
        .filter(|line| line.starts_with('#'))
    {
        start -= line.len() + 1;
    }
    let (before, after) = (&text[..start], &text[end..]);
    Some(if rules.is_empty() {
        format!("{before}{}", after.trim_start_matches('\n'))
    } else {
        format!("{before}{rules}{after}")
    })
}

/// A Cargo.lock in which a package has another name, and the place that Cargo gives it: packages are sorted.
fn renamed_package(text: &str, from: &str, to: &str) -> Option<String> {
    const PACKAGE: &str = "[[package]]\n";
    let name_of = |block: &str| {
        Some(
            block
                .strip_prefix("name = \"")?
                .split('"')
                .next()?
                .to_owned(),
        )
    };
    let mut blocks = text.split(PACKAGE);
    let head = blocks.next()?;
    let mut packages: Vec<String> = blocks.map(|block| block.trim_end().to_owned()).collect();
    let own = packages.iter().position(|block| {
        name_of(block).as_deref() == Some(from) && !block.contains("\nsource = ")
    })?;
    let renamed = packages.remove(own).replacen(
        &format!("name = \"{from}\""),
        &format!("name = \"{to}\""),
        1,
    );
    let place = packages
        .iter()
        .position(|block| name_of(block).as_deref() > Some(to))
        .unwrap_or(packages.len());
    packages.insert(place, renamed);
    let packages: Vec<String> = packages
        .iter()
        .map(|block| format!("{PACKAGE}{block}\n"))
        .collect();
    Some(format!("{head}{}", packages.join("\n")))
}

/// Why a file cannot have the name: something else in it has it.
fn clash(path: &str, text: &str, name: &str) -> Option<String> {
    let pattern = format!("name = \"{name}\"");
    // but no `project_name` and the like
    let count = text
        .match_indices(&pattern)
        .filter(|(at, _)| !text[..*at].ends_with('_'))
        .count();
    let what = match path {
        "MODULE.bazel" if text.contains(&format!("bazel_dep(name = \"{name}\"")) => {
            "a module that firmware depends on has it"
        }
        "MODULE.bazel" if count > 1 => "a repository of MODULE.bazel has it",
        "BUILD.bazel" if count > 1 => "another target of BUILD.bazel has it",
        "Cargo.lock" if count > 1 => "a crate that firmware depends on has it",
        _ => return None,
    };
    Some(what.to_owned())
}

/// Makes a file a program, or not.
pub fn permissions(is_executable: bool) -> fs::Permissions {
    fs::Permissions::from_mode(if is_executable { 0o755 } else { 0o644 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry\"\n\n[[package]]\nname = \"blinky\"\nversion = \"0.1.0\"\ndependencies = [\n \"a\",\n]\n\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\nsource = \"registry\"\n";

    #[test]
    fn a_package_moves_to_where_cargo_has_it() {
        for (name, order) in [
            ("zed", ["a", "c", "zed"]),
            ("b", ["a", "b", "c"]),
            ("blinky", ["a", "blinky", "c"]),
        ] {
            let renamed = renamed_package(LOCK, "blinky", name).expect("it is there");
            let names: Vec<&str> = renamed
                .lines()
                .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
                .collect();
            assert_eq!(names, order);
            assert_eq!(renamed.len(), LOCK.len() + name.len() - "blinky".len());
        }
        assert_eq!(
            renamed_package(LOCK, "blinky", "blinky").as_deref(),
            Some(LOCK)
        );
        assert_eq!(renamed_package(LOCK, "a", "b"), None, "a downloaded crate");
    }

    #[test]
    fn an_override_goes_with_its_comment() {
        let module = "module(name = \"x\")\n\n# Only here.\nlocal_path_override(\n    module_name = \"rules_esp32\",\n    path = \"../..\",\n)\n\nnext()\n";
        assert_eq!(
            with_override(module, "o()\n").as_deref(),
            Some("module(name = \"x\")\n\no()\n\nnext()\n")
        );
        assert_eq!(
            with_override(module, "").as_deref(),
            Some("module(name = \"x\")\n\nnext()\n")
        );
        assert_eq!(with_override("module()\n", ""), None);
    }

    #[test]
    fn only_names_are_renamed() {
        let build = "name = \"embassy\"\nfirmware = \":embassy\"\nfeatures = [\"embassy\"]\n\"@fw_crates//:embassy-time\"";
        assert_eq!(
            with_name(build, "embassy", "x").as_deref(),
            Some(
                "name = \"x\"\nfirmware = \":x\"\nfeatures = [\"embassy\"]\n\"@fw_crates//:embassy-time\""
            )
        );
        assert_eq!(with_name(build, "blinky", "x"), None);
    }
}
