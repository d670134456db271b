//! Where a repository takes rules_esp32 from: the override in its MODULE.bazel.

use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::error::Error;

/// Where rules_esp32 comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A folder: relative to the repository, or absolute.
    Folder(String),
    /// An archive.
    Archive {
        /// Its address.
        url: String,
        /// What Bazel and browsers call subresource integrity.
        integrity: String,
        /// The folder in it.
        strip_prefix: String,
    },
    /// What the MODULE.bazel says that this program was run from.
    AsThere(String),
    /// A registry, by the version alone.
    Registry,
}

impl Origin {
    /// `--rules`: a folder or an archive, for a repository in `folder`.
    pub fn of_value(
        value: &str,
        sha256: Option<&str>,
        strip_prefix: Option<&str>,
        folder: &Path,
        cwd: &Path,
    ) -> Result<Origin, Error> {
        let refused = |why: &str| Error::Rules {
            value: value.to_owned(),
            why: why.to_owned(),
        };
        if !value.contains("://") {
            let rules = cwd.join(value);
            if !rules.join("esp32/defs.bzl").exists() || !rules.join("MODULE.bazel").exists() {
                return Err(refused("is not a folder with rules_esp32"));
            }
            return Origin::of_folder(&rules, folder);
        }
        let file = value.rsplit('/').next().unwrap_or_default();
        let stem = [".tar.gz", ".tgz", ".zip", ".tar.xz", ".tar.zst"]
            .iter()
            .find_map(|ending| file.strip_suffix(ending));
        let stem = stem.ok_or_else(|| refused("is not an archive"))?;
        let sha256 = sha256.ok_or_else(|| Error::NoChecksum {
            url: value.to_owned(),
        })?;
        Ok(Origin::Archive {
            url: value.to_owned(),
            integrity: integrity(sha256)?,
            strip_prefix: strip_prefix.unwrap_or(stem).to_owned(),
        })
    }

    /// Where the repository has the rules from that this program is run in; where it is theirs, or none, their folder `rules`.
    pub fn of_this_program(rules: &Path, folder: &Path) -> Result<Origin, Error> {
        let Some(workspace) = env::var_os("BUILD_WORKSPACE_DIRECTORY").map(PathBuf::from) else {
            return Origin::of_folder(rules, folder);
        };
        if real(&workspace)? == real(rules)? {
            return Origin::of_folder(rules, folder);
        }
        let path = workspace.join("MODULE.bazel");
        let module = fs::read_to_string(&path).map_err(|why| Error::Read { path, why })?;
        match override_in(&module) {
            // the same folder has another path from elsewhere
            Some(text) if text.starts_with("local_path_override") => {
                Origin::of_folder(rules, folder)
            }
            Some(text) => Ok(Origin::AsThere(text)),
            None => Ok(Origin::Registry),
        }
    }

    fn of_folder(rules: &Path, folder: &Path) -> Result<Origin, Error> {
        Ok(Origin::Folder(
            relative(&real(folder)?, &real(rules)?)
                .to_string_lossy()
                .into_owned(),
        ))
    }

