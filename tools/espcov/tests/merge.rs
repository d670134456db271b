//! The program, with Bazel's arguments.

use std::fs;
use std::path::Path;
use std::process::Command;

const ONE: &str = "SF:app/lib.rs\nFN:3,double\nFNDA:2,double\nFNF:1\nFNH:1\nDA:3,2\nDA:4,0\nLF:2\nLH:1\nend_of_record\n\
    SF:external/other/lib.rs\nDA:1,1\nend_of_record\n";
const OTHER: &str = "TN:other\nSF:app/lib.rs\nFN:3,double\nFNDA:1,double\nFNF:1\nFNH:1\nDA:3,1\nDA:4,5\nLF:2\nLH:2\nend_of_record\n";
const BOTH: &str = "TN:\nSF:app/lib.rs\nFN:3,double\nFNDA:3,double\nFNF:1\nFNH:1\nDA:3,3\nDA:4,5\nLF:2\nLH:2\nend_of_record\n";

fn espcov(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(fs::canonicalize(env!("CARGO_BIN_EXE_espcov")).unwrap())
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("dats/deeper")).unwrap();
    fs::write(folder.path().join("dats/one.dat"), ONE).unwrap();
    fs::write(folder.path().join("dats/deeper/other.dat"), OTHER).unwrap();
    fs::write(folder.path().join("dats/raw.profraw"), "no tracefile").unwrap();
    fs::write(
        folder.path().join("list"),
        "dats/one.dat\ndats/deeper/other.dat\n",
    )
    .unwrap();
    fs::write(
        folder.path().join("manifest"),
        "app/lib.rs\napp/unused.rs\n",
    )
    .unwrap();
    folder
}

#[test]
fn a_folder_is_merged() {
    let folder = folder();
    let arguments = [
        "--coverage_dir=dats",
        "--output_file=out",
        "--source_file_manifest=manifest",
    ];
    assert_eq!(espcov(folder.path(), &arguments), (0, String::new()));
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), BOTH);
}

#[test]
fn a_list_is_merged() {
    let folder = folder();
    let arguments = [
        "--reports_file=list",
        "--output_file=out",
        "--filter_sources=/usr/.+",
        "--filter_sources=external/.+",
    ];
    assert_eq!(espcov(folder.path(), &arguments), (0, String::new()));
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), BOTH);
}

#[test]
fn nothing_was_covered() {
    let folder = folder();
    fs::write(folder.path().join("empty"), "").unwrap();
    assert_eq!(
        espcov(
            folder.path(),
            &["--reports_file=empty", "--output_file=out"]
        ),
        (0, String::new())
    );
    assert_eq!(fs::read_to_string(folder.path().join("out")).unwrap(), "");
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_written() {
    let folder = folder();
    fs::write(folder.path().join("dats/bad.dat"), "SF:a.rs\nDA:x\n").unwrap();
    fs::write(folder.path().join("gone"), "dats/gone.dat\n").unwrap();
    for (input, code, message) in [
        (
            "--coverage_dir=dats",
            1,
            "dats/bad.dat: is no LCOV tracefile",
        ),
        ("--coverage_dir=none", 1, "none: cannot read it"),
        ("--reports_file=gone", 1, "dats/gone.dat: "),
        ("--filter_sources=(", 2, "--coverage_dir"),
    ] {
        let (got, stderr) = espcov(folder.path(), &[input, "--output_file=out"]);
        assert_eq!(got, code, "{stderr}");
        assert!(stderr.contains(message), "no {message:?} in {stderr}");
        assert!(!folder.path().join("out").exists());
    }
    let (got, stderr) = espcov(
        folder.path(),
        &[
            "--coverage_dir=dats",
            "--output_file=out",
            "--filter_sources=(",
        ],
    );
    assert_eq!(got, 2);
    assert!(stderr.contains("--filter_sources"), "{stderr}");
}
