//! What `espnew` lays, as users start it: by Bazel, in a folder with the rules' files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Runs the program for a user who is in the folder `cwd`.
fn espnew(cwd: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_espnew"))
        .args(args)
        .env("BUILD_WORKING_DIRECTORY", cwd)
        .env_remove("BUILD_WORKSPACE_DIRECTORY")
        .output()
        .expect("it starts")
}

fn said(output: &Output) -> String {
    let [stdout, stderr] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    stdout + &stderr
}

fn laid(cwd: &Path, args: &[&str]) -> BTreeMap<String, String> {
    let output = espnew(cwd, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
    let folder = cwd.join(args[0]);
    let mut files = BTreeMap::new();
    read(&folder, &folder, &mut files);
    files
}

fn read(root: &Path, folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(root, &path, files);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("below it")
                .display()
                .to_string();
            files.insert(name, fs::read_to_string(&path).expect("a text"));
        }
    }
}

#[test]
fn each_kind_has_the_name_and_nothing_of_the_example() {
    let tmp = tempfile::tempdir().expect("a folder");
    for (kind, example) in [
        ("esp-hal", "blinky"),
        ("embassy", "embassy"),
        ("components", "thermometer"),
        ("esp-idf", "esp_idf_example"),
    ] {
        let name = format!("night-light-{kind}");
        let files = laid(tmp.path(), &[&name, "--kind", kind]);
        assert!(
            files["MODULE.bazel"].contains(&format!("module(name = \"{name}\")")),
            "{}",
            files["MODULE.bazel"]
        );
        assert!(
            files["BUILD.bazel"].contains(&format!("firmware = \":{name}\"")),
            "{}",
            files["BUILD.bazel"]
        );
        assert!(files["README.md"].starts_with(&format!("# {name}\n")));
        for (path, text) in &files {
            assert!(
                !text.contains(&format!("name = \"{example}\"")),
                "{path}: {text}"
            );
            assert!(!text.contains("\"blinky\""), "{path}: {text}");
            assert!(!text.contains("../..\""), "{path}: {text}");
        }
        assert_eq!(
            files.contains_key("Cargo.lock"),
            files.contains_key("Cargo.toml")
        );
        if let Some(lock) = files.get("Cargo.lock") {
            assert!(lock.contains(&format!("name = \"{name}\"")));
        }
        for file in [
            ".bazelrc",
            ".gitignore",
            ".github/workflows/ci.yml",
            "bazelw",
            "src/main.rs",
        ] {
            assert!(files.contains_key(file), "{kind}: no {file}");
        }
    }
}

#[test]
fn a_name_of_its_own() {
    let tmp = tempfile::tempdir().expect("a folder");
    let files = laid(tmp.path(), &["Some Folder", "--name", "lamp"]);
    assert!(files["Cargo.toml"].contains("name = \"lamp\""));
}

