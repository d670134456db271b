//! The command line itself, and the binary where the build says where it is.

use std::process::Command;

use crate::common::Folder;

#[test]
fn wrong_command_lines_exit_with_2() {
    let folder = Folder::new();
    let lines = [
        "",
        "frobnicate",
        "convert",
        "convert --elf a --output b --flash-size 3MB",
        "convert --elf a --output b --min-chip-rev 3",
        "--chip esp8266 info x",
        "merge --bootloader b --partition-table p --app a --data nvs --output o --flasher-args f",
        "size --elf a --budget iram",
        "verify x --offset ten",
        "provenance",
        "sbom --inputs x",
    ];
    for line in lines {
        let outcome = folder.run(line);
        assert_eq!(outcome.code, 2, "{line}");
        assert!(
            outcome.stderr.contains("Usage: ") || outcome.stderr.contains("For more information"),
            "{outcome:?}"
        );
    }
}

#[test]
fn help_names_exit_codes_and_an_example() {
    let folder = Folder::new();
    for command in [
        "convert",
        "bootloader",
        "partition-table",
        "merge",
        "verify",
        "size",
        "info",
        "provenance",
        "sbom",
    ] {
        let help = folder.run(&format!("{command} --help")).ok();
        assert!(
            help.contains("Exit codes:") && help.contains(&format!("  espimage {command} ")),
            "{help}"
        );
    }
    assert!(folder.run("--help").ok().contains("partition-table"));
}

#[test]
fn a_missing_file_is_named() {
    let folder = Folder::new();
    folder
        .run("convert --elf @gone.elf --output @o.bin")
        .refused("read", &["gone.elf: cannot be read"]);
    folder
        .run("verify @gone.bin")
        .refused("read", &["gone.bin"]);
}

#[test]
fn the_binary_gives_the_exit_code() {
    let Some(espimage) = std::env::var_os("ESPIMAGE")
        .or_else(|| option_env!("CARGO_BIN_EXE_espimage").map(Into::into))
    else {
        panic!("set ESPIMAGE to the espimage binary");
    };
    let code = |args: &[&str]| {
        Command::new(&espimage)
            .args(args)
            .output()
            .expect("espimage runs")
            .status
            .code()
    };
    assert_eq!(code(&["--version"]), Some(0));
    assert_eq!(code(&["verify", "/nonexistent"]), Some(1));
    assert_eq!(code(&["verify"]), Some(2));
}
