//! `espimage merge`.

use espimage::flasher_args::FlasherArgs;

use crate::common::{Elf, Folder, pattern};

/// Expects that merging is refused and that nothing is written.
#[track_caller]
fn refused(folder: &Folder, more: &str, code: &str, parts: &[&str]) {
    folder.merge(more).refused(code, parts);
    assert!(!folder.exists("image.bin") && !folder.exists("flasher_args.json"));
}

#[test]
fn files_are_where_they_belong_and_the_rest_is_erased() {
    let folder = Folder::new().with_parts();
    folder.write("nvs.bin", pattern(0x5000, 1));
    folder.merge("--data nvs=@nvs.bin").ok();
    let image = folder.read("image.bin");
    let mut expected = vec![0xFF; 0x1_0000];
    for (at, name) in [
        (0x1000, "bootloader.bin"),
        (0x8000, "partition-table.bin"),
        (0x9000, "nvs.bin"),
    ] {
        let file = folder.read(name);
        expected[at..at + file.len()].copy_from_slice(&file);
    }
    expected.extend(folder.read("app.bin"));
    assert!(image == expected);
    folder.run("verify @image.bin --elf @app.elf").ok();
}

#[test]
fn flasher_args_are_idfs() {
    let folder = Folder::new().with_parts();
    folder.write("nvs.bin", [1, 2, 3]);
    folder.merge("--data nvs=@nvs.bin").ok();
    let expected = r#"{
  "write_flash_args": [
    "--flash_mode",
    "dio",
    "--flash_size",
    "4MB",
    "--flash_freq",
    "40m"
  ],
  "flash_settings": {
    "flash_mode": "dio",
    "flash_size": "4MB",
    "flash_freq": "40m"
  },
  "flash_files": {
    "0x1000": "bootloader.bin",
    "0x8000": "partition-table.bin",
    "0x9000": "nvs.bin",
    "0x10000": "app.bin"
  },
  "bootloader": {
    "offset": "0x1000",
    "file": "bootloader.bin",
    "encrypted": "false"
  },
  "app": {
    "offset": "0x10000",
    "file": "app.bin",
    "encrypted": "false"
  },
  "partition-table": {
    "offset": "0x8000",
    "file": "partition-table.bin",
    "encrypted": "false"
  },
  "nvs": {
    "offset": "0x9000",
    "file": "nvs.bin",
    "encrypted": "false"
  },
  "extra_esptool_args": {
    "after": "hard_reset",
    "before": "default_reset",
    "stub": true,
    "chip": "esp32"
  }
}
"#;
    let json = String::from_utf8(folder.read("flasher_args.json")).unwrap();
    assert_eq!(json, expected);
    let args: FlasherArgs = serde_json::from_str(&json).unwrap();
    assert_eq!(args.to_json(), expected);
    folder.merge("--flash-args @flash_args").ok();
    assert_eq!(
        String::from_utf8(folder.read("flash_args")).unwrap(),
        "-fm dio -fs 4MB -ff 40m\n0x1000 bootloader.bin\n0x8000 partition-table.bin\n0x10000 app.bin\n"
    );
}

