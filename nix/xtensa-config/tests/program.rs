//! `xtensa-config` on the descriptions of this folder, and on bad ones.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn env(name: &str) -> PathBuf {
    std::env::var_os(name)
        .unwrap_or_else(|| panic!("Bazel sets {name}"))
        .into()
}

fn run(core: &Path, output: &Path) -> Output {
    Command::new(env("XTENSA_CONFIG"))
        .args([core, &env("ISA"), output])
        .output()
        .expect("the program is there")
}

fn core(name: &str) -> PathBuf {
    env("CORES").join(format!("{name}.core"))
}

fn source(name: &str) -> String {
    let output = env("TEST_TMPDIR").join(format!("{name}.c"));
    let result = run(&core(name), &output);
    assert!(
        result.status.success(),
        "{}",
        String::from_utf8_lossy(&result.stderr)
    );
    std::fs::read_to_string(output).expect("the program has written it")
}

#[test]
fn cores_have_what_they_say() {
    let cores = ["esp32", "esp32-soft", "de233_fpu", "de233_fpu-soft"].map(source);
    for (text, expected) in [
        ("{ \"add.s\", ", [true, true, true, true]),
        ("{ \"muluh\", ", [true, true, false, false]),
        ("{ \"mull\", ", [true, true, true, true]),
        ("\"__XCHAL_HAVE_FP=1\"", [true, false, true, false]),
        ("\"__XCHAL_HAVE_FP_POSTINC=1\"", [true, false, true, false]),
        ("\"__XCHAL_HAVE_MUL32_HIGH=1\"", [true, true, false, false]),
        ("\"__XCHAL_HAVE_LOOPS=1\"", [true, true, true, true]),
    ] {
        assert_eq!(
            cores.each_ref().map(|source| source.contains(text)),
            expected,
            "{text}"
        );
    }
}

#[test]
fn the_same_every_time() {
    assert_eq!(source("esp32"), source("esp32"));
}

#[test]
fn bad_input_leaves_no_output() {
    let folder = env("TEST_TMPDIR");
    let output = folder.join("bad.c");
    for (name, text, message) in [
        (
            "options",
            "options core wings\n",
            "options.core:1: no .isa file describes the option wings",
        ),
        (
            "like",
            "like nothing\n",
            "like.core:1: like nothing: there is no ",
        ),
        (
            "circle",
            "like circle\n",
            "circle.core:1: `like circle` goes round in a circle",
        ),
        (
            "line",
            "\nparameter XCHAL_HAVE_BE yes\n",
            "line.core:2: XCHAL_HAVE_BE: `yes` is no number",
        ),
        (
            "missing",
            "options core\n",
            "missing.core: XCHAL_HAVE_BE is missing: add `parameter XCHAL_HAVE_BE VALUE`",
        ),
    ] {
        let core = folder.join(format!("{name}.core"));
        std::fs::write(&core, text).expect("there is room");
        let result = run(&core, &output);
        let stderr = String::from_utf8_lossy(&result.stderr);
        assert_eq!(result.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
        assert!(!output.exists());
    }
    let result = run(&folder.join("absent.core"), &output);
    assert_eq!(result.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&result.stderr).contains("absent.core: No such file"));
    let result = Command::new(env("XTENSA_CONFIG"))
        .arg("x")
        .output()
        .expect("the program is there");
    assert_eq!(result.status.code(), Some(2));
}
