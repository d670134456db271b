//! Runs against the simulated board.

mod support;

use std::fs;
use std::time::Duration;

use espimage::flash::FlashSize;
use espload::{After, Before, Cancel, Error, Exit, Silent, load};
use espsim::{Options, Port};
use support::*;

#[test]
fn an_empty_chip_is_written_and_verified_over_every_port() {
    let ports = [
        Port::Pty { link: None },
        Port::Tcp("127.0.0.1:0".to_owned()),
        rfc2217(),
    ];
    let files = Files::new();
    for port in ports {
        for no_stub in [false, true] {
            let args: &[&str] = if no_stub { &["--no-stub"] } else { &[] };
            let (ran, report, flash) = on_board(Options::new(port.clone()), &files.args(), args);
            assert_eq!(ran.exit, 0, "{ran:?}");
            assert!(files.are_in(&flash));
            let sum: usize = [0x1000, 0x8000, 0x1_0000]
                .into_iter()
                .zip([7, 1, 5])
                .map(|(_, n)| n)
                .sum();
            assert_eq!(report.sectors_written, sum);
            assert_eq!(
                report.commands.contains_key("MEM_END"),
                !no_stub,
                "{report:?}"
            );
            let last = ran.stdout.lines().last().unwrap();
            assert!(
                last.starts_with("wrote 13 of 13 sectors (53,248 B"),
                "{last}"
            );
            assert!(last.contains("; everything verified"), "{last}");
            let reset = last.ends_with("; reset into the application");
            assert_eq!(reset, matches!(port, Port::Rfc2217(_)), "{last}");
        }
    }
}

#[test]
fn nothing_is_written_when_nothing_differs() {
    let files = Files::new();
    let (ran, report, flash) = on_board(board(files.flash()), &files.args(), &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert_eq!((report.erase_operations, report.bytes_programmed), (0, 0));
    assert!(!report.commands.contains_key("MEM_END"), "{report:?}");
    assert_eq!(flash, files.flash());
    let lines: Vec<_> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("ESP32 rev v3.1"), "{lines:?}");
    assert!(lines[1].ends_with("  unchanged"), "{lines:?}");
    assert!(
        lines[4].starts_with("nothing to write: all 13 sectors are the same"),
        "{lines:?}"
    );
    assert_eq!(report.baud / 1000, 115, "the console's rate");
}

#[test]
fn only_sectors_that_differ_are_written() {
    let files = Files::new();
    for (changed, no_stub) in [
        (vec![2], false),
        (vec![2], true),
        (vec![0, 3, 4], false),
        (vec![1, 2], true),
    ] {
        let mut flash = files.flash();
        for sector in &changed {
            flash[APP as usize + sector * 0x1000 + 7] ^= 0x10;
        }
        let args: &[&str] = if no_stub { &["--no-stub"] } else { &[] };
        let (ran, report, after) = on_board(board(flash), &files.args(), args);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!(report.sectors_written, changed.len(), "{ran:?}");
        assert_eq!(report.sectors_erased, changed.len());
        assert_eq!(after, files.flash());
        let differ = format!("{} of 5 sectors differ", changed.len());
        assert!(ran.stdout.contains(&differ), "{ran:?}");
    }
}

#[test]
fn a_changed_bootloader_is_found_too() {
    let files = Files::new();
    let mut flash = files.flash();
    flash[0x3000] ^= 1;
    flash[0x8000] ^= 1;
    let (ran, report, after) = on_board(board(flash), &files.args(), &[]);
    assert_eq!((ran.exit, report.sectors_written), (0, 2), "{ran:?}");
    assert_eq!(after, files.flash());
}

