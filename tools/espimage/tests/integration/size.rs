//! `espimage size`.

use crate::common::{DRAM, Elf, FLASH_CODE, Folder, Outcome};

fn size(elf: &Elf, more: &str) -> Outcome {
    let folder = Folder::new();
    folder
        .write("app.elf", elf.build())
        .write("app.bin", [0; 5000]);
    folder.run(&format!("size --elf @app.elf {more}"))
}

/// The columns of the row with this name.
fn row<'a>(table: &'a str, name: &str) -> Vec<&'a str> {
    let line = table
        .lines()
        .find(|line| line.split_whitespace().next() == Some(name));
    line.unwrap_or_else(|| panic!("no {name} in\n{table}"))
        .split_whitespace()
        .skip(1)
        .collect()
}

#[test]
fn report_without_budgets() {
    let report = size(&Elf::app(), "").ok();
    assert_eq!(row(&report, "region"), ["used", "capacity", "%"]);
    assert_eq!(row(&report, "iram"), ["6404", "131072", "4.9"]);
    assert_eq!(row(&report, "dram"), ["9011", "180736", "5.0"]);
    assert_eq!(row(&report, "flash_code"), ["20481", "3342304", "0.6"]);
    assert_eq!(row(&report, "flash_data"), ["4916", "4194272", "0.1"]);
    assert_eq!(report.lines().count(), 5);
}

#[test]
fn budgets_that_are_kept() {
    let report = size(
        &Elf::app(),
        "--image app.bin=@app.bin --budget iram=6404 --budget app.bin=5K",
    )
    .ok();
    assert_eq!(row(&report, "iram"), ["6404", "131072", "4.9", "6404", "0"]);
    assert_eq!(row(&report, "app.bin"), ["5000", "-", "-", "5120", "120"]);
    assert_eq!(row(&report, "dram")[3..], ["-", "-"]);
    assert!(!report.contains("largest"));
}

#[test]
fn a_budget_that_is_exceeded() {
    let outcome = size(&Elf::app(), "--budget flash_code=16K --budget iram=6403");
    let table = outcome.stdout.clone();
    assert_eq!(row(&table, "flash_code")[3..], ["16384", "-4097", "OVER"]);
    assert_eq!(row(&table, "iram")[3..], ["6403", "-1", "OVER"]);
    let largest: Vec<_> = table.split("largest symbols in ").collect();
    let code: Vec<_> = largest[2].lines().collect();
    assert_eq!(code[0], "flash_code:");
    assert_eq!(
        code[1].split_whitespace().collect::<Vec<_>>(),
        ["16384", "0x400d0020", "core::fmt::write"]
    );
    assert_eq!(code[2].split_whitespace().last(), Some("small"));
    assert!(largest[1].contains("call_start_cpu0"), "{table}");
    outcome.refused(
        "over_budget",
        &["flash_code by 4097 bytes (20481 used)", "iram by 1 bytes"],
    );
}

#[test]
fn bss_counts_in_dram_and_not_in_an_image() {
    let outcome = size(
        &Elf::app(),
        "--image app.bin=@app.bin --budget dram=1 --budget app.bin=1",
    );
    let sections: Vec<_> = outcome.stdout.split("largest symbols in ").collect();
    assert!(sections[1].starts_with("dram:") && sections[1].contains("heap"));
    assert!(sections[2].starts_with("app.bin:") && !sections[2].contains("heap"));
    assert_eq!(outcome.code, 1);
}

#[test]
fn at_most_ten_symbols_and_each_place_once() {
    let mut elf = Elf::app();
    elf.symbols = (0..12).map(|i| ("f", FLASH_CODE + 16 * i, 16)).collect();
    elf.symbols.push(("alias", FLASH_CODE, 16));
    elf.symbols.push(("elsewhere", DRAM, 64));
    let table = size(&elf, "--budget flash_code=1").stdout;
    let (_, symbols) = table
        .split_once("largest symbols in flash_code:\n")
        .unwrap();
    assert_eq!(symbols.lines().count(), 10);
    assert_eq!(symbols.matches("0x400d0020").count(), 1);
    assert!(!symbols.contains("elsewhere"));
}

#[test]
fn names_that_are_unknown_or_given_twice() {
    size(&Elf::app(), "--budget ram=1").refused(
        "budget_unknown",
        &["'ram'", "iram, dram, flash_code, flash_data"],
    );
    size(&Elf::app(), "--budget iram=1 --budget iram=2").refused("size_name_twice", &["'iram'"]);
    size(&Elf::app(), "--image iram=@app.bin").refused("size_name_twice", &["'iram'"]);
}

#[test]
fn not_an_elf_file() {
    let folder = Folder::new();
    folder.write("app.elf", "text");
    folder
        .run("size --elf @app.elf")
        .refused("elf_magic", &["app.elf: "]);
}
