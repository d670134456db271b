//! The simulated chip as an execution environment. The bootloader is the real one, the application is none.

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use espboot::boot::FlashImage;
use espboot::environment::{Ending, Event, Execution, ExecutionEnvironment};
use espboot::simulator::Simulator;
use espboot::spec::{Environment, Spec};
use espimage::Chip;

const TABLE_OFFSET: u32 = 0x8000;

fn start(folder: &Path, partitions: &str) -> Box<dyn Execution> {
    let path = folder.join("image.bin");
    let image = support::flash(partitions, &support::app(0), None, &[]);
    fs::write(&path, image).unwrap();
    let image = FlashImage::read(&path, Chip::Esp32, TABLE_OFFSET).unwrap();
    Simulator::default().start(&image).unwrap()
}

/// Runs to the end: the console, and how it ended.
fn run(execution: &mut dyn Execution) -> (String, Ending) {
    let mut console = Vec::new();
    loop {
        match execution.next_event(Duration::from_millis(100)).unwrap() {
            Event::Console(bytes) => console.extend(bytes),
            Event::Quiet => assert!(execution.elapsed().unwrap() < Duration::from_secs(60)),
            Event::Ended(ending) => return (String::from_utf8(console).unwrap(), ending),
            event => panic!("{event:?}"),
        }
    }
}

#[test]
fn the_images_own_bootloader_finds_and_loads_the_application() {
    let folder = tempfile::tempdir().unwrap();
    let mut execution = start(
        folder.path(),
        "nvs, data, nvs, 0x9000, 24K\nmain, app, factory, 0x20000, 1M",
    );
    let (console, ending) = run(execution.as_mut());
    for line in [
        "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
        "boot: chip revision: v3.1",
        "boot.esp32: SPI Mode       : DIO",
        "boot.esp32: SPI Flash Size : 4MB",
        "boot:  0 nvs              WiFi data        01 02 00009000 00006000",
        "boot:  1 main             factory app      00 00 00020000 00100000",
        "boot: Loaded app from partition at offset 0x20000",
    ] {
        assert!(console.contains(line), "{line} is missing:\n{console}");
    }
    let Ending::Died {
        status,
        diagnostics,
    } = ending
    else {
        panic!("{ending:?}");
    };
    // The application begins with an illegal instruction.
    for part in [
        "the ROM's _UserExceptionVector: EXCCAUSE 0,",
        "EPC1 0x40080400,",
    ] {
        assert!(status.contains(part), "{status}");
    }
    assert!(
        diagnostics.contains("core 1: PC 0x40000400"),
        "{diagnostics}"
    );
}

#[test]
fn runs_are_equal() {
    let run = || {
        let folder = tempfile::tempdir().unwrap();
        let mut execution = start(folder.path(), "factory, app, factory, 0x10000, 1M");
        let result = run(execution.as_mut());
        (result, execution.elapsed())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_register_of_nothing_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut execution = start(folder.path(), "factory, app, factory, 0x10000, 1M");
    assert_eq!(execution.read_register(0x3FF4_0078).unwrap(), 0x1512_2500);
    let error = execution.read_register(0x7000_0000).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing is at 0x70000000 in the simulated chip"
    );
    assert_eq!(error.exit_code(), espboot::EXIT_USAGE);
}

#[test]
fn a_test_asks_for_the_simulator() {
    let parse = |environment: &str| {
        let text = format!(
            r#"{{"image": "a", {environment} "timeout_seconds": 1, "expect": [{{"contains": "b"}}]}}"#
        );
        Spec::parse(&text, Path::new("test.json"))
    };
    let spec = parse(r#""simulator": {},"#).unwrap();
    assert!(matches!(spec.environment, Environment::Simulator(_)));
    for wrong in [
        "",
        r#""simulator": {"speed": 3},"#,
        r#""simulator": {}, "emulator": "qemu", "rom": "rom.elf","#,
    ] {
        let error = parse(wrong).unwrap_err().to_string();
        assert!(
            error.contains("simulator") || error.contains("speed"),
            "{error}"
        );
    }
}