    /// The call in MODULE.bazel, with a line break at the end; empty for a registry.
    pub fn to_starlark(&self) -> String {
        let call = |rule: &str, attributes: &[(&str, &str)]| {
            let lines: Vec<String> = attributes
                .iter()
                .map(|(name, value)| format!("    {name} = {value},\n"))
                .collect();
            format!(
                "{rule}(\n    module_name = \"rules_esp32\",\n{})\n",
                lines.concat()
            )
        };
        match self {
            Origin::Folder(path) => call("local_path_override", &[("path", &quoted(path))]),
            Origin::Archive {
                url,
                integrity,
                strip_prefix,
            } => call(
                "archive_override",
                &[
                    ("integrity", &quoted(integrity)),
                    ("strip_prefix", &quoted(strip_prefix)),
                    ("urls", &format!("[{}]", quoted(url))),
                ],
            ),
            Origin::AsThere(text) => text.clone(),
            Origin::Registry => String::new(),
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// `sha256-` and base 64, of hexadecimal digits.
fn integrity(sha256: &str) -> Result<String, Error> {
    let refused = || Error::Checksum {
        value: sha256.to_owned(),
    };
    let digits = sha256.trim();
    if digits.len() != 64 || !digits.is_ascii() {
        return Err(refused());
    }
    let bytes: Result<Vec<u8>, _> = (0..32)
        .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16))
        .collect();
    Ok(format!(
        "sha256-{}",
        BASE64_STANDARD.encode(bytes.map_err(|_| refused())?)
    ))
}

/// The override of rules_esp32 in a MODULE.bazel as buildifier writes it.
fn override_in(module: &str) -> Option<String> {
    let mut call: Option<String> = None;
    for line in module.lines() {
        if line.ends_with("_override(") {
            call = Some(String::new());
        }
        if let Some(text) = &mut call {
            text.push_str(line);
            text.push('\n');
            if line == ")" {
                if text.contains("module_name = \"rules_esp32\"") {
                    return call;
                }
                call = None;
            }
        }
    }
    None
}

/// The real path of a folder, of which the end may not be there yet.
fn real(folder: &Path) -> Result<PathBuf, Error> {
    let mut there = folder;
    let mut rest = Vec::new();
    loop {
        match there.canonicalize() {
            Ok(path) => return Ok(rest.iter().rev().fold(path, |path, name| path.join(name))),
            Err(why) => {
                let (Some(parent), Some(name)) = (there.parent(), there.file_name()) else {
                    return Err(Error::Read {
                        path: folder.to_owned(),
                        why,
                    });
                };
                rest.push(name);
                there = parent;
            }
        }
    }
}

/// The way from one folder to another, both absolute and real. Where they have nothing in common, the other itself.
fn relative(from: &Path, to: &Path) -> PathBuf {
    let common = from
        .components()
        .zip(to.components())
        .take_while(|(a, b)| a == b)
        .count();
    if common < 2 {
        return to.to_owned();
    }
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let path: PathBuf = up.chain(to.components().skip(common)).collect();
    if path.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_between_folders() {
        for (from, to, way) in [
            ("/home/me/new", "/home/me/rules", "../rules"),
            ("/home/me/rules/e2e/new", "/home/me/rules", "../.."),
            ("/home/me", "/home/me/rules", "rules"),
            ("/tmp/new", "/home/me/rules", "/home/me/rules"),
        ] {
            assert_eq!(relative(Path::new(from), Path::new(to)), Path::new(way));
        }
    }

    #[test]
    fn an_archive_has_a_checksum() {
        let url = "https://example.org/rules_esp32-0.1.0.tar.gz";
        let of = |sha256| Origin::of_value(url, sha256, None, Path::new("/x"), Path::new("/"));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(
            of(Some(empty)).expect("it is right").to_starlark(),
            "archive_override(\n    module_name = \"rules_esp32\",\n    integrity = \"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\",\n    \
             strip_prefix = \"rules_esp32-0.1.0\",\n    urls = [\"https://example.org/rules_esp32-0.1.0.tar.gz\"],\n)\n"
        );
        assert!(matches!(of(None), Err(Error::NoChecksum { .. })));
        for wrong in ["", "12", &"g".repeat(64), &"ä".repeat(32)] {
            assert!(
                matches!(of(Some(wrong)), Err(Error::Checksum { .. })),
                "{wrong}"
            );
        }
        let page = Origin::of_value(
            "https://example.org/",
            Some(empty),
            None,
            Path::new("/x"),
            Path::new("/"),
        );
        assert!(matches!(page, Err(Error::Rules { .. })));
    }

    #[test]
    fn the_override_of_the_rules_is_found() {
        let own = "git_override(\n    module_name = \"rules_esp32\",\n    commit = \"1\",\n)\n";
        let module = format!(
            "module(name = \"a\")\n\narchive_override(\n    module_name = \"other\",\n)\n\n{own}\nmore()\n"
        );
        assert_eq!(override_in(&module).as_deref(), Some(own));
        assert_eq!(override_in("module(name = \"a\")\n"), None);
    }
}