#[test]
fn a_small_change_costs_little() {
    let files = Files::new();
    let seconds = |flash: Vec<u8>, args: &[&str]| {
        let (ran, report, _) = on_board(board(flash), &files.args(), args);
        assert_eq!(ran.exit, 0, "{ran:?}");
        report.seconds
    };
    let all = seconds(files.flash(), &["--all"]);
    let same = seconds(files.flash(), &[]);
    let mut flash = files.flash();
    flash[APP as usize + 0x2000] ^= 1;
    let small = seconds(flash, &[]);
    assert!(same < 0.2 * all, "{same} of {all}");
    assert!(small < 0.5 * all, "{small} of {all}");
}

#[test]
fn all_writes_everything() {
    let files = Files::new();
    for args in [&["--all"][..], &["--all", "--no-stub"]] {
        let (ran, report, flash) = on_board(board(files.flash()), &files.args(), args);
        assert_eq!((ran.exit, report.sectors_written), (0, 13), "{ran:?}");
        assert_eq!(flash, files.flash());
    }
}

#[test]
fn app_only_leaves_the_rest_alone() {
    let old = Files::new();
    let files = Files::with(app(2, 0, 399, FlashSize::Mb4), FlashSize::Mb4);
    let mut flash = old.flash();
    flash[0x1000] ^= 1;
    let (ran, _, after) = on_board(board(flash.clone()), &files.args(), &["--app-only"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(after[APP as usize..].starts_with(&files.app));
    assert_eq!(after[..APP as usize], flash[..APP as usize]);

    // Another partition table than the one that the application was placed by.
    flash[0x8000] ^= 1;
    let (ran, report, after) = on_board(board(flash.clone()), &files.args(), &["--app-only"]);
    assert_eq!(ran.exit, Exit::Refused as u8, "{ran:?}");
    assert!(
        ran.stderr
            .contains("--force partition-table overrides this"),
        "{ran:?}"
    );
    assert_eq!((report.erase_operations, report.bytes_programmed), (0, 0));
    assert_eq!(after, flash);
    let args = ["--app-only", "--force", "partition-table"];
    let (ran, _, after) = on_board(board(flash), &files.args(), &args);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(after[APP as usize..].starts_with(&files.app));
}

#[test]
fn erase_asks_first() {
    let files = Files::new();
    let (ran, report, flash) = on_board(board(files.flash()), &files.args(), &["--erase"]);
    assert_eq!(ran.exit, Exit::Usage as u8, "{ran:?}");
    assert!(
        ran.stderr.contains("code: espload::erase_needs_yes"),
        "{ran:?}"
    );
    assert_eq!((report.bytes_in, flash), (0, files.flash()));

    for args in [
        &["--erase", "--yes"][..],
        &["--erase", "--yes", "--no-stub"],
    ] {
        let (ran, report, flash) = on_board(board(files.flash()), &files.args(), args);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(files.are_in(&flash));
        assert_eq!(flash[NVS as usize..][..64], [0xFF; 64]);
        assert_eq!((report.sectors_erased, report.sectors_written), (1024, 13));
        assert!(ran.stdout.contains("erasing the whole flash"));
    }

    for (answer, exit) in [(false, Exit::Other), (true, Exit::Done)] {
        let board = start(board(files.flash()));
        let (path, port) = (files.args().display().to_string(), board.port());
        let mut asked = String::new();
        let args = [path.as_str(), "--port", port.as_str(), "--erase"];
        let ran = espload_with(&args, &|_| None, &mut |question| {
            asked = question.to_owned();
            Some(answer)
        });
        assert_eq!(ran.exit, exit as u8, "{ran:?}");
        assert!(asked.contains(&port), "{asked}");
        let (report, _) = board.stop().unwrap();
        assert_eq!(report.sectors_erased > 0, answer);
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let files = Files::new();
    let mut flash = files.flash();
    flash[APP as usize + 0x1234] ^= 1;
    for args in [
        &["--dry-run"][..],
        &["--dry-run", "--all"],
        &["--dry-run", "--erase"],
    ] {
        let (ran, report, after) = on_board(board(flash.clone()), &files.args(), args);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert_eq!((report.erase_operations, report.bytes_programmed), (0, 0));
        assert_eq!(after, flash);
        let last = ran.stdout.lines().last().unwrap();
        let sectors = if args.len() == 1 { 1 } else { 13 };
        assert!(
            last.starts_with(&format!(
                "dry run: {sectors} of 13 sectors would be written"
            )),
            "{last}"
        );
    }
}

#[test]
fn without_verification_it_says_so() {
    let files = Files::new();
    let args = ["--no-verify", "--json"];
    let (ran, report, flash) = on_board(board(Vec::new()), &files.args(), &args);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(files.are_in(&flash));
    assert_eq!(
        report.commands["SPI_FLASH_MD5"], 4,
        "one look at what is there"
    );
    let json = ran.json();
    assert_eq!(
        (&json["status"], &json["verified"]),
        (&"written".into(), &false.into())
    );
    assert!(
        ran.stderr
            .lines()
            .last()
            .unwrap()
            .contains("; written, not verified"),
        "{ran:?}"
    );
}

#[test]
fn json_is_one_object_on_stdout() {
    let files = Files::new();
    let (ran, _, _) = on_board(board(Vec::new()), &files.args(), &["--json"]);
    let json = ran.json();
    assert_eq!(json["status"], "done");
    assert_eq!(json["device"]["mac"], "24:0a:c4:12:34:56");
    assert_eq!(json["device"]["flash_size"], 4 << 20);
    assert_eq!(json["baud"], 460_800);
    assert_eq!(
        (&json["sectors"], &json["sectors_written"]),
        (&13.into(), &13.into())
    );
    assert_eq!(json["files"][2]["name"], "app.bin");
    assert_eq!(json["files"][2]["offset"], APP);
    assert_eq!(json["files"][2]["verified"], true);
    assert!(ran.stderr.contains("wrote 13 of 13 sectors"), "{ran:?}");

    let (ran, _, _) = on_board(board(files.flash()), &files.args(), &["--json", "-n"]);
    assert_eq!(ran.json()["status"], "dry_run");

    let ran = espload(&["none.json", "--port", "socket://127.0.0.1:1", "--json"]);
    let json = ran.json();
    assert_eq!(
        (&json["status"], &json["code"]),
        (&"error".into(), &"espload::read".into())
    );
    assert_eq!((ran.exit, &json["exit"]), (1, &1.into()));

    let ran = espload(&["--json", "--baud", "many"]);
    assert_eq!(
        (ran.exit, &ran.json()["code"]),
        (2, &"espload::usage".into())
    );
}

#[test]
fn every_refusal_leaves_the_flash_alone() {
    let good = Files::new();
    let args = |files: &Files| files.args();
    let new = |min, max, size| Files::with(app(2, min, max, size), size);
    let fuse = |text: &str| {
        let mut options = board(good.flash());
        options.chip.efuses.push(text.parse().unwrap());
        options
    };
    let changed = new(0, 399, FlashSize::Mb4);
    let too_new = new(400, 499, FlashSize::Mb4);
    let too_old = new(0, 300, FlashSize::Mb4);
    let large = new(0, 399, FlashSize::Mb8);
    let damaged = Files::with(
        {
            let mut app = app(2, 0, 399, FlashSize::Mb4);
            app[5000] ^= 1;
            app
        },
        FlashSize::Mb4,
    );
    let small = |size: usize| {
        let mut options = board(good.flash()[..size].to_vec());
        options.flash_size = size;
        options
    };
    let far = Files::new();
    far.write(&[
        ("app", 0x3F_E000, "app.bin"),
        ("bootloader", 0x1000, "bootloader.bin"),
    ]);

    // Files, board, code, what overrides it.
    let cases = [
        (
            &too_new,
            board(good.flash()),
            "espload::revision",
            Some("revision"),
        ),
        (
            &too_old,
            board(good.flash()),
            "espload::revision",
            Some("revision"),
        ),
        (
            &large,
            board(good.flash()),
            "espload::flash_size",
            Some("flash-size"),
        ),
        (
            &changed,
            fuse("flash-crypt-cnt=1"),
            "espload::flash_encryption",
            Some("flash-encryption"),
        ),
        (
            &changed,
            fuse("abs-done-0=1"),
            "espload::secure_boot",
            Some("secure-boot"),
        ),
        (
            &changed,
            fuse("abs-done-1=1"),
            "espload::secure_boot",
            Some("secure-boot"),
        ),
        (
            &damaged,
            board(good.flash()),
            "espimage::image_checksum",
            Some("image"),
        ),
        (
            &changed,
            small(1 << 20),
            "espload::flash_size",
            Some("flash-size"),
        ),
        (
            &far,
            board(good.flash()),
            "espimage::image_segment_mapping",
            Some("image"),
        ),
    ];
    for (files, options, code, force) in cases {
        let before = {
            let mut flash = options.flash.clone();
            flash.resize(options.flash_size, 0xFF);
            flash
        };
        let (ran, report, flash) = on_board(options.clone(), &args(files), &["--json"]);
        assert_eq!(ran.exit, Exit::Refused as u8, "{code}: {ran:?}");
        assert_eq!(ran.json()["code"], code);
        assert_eq!(
            (report.erase_operations, report.bytes_programmed),
            (0, 0),
            "{code}"
        );
        assert!(flash == before, "{code}");
        let Some(force) = force else { continue };
        assert_eq!(ran.json()["force"], force);
        assert!(
            ran.stderr
                .contains(&format!("--force {force} overrides this")),
            "{ran:?}"
        );
        let mut forced = vec!["--force", force];
        if std::ptr::eq(files, &far) {
            // Beyond the end there is nothing to override.
            let (ran, report, _) = on_board(options, &args(files), &forced);
            assert_eq!(ran.exit, Exit::Refused as u8, "{ran:?}");
            assert!(
                ran.stderr.contains("code: espload::beyond_flash"),
                "{ran:?}"
            );
            assert_eq!((report.erase_operations, report.bytes_programmed), (0, 0));
            continue;
        }
        forced.push("--json");
        let (ran, _, flash) = on_board(options, &args(files), &forced);
        assert_eq!(ran.exit, 0, "{code}: {ran:?}");
        assert!(files.are_in(&flash), "{code}");
    }
}

#[test]
fn files_that_cannot_be_written_are_refused_before_the_port_is_opened() {
    let files = Files::new();
    let refused = |code: &str, exit: Exit| {
        let ran = espload(&[
            files.args().to_str().unwrap(),
            "--port",
            "/dev/none",
            "--json",
        ]);
        assert_eq!(
            (ran.exit, &ran.json()["code"]),
            (exit as u8, &code.into()),
            "{ran:?}"
        );
    };
    files.write(&[("app", 0x1_0010, "app.bin")]);
    refused("espload::unaligned", Exit::Refused);
    files.write(&[
        ("bootloader", 0x1000, "bootloader.bin"),
        ("app", 0x5000, "app.bin"),
    ]);
    refused("espload::overlap", Exit::Refused);
    files.write(&[("app", APP, "gone.bin")]);
    refused("espload::read", Exit::Other);
    files.write(&[]);
    refused("espload::no_files", Exit::Other);
    fs::write(files.folder.path().join("empty.bin"), []).unwrap();
    files.write(&[("storage", 0x11_0000, "empty.bin")]);
    refused("espload::empty_file", Exit::Other);
    fs::write(files.args(), "{").unwrap();
    refused("espload::json", Exit::Other);
    let text = {
        files.write(&[("app", APP, "app.bin")]);
        fs::read_to_string(files.args()).unwrap()
    };
    fs::write(files.args(), text.replace("\"esp32\"", "\"esp32c3\"")).unwrap();
    refused("espload::unknown_chip", Exit::Refused);
    fs::write(
        files.args(),
        text.replace("\"encrypted\": \"false\"", "\"encrypted\": \"true\""),
    )
    .unwrap();
    refused("espload::encrypted_file", Exit::Refused);
    fs::write(files.args(), text.replace("\"0x10000\": ", "\"here\": ")).unwrap();
    refused("espload::offset", Exit::Other);
}

/// Changes the description.
fn edit(files: &Files, change: impl FnOnce(&mut serde_json::Value)) {
    let text = fs::read_to_string(files.args()).unwrap();
    let mut json = serde_json::from_str(&text).unwrap();
    change(&mut json);
    fs::write(files.args(), json.to_string()).unwrap();
}

#[test]
fn flash_settings_go_into_the_bootloaders_header() {
    let files = Files::new();
    for (mode, frequency, size, header) in [
        ("qio", "80m", "2MB", [0, 0x1F]),
        ("dout", "keep", "4MB", [3, 0x20]),
        ("keep", "26m", "keep", [2, 0x21]),
        ("keep", "keep", "keep", [2, 0x20]),
    ] {
        edit(&files, |json| {
            json["flash_settings"] = serde_json::json!({
                "flash_mode": mode, "flash_freq": frequency, "flash_size": size,
            });
            json["write_flash_args"] = serde_json::json!([]);
        });
        let (ran, _, flash) = on_board(board(Vec::new()), &files.args(), &[]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let mut expected = files.bootloader.clone();
        expected[2..4].copy_from_slice(&header);
        espimage::image::seal(&mut expected).unwrap();
        assert!(
            flash[0x1000..].starts_with(&expected),
            "{mode} {frequency} {size}"
        );
        assert!(
            flash[APP as usize..].starts_with(&files.app),
            "the application stays as it is"
        );
        let (ran, report, _) = on_board(board(flash), &files.args(), &[]);
        assert_eq!((ran.exit, report.sectors_written), (0, 0), "{ran:?}");
    }
}

#[test]
fn a_size_to_be_detected_is_that_of_the_header() {
    let files = Files::new();
    edit(&files, |json| {
        json["flash_settings"]["flash_size"] = "detect".into();
        json.as_object_mut().unwrap().remove("write_flash_args");
    });
    let (ran, _, flash) = on_board(board(Vec::new()), &files.args(), &[]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    assert!(files.are_in(&flash));
    for flash in [Vec::new(), files.flash()] {
        let mut options = board(flash.clone());
        options.flash_size = 8 << 20;
        let (ran, _, after) = on_board(options, &files.args(), &["--json"]);
        assert_eq!(
            (ran.exit, &ran.json()["code"]),
            (4, &"espload::detected_size".into())
        );
        assert_eq!(
            ran.json()["message"],
            "flash_size is 'detect': the flash has 8 MB, bootloader.bin's header says 4 MB"
        );
        assert!(after.starts_with(&flash) && after[flash.len()..].iter().all(|&byte| byte == 0xFF));
    }
}

#[test]
fn the_description_says_how_the_tool_runs() {
    let files = Files::new();
    edit(&files, |json| {
        json["extra_esptool_args"]["after"] = "no_reset".into();
        json["extra_esptool_args"]["stub"] = false.into();
        json["signature"] = "x".into();
    });
    let (ran, report, _) = on_board(board(Vec::new()), &files.args(), &["--json"]);
    let json = ran.json();
    assert_eq!(
        (&json["reset"], &json["stub"]),
        (&false.into(), &false.into())
    );
    assert!(
        ran.stderr.contains("signature is not known here"),
        "{ran:?}"
    );
    assert_eq!(report.resets, 2, "the start, and the reset into the loader");
    let names = [
        "--after",
        "hard_reset",
        "--before=default_reset",
        "--chip",
        "esp32",
        "--json",
    ];
    let (ran, report, _) = on_board(board(Vec::new()), &files.args(), &names);
    assert_eq!((ran.exit, &ran.json()["reset"]), (0, &true.into()));
    assert_eq!(report.resets, 3);
    edit(&files, |json| {
        json["extra_esptool_args"]["before"] = "no_reset".into()
    });
    let (ran, report, _) = on_board(board(Vec::new()), &files.args(), &["--no_stub"]);
    assert_eq!((ran.exit, report.resets), (0, 1), "{ran:?}");
}

#[test]
fn a_flash_beyond_four_megabytes_is_written_to_its_end() {
    let files = Files::with(app(3, 0, 399, FlashSize::Mb8), FlashSize::Mb8);
    let storage: Vec<u8> = (0..20_000_u32).map(|i| (i / 3) as u8).collect();
    fs::write(files.folder.path().join("storage.bin"), &storage).unwrap();
    files.write(&[
        ("bootloader", 0x1000, "bootloader.bin"),
        ("partition-table", 0x8000, "partition-table.bin"),
        ("app", APP, "app.bin"),
        ("storage", 0x7F_B000, "storage.bin"),
    ]);
    for args in [&[][..], &["--no-stub"]] {
        let mut options = board(Vec::new());
        options.flash_size = 8 << 20;
        let (ran, _, flash) = on_board(options, &files.args(), args);
        assert_eq!(ran.exit, 0, "{ran:?}");
        assert!(files.are_in(&flash) && flash[0x7F_B000..].starts_with(&storage));
    }
}

#[test]
fn older_chips_and_other_rates_work() {
    let files = Files::new();
    for (revision, baud) in [
        ("0.0", "460800"),
        ("1.0", "921600"),
        ("3.0", "1500000"),
        ("3.1", "115200"),
    ] {
        let mut options = board(Vec::new());
        options.chip.revision = revision.parse().unwrap();
        let (ran, _, flash) = on_board(options, &files.args(), &["--baud", baud, "--json"]);
        assert_eq!(ran.exit, 0, "{ran:?}");
        let json = ran.json();
        assert_eq!(json["device"]["revision"], revision);
        assert_eq!(json["baud"].to_string(), baud, "{ran:?}");
        assert!(files.are_in(&flash));
    }
}

#[test]
fn a_line_that_does_not_hold_the_rate_gets_a_lower_one() {
    let files = Files::new();
    for (fault, baud) in [
        ("max-baud:460800", 460_800),
        ("refuse-baud:1500000", 115_200),
    ] {
        let mut options = board(Vec::new());
        options.faults.push(fault.parse().unwrap());
        let board = start(options);
        let mut request = files.request();
        request.baud = 1_500_000;
        let (summary, line) = load(
            open(&board.port()),
            &request,
            &mut Silent,
            &Cancel::default(),
        )
        .unwrap();
        assert_eq!(
            (summary.baud, summary.verified, line.baud()),
            (baud, true, 115_200),
            "{fault}"
        );
        assert!(files.are_in(&board.stop().unwrap().1));
    }
}

#[test]
fn a_device_whose_md5_stays_wrong_is_not_called_done() {
    let files = Files::new();
    let mut options = board(Vec::new());
    options.faults.push("wrong-md5".parse().unwrap());
    let board = start(options);
    let error = load(
        open(&board.port()),
        &files.request(),
        &mut Silent,
        &Cancel::default(),
    )
    .unwrap_err();
    assert_eq!(
        (error.code(), error.exit()),
        ("espload::verification", Exit::Verification)
    );
}

#[test]
fn a_reset_in_the_middle_is_survived() {
    let files = Files::new();
    for fault in [
        "reset@9000",
        "reset@20000",
        "reset@9000:download",
        "silence@15000",
        "garbage-in@12000:30",
        "lose-in@25000",
        "flip-in@30000",
    ] {
        let mut options = board(Vec::new());
        options.faults.push(fault.parse().unwrap());
        let board = start(options);
        let (summary, _) = load(
            open(&board.port()),
            &files.request(),
            &mut Silent,
            &Cancel::default(),
        )
        .unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert!(
            summary.verified && summary.reconnects > 0,
            "{fault}: {summary:?}"
        );
        let (report, flash) = board.stop().unwrap();
        assert_eq!(report.faults_injected, 1, "{fault}");
        assert!(files.are_in(&flash), "{fault}");
    }
}

#[test]
fn a_pulled_cable_ends_the_run_and_the_next_one_repairs() {
    let files = Files::new();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("board");
    let mut options = Options::new(Port::Pty {
        link: Some(link.clone()),
    });
    options
        .faults
        .push("disconnect@20000:300ms".parse().unwrap());
    let board = start(options);
    let error = load(
        open(link.to_str().unwrap()),
        &files.request(),
        &mut Silent,
        &Cancel::default(),
    )
    .unwrap_err();
    assert_eq!(
        (error.code(), error.exit()),
        ("espline::gone", Exit::Transfer),
        "{error}"
    );
    assert!(!files.are_in(&board.flash().unwrap()));
    std::thread::sleep(Duration::from_millis(600));
    let (summary, _) = load(
        open(link.to_str().unwrap()),
        &files.request(),
        &mut Silent,
        &Cancel::default(),
    )
    .unwrap();
    assert!(summary.verified);
    assert!(files.are_in(&board.stop().unwrap().1));
}

#[test]
fn a_run_can_be_cancelled_and_the_next_one_repairs() {
    struct CancelAtWrite(Cancel);
    impl espload::Progress for CancelAtWrite {
        fn writing(&mut self, _: &str, done: u64, _: u64) {
            if done > 0 {
                self.0.cancel();
            }
        }
    }
    let files = Files::new();
    let board = start(board(Vec::new()));
    let cancel = Cancel::default();
    let mut request = files.request();
    request.stub = false;
    let error = load(
        open(&board.port()),
        &request,
        &mut CancelAtWrite(cancel.clone()),
        &cancel,
    )
    .unwrap_err();
    assert!(
        matches!(error, Error::Interrupted { written: true }),
        "{error}"
    );
    assert_eq!(error.exit() as u8, 130);
    assert!(!files.are_in(&board.flash().unwrap()));
    let (summary, _) = load(
        open(&board.port()),
        &files.request(),
        &mut Silent,
        &Cancel::default(),
    )
    .unwrap();
    assert!(
        summary.verified && summary.sectors_written < 13,
        "{summary:?}"
    );
    assert!(files.are_in(&board.stop().unwrap().1));
}

#[test]
fn a_device_that_was_left_at_another_rate_is_found() {
    // No reset, as over a raw socket or a pseudo-terminal: the second run meets the loader as the first one left it.
    let files = Files::new();
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("board");
    let board = start(Options::new(Port::Pty {
        link: Some(link.clone()),
    }));
    for (baud, stub) in [(460_800, true), (921_600, false), (230_400, true)] {
        let mut request = files.request();
        request.baud = baud;
        request.stub = stub;
        request.before = Before::NoReset;
        request.after = After::NoReset;
        request.all = true;
        let cancel = Cancel::default();
        struct CancelSoon(Cancel);
        impl espload::Progress for CancelSoon {
            fn writing(&mut self, _: &str, _: u64, _: u64) {
                self.0.cancel();
            }
        }
        let line = open(link.to_str().unwrap());
        load(line, &request, &mut CancelSoon(cancel.clone()), &cancel).unwrap_err();
    }
    let mut request = files.request();
    request.before = Before::NoReset;
    let (summary, _) = load(
        open(link.to_str().unwrap()),
        &request,
        &mut Silent,
        &Cancel::default(),
    )
    .unwrap();
    assert!(summary.verified && !summary.reset);
    assert!(files.are_in(&board.stop().unwrap().1));
}
