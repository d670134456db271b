//! rust-project.json: rust-analyzer's manual, "Non-Cargo Based Projects".

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How names of targets for chips start.
const CHIPS: &str = "xtensa-";

/// How the roots of crates that rules_rust makes of messages end.
const PROST_ROOT: &str = "_proto.lib.rs";

/// What the aspect of rules_rust says of a crate. Paths in it start at `__EXEC_ROOT__`, `__OUTPUT_BASE__`, or at the workspace.
#[derive(Debug, Clone, Deserialize)]
pub struct CrateSpec {
    aliases: BTreeMap<String, String>,
    crate_id: String,
    display_name: String,
    edition: String,
    root_module: String,
    is_workspace_member: bool,
    deps: BTreeSet<String>,
    proc_macro_dylib_path: Option<String>,
    source: Option<Source>,
    cfg: Vec<String>,
    env: BTreeMap<String, String>,
    target: String,
    crate_type: String,
}

/// Folders with a crate's files, where they are not all below its root.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub struct Source {
    include_dirs: Vec<String>,
    exclude_dirs: Vec<String>,
}

/// What rust-analyzer reads.
#[derive(Debug, Serialize)]
pub struct RustProject {
    /// A folder with `bin/rustc`.
    sysroot: String,
    /// The sources of core, alloc and std.
    sysroot_src: String,
    crates: Vec<Crate>,
}