#[test]
fn quad_mode_is_flashed_as_dual() {
    let folder = Folder::new().with_parts();
    folder
        .run("bootloader --flash-mode qio --output @bootloader.bin")
        .ok();
    folder.merge("--flash-mode qio").ok();
    let json = String::from_utf8(folder.read("flasher_args.json")).unwrap();
    assert!(json.contains(r#""flash_mode": "dio""#), "{json}");
}

#[test]
fn app_goes_into_the_first_ota_slot_without_a_factory_partition() {
    let folder = Folder::new().with_parts();
    folder.write(
        "p.csv",
        "o,data,ota,,8K\nb,app,ota_1,,1M\na,app,ota_0,,1M\n",
    );
    folder
        .run("partition-table --input @p.csv --output @partition-table.bin")
        .ok();
    folder.merge("").ok();
    assert_eq!(
        folder.read("image.bin")[0x11_0000..],
        folder.read("app.bin")
    );
    folder.merge("--app-partition b").ok();
    assert_eq!(folder.read("image.bin")[0x1_0000..], folder.read("app.bin"));
}

#[test]
fn app_larger_than_its_partition() {
    let folder = Folder::new().with_parts();
    folder.write("p.csv", "small,app,factory,0x10000,4K\n");
    folder
        .run("partition-table --input @p.csv --output @partition-table.bin")
        .ok();
    let over = folder.read("app.bin").len() - 4096;
    refused(
        &folder,
        "",
        "over_partition",
        &["app.bin", &format!("{over} bytes too large"), "'small'"],
    );
}

#[test]
fn data_larger_than_its_partition() {
    let folder = Folder::new().with_parts();
    folder.write("nvs.bin", pattern(0x6001, 1));
    refused(
        &folder,
        "--data nvs=@nvs.bin",
        "over_partition",
        &["nvs.bin", "1 bytes too large", "'nvs'"],
    );
}

#[test]
fn the_application_in_place_of_the_bootloader() {
    // The boot loop of the project that this one replaces: the application at 0x1000.
    let folder = Folder::new().with_parts();
    folder
        .run(
            "merge --bootloader @app.bin --partition-table @partition-table.bin --app @bootloader.bin \
             --output @image.bin --flasher-args @flasher_args.json",
        )
        .refused("bootloader_is_app", &["app.bin: offset 0x1000", "--app"]);
    assert!(!folder.exists("image.bin"));
}

#[test]
fn a_bootloader_in_place_of_the_application() {
    let folder = Folder::new().with_parts();
    folder.write("b.bin", folder.read("bootloader.bin"));
    folder
        .run(
            "merge --bootloader @bootloader.bin --partition-table @partition-table.bin --app @b.bin \
             --output @image.bin --flasher-args @flasher_args.json",
        )
        .refused("image_over_bootloader_ram", &["b.bin: offset 0x1", "0x3fff0040"]);
}

#[test]
fn colliding_offsets() {
    let folder = Folder::new().with_parts();
    let run = |bootloader: &str, more: &str| {
        folder.run(&format!(
            "merge --bootloader @bootloader.bin@{bootloader} --partition-table @partition-table.bin --app @app.bin \
             --output @image.bin --flasher-args @flasher_args.json {more}"
        ))
    };
    run("0x10000", "").refused("files_collide", &["app.bin", "bootloader.bin", "0x10000"]);
    run("0x4000", "").refused(
        "files_collide",
        &["partition-table.bin at 0x8000 overlaps bootloader.bin"],
    );
    run("0x2000", "--partition-table-offset 0x9000").refused("partition_over_table", &["'nvs'"]);
    run("0x0", "").refused("bootloader_offset", &["0x0", "0x1000"]);
    run("0x1000", "").ok();
}

#[test]
fn bootloader_reaching_into_the_table() {
    let folder = Folder::new().with_parts();
    let mut bootloader = folder.read("bootloader.bin");
    bootloader.resize(0x7004, 0);
    folder.write("bootloader.bin", bootloader);
    refused(
        &folder,
        "",
        "bootloader_too_large",
        &["bootloader.bin: ", "4 bytes too large"],
    );
}

#[test]
fn bootloader_with_other_settings() {
    let folder = Folder::new().with_parts();
    refused(
        &folder,
        "--flash-size 8MB",
        "bootloader_settings",
        &["dio 40m 4MB", "dio 40m 8MB"],
    );
}

#[test]
fn partition_beyond_the_flash() {
    let folder = Folder::new().with_parts();
    folder
        .run("bootloader --flash-size 1MB --output @bootloader.bin")
        .ok();
    refused(
        &folder,
        "--flash-size 1MB",
        "partition_beyond_flash",
        &["partition-table.bin", "'factory'"],
    );
}

#[test]
fn csv_in_place_of_the_binary_table() {
    let folder = Folder::new().with_parts();
    folder.write("partition-table.bin", folder.read("partitions.csv"));
    refused(
        &folder,
        "",
        "partition_table_not_binary",
        &["partition-table.bin", "espimage partition-table"],
    );
}

#[test]
fn a_table_with_something_behind_it() {
    let folder = Folder::new().with_parts();
    let mut table = folder.read("partition-table.bin");
    table.push(0);
    folder.write("partition-table.bin", table);
    refused(&folder, "", "partition_table_len", &["3073"]);
}

#[test]
fn partitions_that_are_not_there_or_not_for_applications() {
    let folder = Folder::new().with_parts();
    folder.write("x.bin", [0]);
    refused(
        &folder,
        "--data x=@x.bin",
        "partition_unknown",
        &["'x'", "nvs, factory"],
    );
    refused(
        &folder,
        "--app-partition ota",
        "partition_unknown",
        &["'ota'"],
    );
    refused(
        &folder,
        "--app-partition nvs",
        "not_an_app_partition",
        &["'nvs'", "data"],
    );
    folder.write("p.csv", "nvs,data,nvs,,24K\n");
    folder
        .run("partition-table --input @p.csv --output @partition-table.bin")
        .ok();
    refused(&folder, "", "no_app_partition", &["factory"]);
}

#[test]
fn two_files_for_one_place_or_name() {
    let folder = Folder::new().with_parts();
    folder.write("a.bin", [0]).write("b.bin", [0]);
    refused(
        &folder,
        "--data nvs=@a.bin --data nvs=@b.bin",
        "files_collide",
        &["a.bin", "b.bin"],
    );
    refused(
        &folder,
        "--data factory=@a.bin",
        "files_collide",
        &["a.bin", "app.bin"],
    );
    std::fs::create_dir(folder.path("other")).unwrap();
    folder.write("other/app.bin", [0]);
    refused(
        &folder,
        "--data nvs=@other/app.bin",
        "file_name_twice",
        &["app.bin"],
    );
    folder.write("p.csv", "app,data,nvs,,24K\nf,app,factory,,1M\n");
    folder
        .run("partition-table --input @p.csv --output @partition-table.bin")
        .ok();
    refused(&folder, "--data app=@a.bin", "entry_name_twice", &["'app'"]);
}

#[test]
fn an_application_that_would_not_start() {
    let folder = Folder::new().with_parts();
    let mut app = folder.read("app.bin");
    app[0x200] ^= 1; // in flash data
    folder.write("app.bin", app);
    refused(&folder, "", "image_checksum", &["app.bin: offset 0x2"]);
}

#[test]
fn an_application_over_the_bootloaders_data() {
    let folder = Folder::new().with_parts();
    let elf = Elf::app().with(crate::common::Section::new(
        ".high",
        0x3FFF_0000,
        pattern(16, 1),
    ));
    folder.write("app.elf", elf.build());
    folder
        .run("convert --elf @app.elf --output @app.bin")
        .refused("image_segment_outside", &["0x3fff0000"]);
}

#[test]
fn nothing_is_written_when_one_output_cannot_be() {
    let folder = Folder::new().with_parts();
    folder
        .run(
            "merge --bootloader @bootloader.bin --partition-table @partition-table.bin --app @app.bin \
             --output @image.bin --flasher-args @missing/flasher_args.json",
        )
        .refused("write", &["missing/flasher_args.json"]);
    assert!(!folder.exists("image.bin"));
    assert!(folder.names().iter().all(|name| !name.contains(".part")));
}

#[test]
fn a_missing_input() {
    let folder = Folder::new().with_parts();
    refused(
        &folder,
        "--data nvs=@gone.bin",
        "read",
        &["gone.bin: cannot be read"],
    );
}

#[test]
fn ota_data_select_the_application_to_verify() {
    let folder = Folder::new().with_parts();
    folder.write(
        "p.csv",
        "o,data,ota,,8K\na,app,ota_0,,1M\nb,app,ota_1,,1M\nc,app,ota_2,,1M\n",
    );
    folder
        .run("partition-table --input @p.csv --output @partition-table.bin")
        .ok();
    folder.write("selects_b.bin", espimage::ota_data::image(1));
    folder.write("selects_c.bin", espimage::ota_data::image(2));

    folder
        .merge("--app-partition b --data o=@selects_b.bin")
        .ok();
    folder.run("verify @image.bin --elf @app.elf").ok();
    // The bootloader would go on to what is below, but that the selected one is not there is no wish of anybody.
    folder
        .merge("--app-partition b --data o=@selects_c.bin")
        .ok();
    folder
        .run("verify @image.bin --elf @app.elf --level build")
        .refused("merged_too_short", &["application in partition 'c'"]);
    folder.merge("--app-partition b").ok();
    folder
        .run("verify @image.bin --elf @app.elf --level build")
        .refused("image_magic", &["application in partition 'a'"]);
}