#[test]
fn nothing_is_overwritten() {
    let tmp = tempfile::tempdir().expect("a folder");
    let first = laid(tmp.path(), &["lamp"]);
    let output = espnew(tmp.path(), &["lamp", "--kind", "components"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("is there already, and is not overwritten"),
        "{}",
        said(&output)
    );
    let mut now = BTreeMap::new();
    read(&tmp.path().join("lamp"), &tmp.path().join("lamp"), &mut now);
    assert_eq!(now, first);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_laid() {
    let tmp = tempfile::tempdir().expect("a folder");
    for (args, status, words) in [
        (&["Lamp"][..], 1, "lower-case letters"),
        (&["..", "--kind", "esp-hal"], 1, "--name"),
        (&["esp-hal"], 1, "a crate that firmware depends on has it"),
        (&["image"], 1, "another target of BUILD.bazel has it"),
        (
            &["rules_rust"],
            1,
            "a module that firmware depends on has it",
        ),
        (
            &["x", "--kind", "arduino"],
            2,
            "possible values: esp-hal, embassy, components, esp-idf",
        ),
        (
            &["x", "--rules", "/nonesuch"],
            1,
            "--rules /nonesuch: is not a folder with rules_esp32",
        ),
        (
            &["x", "--rules", "https://example.org/a.tar.gz"],
            1,
            "add --sha256",
        ),
        (
            &[
                "x",
                "--rules",
                "https://example.org/a.tar.gz",
                "--sha256",
                "12",
            ],
            1,
            "--sha256 12: is not a SHA-256",
        ),
        (
            &[
                "x",
                "--rules",
                "https://example.org/",
                "--sha256",
                EMPTY_SHA256,
            ],
            1,
            "is not an archive",
        ),
        (&[], 2, "<FOLDER>"),
    ] {
        let output = espnew(tmp.path(), args);
        assert_eq!(
            output.status.code(),
            Some(status),
            "{args:?}: {}",
            said(&output)
        );
        assert!(said(&output).contains(words), "{args:?}: {}", said(&output));
        assert_eq!(
            fs::read_dir(tmp.path()).expect("a folder").count(),
            0,
            "{args:?}"
        );
    }
    let help = espnew(tmp.path(), &["--help"]);
    assert_eq!(help.status.code(), Some(0));
    assert!(
        said(&help).contains("Usage: new [OPTIONS] <FOLDER>"),
        "{}",
        said(&help)
    );
}

#[test]
fn in_another_repository_a_note_says_what_to_do() {
    let tmp = tempfile::tempdir().expect("a folder");
    fs::write(tmp.path().join("MODULE.bazel"), "").expect("written");
    assert!(said(&espnew(tmp.path(), &["lamp"])).contains("name lamp in its .bazelignore"));
}

#[test]
fn bazelw_starts_that_of_the_rules() {
    let tmp = tempfile::tempdir().expect("a folder");
    let rules = tmp.path().join("rules");
    fs::create_dir_all(rules.join("esp32")).expect("a folder");
    for file in ["MODULE.bazel", "esp32/defs.bzl"] {
        fs::write(rules.join(file), "").expect("written");
    }
    let files = laid(tmp.path(), &["lamp", "--rules", "rules"]);
    assert!(
        files["MODULE.bazel"].contains("    path = \"../rules\",\n"),
        "{}",
        files["MODULE.bazel"]
    );
    let bazelw = tmp.path().join("lamp/bazelw");
    let run = || {
        Command::new(&bazelw)
            .args(["a", "b  c"])
            .current_dir("/")
            .output()
            .expect("it starts")
    };

    let output = run();
    assert_eq!(output.status.code(), Some(103));
    assert!(
        said(&output).contains("there is no rules_esp32 in"),
        "{}",
        said(&output)
    );

    fs::write(
        rules.join("bazelw"),
        "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 37\n",
    )
    .expect("written");
    fs::set_permissions(rules.join("bazelw"), fs::Permissions::from_mode(0o755))
        .expect("a program");
    let output = run();
    assert_eq!(
        (output.status.code(), said(&output).as_str()),
        (Some(37), "<a><b  c>")
    );
}

#[test]
fn the_rules_come_from_where_that_repository_has_them() {
    let tmp = tempfile::tempdir().expect("a folder");
    let archive = "archive_override(\n    module_name = \"rules_esp32\",\n    urls = [\"https://example.org/a.zip\"],\n)\n";
    let local =
        "local_path_override(\n    module_name = \"rules_esp32\",\n    path = \"nowhere\",\n)\n";
    let here = Path::new("MODULE.bazel")
        .canonicalize()
        .expect("it is there");
    let here = here.parent().expect("a folder").display().to_string();
    for (name, there, wanted) in [
        ("a", archive, archive),
        ("l", local, here.as_str()),
        ("r", "", ""),
    ] {
        fs::write(
            tmp.path().join("MODULE.bazel"),
            format!("module(name = \"there\")\n\n{there}"),
        )
        .expect("written");
        let output = Command::new(env!("CARGO_BIN_EXE_espnew"))
            .arg(name)
            .env("BUILD_WORKING_DIRECTORY", tmp.path())
            .env("BUILD_WORKSPACE_DIRECTORY", tmp.path())
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let module = fs::read_to_string(tmp.path().join(name).join("MODULE.bazel")).expect("laid");
        assert_eq!(module.contains("_override("), !there.is_empty(), "{module}");
        let ending = wanted.rsplit('/').next().unwrap_or_default();
        assert!(module.contains(ending), "{module}");
    }
}

#[test]
fn an_archive_is_named_with_its_checksum() {
    let tmp = tempfile::tempdir().expect("a folder");
    let files = laid(
        tmp.path(),
        &[
            "lamp",
            "--rules",
            "https://example.org/rules_esp32-0.1.0.tar.gz",
            "--sha256",
            EMPTY_SHA256,
        ],
    );
    assert!(
        files["MODULE.bazel"].contains("    strip_prefix = \"rules_esp32-0.1.0\",\n"),
        "{}",
        files["MODULE.bazel"]
    );
    assert!(!files["README.md"].contains("before others build this"));
}