#[derive(Debug, Serialize)]
struct Crate {
    display_name: String,
    root_module: String,
    edition: String,
    deps: Vec<Dependency>,
    is_workspace_member: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
    cfg: Vec<String>,
    target: String,
    env: BTreeMap<String, String>,
    is_proc_macro: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    proc_macro_dylib_path: Option<String>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Dependency {
    #[serde(rename = "crate")]
    index: usize,
    name: String,
}

impl CrateSpec {
    /// Reads a file of the aspect; `execution_root` and `output_base` are where its paths are.
    ///
    /// # Errors
    /// A file that cannot be read, or is something else.
    pub fn read(path: &Path, execution_root: &Path, output_base: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let text = text
            .replace("__EXEC_ROOT__", &execution_root.display().to_string())
            .replace("__OUTPUT_BASE__", &output_base.display().to_string());
        serde_json::from_str(&text).map_err(|source| Error::Syntax {
            what: path.display().to_string(),
            source,
        })
    }
}

/// The project of all these crates, each once for each target; those for chips come first, so that an editor shows a crate that firmware
/// and tests on the build machine share as firmware has it.
///
/// # Errors
/// A crate that depends on one that is not there.
pub fn project(specs: Vec<CrateSpec>, sysroot: &Path, sysroot_src: &Path) -> Result<RustProject> {
    let mut merged = Merged::new();
    for mut spec in specs {
        let is_chips = spec.target.starts_with(CHIPS);
        if is_chips {
            // The aspect sets it for all crates, and no test runs on a chip: what is no_std but for tests is no_std.
            spec.cfg.retain(|cfg| cfg != "test");
        }
        let key = (!is_chips, spec.target.clone(), spec.crate_id.clone());
        match merged.get_mut(&key) {
            None => drop(merged.insert(key, spec)),
            Some(first) => merge(first, spec),
        }
    }
    add_prost(&mut merged);
    let index: BTreeMap<_, _> = merged
        .keys()
        .enumerate()
        .map(|(i, (_, target, id))| ((target.as_str(), id.as_str()), i))
        .collect();
    let mut crates = vec![];
    for ((_, target, id), spec) in &merged {
        let mut deps = vec![];
        for dep in &spec.deps {
            // Proc-macros, and what they are made of, are for the build machine.
            let found = index.get(&(target.as_str(), dep.as_str())).or_else(|| {
                merged
                    .keys()
                    .find(|(_, _, other)| other == dep)
                    .and_then(|(_, target, _)| index.get(&(target.as_str(), dep.as_str())))
            });
            let Some(&index) = found else {
                return Err(Error::Dangling {
                    what: format!("crate {id}"),
                    name: dep.clone(),
                });
            };
            let name = spec.aliases.get(dep).cloned().unwrap_or_else(|| {
                merged
                    .values()
                    .nth(index)
                    .map_or_else(String::new, |spec| spec.display_name.clone())
            });
            deps.push(Dependency { index, name });
        }
        crates.push(Crate {
            display_name: spec.display_name.clone(),
            root_module: spec.root_module.clone(),
            edition: spec.edition.clone(),
            deps,
            is_workspace_member: spec.is_workspace_member,
            source: spec.source.clone().filter(|source| {
                !source.include_dirs.is_empty() || !source.exclude_dirs.is_empty()
            }),
            cfg: spec.cfg.clone(),
            target: spec.target.clone(),
            env: spec.env.clone(),
            is_proc_macro: spec.proc_macro_dylib_path.is_some(),
            proc_macro_dylib_path: spec.proc_macro_dylib_path.clone(),
        });
    }
    Ok(RustProject {
        sysroot: sysroot.display().to_string(),
        sysroot_src: sysroot_src.display().to_string(),
        crates,
    })
}

impl RustProject {
    /// How many crates there are.
    pub fn len(&self) -> usize {
        self.crates.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.crates.is_empty()
    }
}

/// Crates by whether they are not for a chip, their target, and their id.
type Merged = BTreeMap<(bool, String, String), CrateSpec>;

/// The aspect does not say that crates of messages use prost.
fn add_prost(merged: &mut Merged) {
    let prost: BTreeMap<_, _> = merged
        .values()
        .filter(|spec| ["prost", "prost_types"].contains(&spec.display_name.as_str()))
        .map(|spec| {
            (
                (spec.target.clone(), spec.display_name.clone()),
                spec.crate_id.clone(),
            )
        })
        .collect();
    for spec in merged
        .values_mut()
        .filter(|spec| spec.root_module.ends_with(PROST_ROOT))
    {
        for name in ["prost", "prost_types"] {
            spec.deps
                .extend(prost.get(&(spec.target.clone(), name.to_owned())).cloned());
        }
    }
}

/// A crate and its unit tests are one crate to an editor.
fn merge(first: &mut CrateSpec, spec: CrateSpec) {
    first.deps.extend(spec.deps);
    first.aliases.extend(spec.aliases);
    for cfg in spec.cfg {
        if !first.cfg.contains(&cfg) {
            first.cfg.push(cfg);
        }
    }
    if spec.crate_type == "rlib" {
        first.display_name = spec.display_name;
        first.crate_type = spec.crate_type;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(id: &str, target: &str, crate_type: &str, deps: &[&str]) -> CrateSpec {
        serde_json::from_value(serde_json::json!({
            "aliases": {"ID-alias.rs": "other_name"},
            "crate_id": format!("ID-{id}"),
            "display_name": id.trim_end_matches(".rs"),
            "edition": "2024",
            "root_module": id,
            "is_workspace_member": true,
            "deps": deps,
            "source": {"include_dirs": [], "exclude_dirs": []},
            "cfg": ["test", "debug_assertions"],
            "env": {},
            "target": target,
            "crate_type": crate_type,
            "what_a_newer_aspect_says": 1
        }))
        .unwrap()
    }

    const CHIP: &str = "xtensa-esp32-none-elf";
    const HOST: &str = "x86_64-unknown-linux-gnu";

    #[test]
    fn crates_of_chips_come_first_and_keep_to_themselves() {
        let mut test = spec("app.rs", HOST, "bin", &["ID-proptest.rs"]);
        test.display_name = "app_test".into();
        let mut macros = spec("macros.rs", HOST, "proc-macro", &[]);
        macros.proc_macro_dylib_path = Some("/m.so".into());
        let specs = vec![
            test,
            spec("app.rs", HOST, "rlib", &["ID-alias.rs"]),
            spec("proptest.rs", HOST, "rlib", &[]),
            spec("alias.rs", HOST, "rlib", &[]),
            macros,
            spec("app.rs", CHIP, "rlib", &["ID-alias.rs", "ID-macros.rs"]),
            spec("alias.rs", CHIP, "rlib", &[]),
        ];
        let project = project(specs, Path::new("/sysroot"), Path::new("/src")).unwrap();
        let crates: Vec<_> = project
            .crates
            .iter()
            .map(|c| (c.display_name.as_str(), c.target.as_str()))
            .collect();
        assert_eq!(
            crates,
            [
                ("alias", CHIP),
                ("app", CHIP),
                ("alias", HOST),
                ("app", HOST),
                ("macros", HOST),
                ("proptest", HOST)
            ]
        );
        let dependency = |index, name: &str| Dependency {
            index,
            name: name.into(),
        };
        assert_eq!(
            project.crates[1].deps,
            [dependency(0, "other_name"), dependency(4, "macros")]
        );
        assert_eq!(
            project.crates[3].deps,
            [dependency(2, "other_name"), dependency(5, "proptest")]
        );
        assert_eq!(project.crates[1].cfg, ["debug_assertions"]);
        assert_eq!(project.crates[3].cfg, ["test", "debug_assertions"]);
        assert!(project.crates[4].is_proc_macro && !project.crates[3].is_proc_macro);
    }

    #[test]
    fn messages_use_prost() {
        let specs = vec![
            spec("bazel-out/bin/heartbeat_proto.lib.rs", CHIP, "rlib", &[]),
            spec("prost.rs", CHIP, "rlib", &[]),
            spec("prost.rs", HOST, "rlib", &[]),
        ];
        let project = project(specs, Path::new("/"), Path::new("/")).unwrap();
        assert_eq!(
            project.crates[0].deps,
            [Dependency {
                index: 1,
                name: "prost".into()
            }]
        );
    }

    #[test]
    fn a_crate_that_is_not_there_is_named() {
        let error = project(
            vec![spec("app.rs", CHIP, "rlib", &["ID-gone.rs"])],
            Path::new("/"),
            Path::new("/"),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "crate ID-app.rs refers to ID-gone.rs, and does not say what it is"
        );
    }
}
