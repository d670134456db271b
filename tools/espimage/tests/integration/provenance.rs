//! `espimage provenance`.

use std::fs;

use crate::common::{Elf, Folder, pattern};
use crate::sbom::{inputs, sbom, with_inputs};

/// A folder with an image, its bill of materials and, in folders of their own, its ELF file and others.
fn built() -> Folder {
    let folder = with_inputs();
    sbom(&folder, &inputs(&folder));
    fs::create_dir_all(folder.path("elfs/deep")).expect("a folder");
    fs::create_dir_all(folder.path("others")).expect("a folder");
    fs::rename(folder.path("app.elf"), folder.path("elfs/deep/app.elf")).expect("moved");
    let other = Elf::app().with_data(".flash.text", pattern(0x5001, 9));
    folder.write("others/other.elf", other.build());
    folder.write("others/readme.txt", "not an ELF file");
    folder.write("elfs/other.elf", other.build());
    folder
}

#[track_caller]
fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no '{part}' in: {text}");
    }
}

#[test]
fn elf_and_bill_of_materials_are_found() {
    let folder = built();
    let bom: serde_json::Value =
        serde_json::from_slice(&folder.read("image.cdx.json")).expect("JSON");
    let hash = &bom["metadata"]["component"]["properties"][0]["value"];
    let hash = hash.as_str().expect("a hash");
    let elf_sha256 = &bom["metadata"]["component"]["components"][0]["hashes"][0]["content"];
    let elf_sha256 = elf_sha256.as_str().expect("a hash");
    for (image, place) in [
        ("image.bin", ", in partition 'factory'\n"),
        ("app.bin", "\n"),
    ] {
        let text = folder
            .run(&format!(
                "provenance @{image} --elf @others --elf @elfs --sbom @image.cdx.json"
            ))
            .ok();
        let first = format!("{image}: project app, version 1.2{place}");
        let path = folder.path("elfs/deep/app.elf").display().to_string();
        has(
            &text,
            &[
                &first,
                elf_sha256,
                &path,
                "image.cdx.json",
                hash,
                "//app:image",
            ],
        );
    }
    // a folder, and either of the two alone
    has(
        &folder.run("provenance @image.bin --sbom @.").ok(),
        &[hash, "image.cdx.json"],
    );
    let text = folder
        .run("provenance @image.bin --elf @elfs/deep/app.elf")
        .ok();
    has(&text, &["elfs/deep/app.elf"]);
    assert!(!text.contains(hash), "{text}");
    // without any, what is beside the image
    has(
        &folder.run("provenance @image.bin").ok(),
        &["elfs/deep/app.elf", hash],
    );
}

#[test]
fn what_was_read_back_is_an_image() {
    let folder = built();
    let mut flash = folder.read("image.bin");
    flash.resize(4 << 20, 0xFF);
    folder.write("flash.bin", &flash);
    has(
        &folder.run("provenance @flash.bin --elf @elfs").ok(),
        &["in partition 'factory'", "elfs/deep/app.elf"],
    );
    // from the bootloader on
    folder.write("rest.bin", &flash[0x1000..]);
    has(
        &folder
            .run("provenance @rest.bin --offset 0x1000 --elf @elfs")
            .ok(),
        &["in partition 'factory'"],
    );
    // the application's partition alone
    folder.write("partition.bin", &flash[0x1_0000..0x11_0000]);
    has(
        &folder.run("provenance @partition.bin --sbom @.").ok(),
        &["built from      sha256:"],
    );
}

#[test]
fn every_application_of_a_device_counts() {
    let folder = built();
    folder.write(
        "ota.csv",
        "otadata,data,ota,0x9000,8K\nota_0,app,ota_0,0x10000,1M\nota_1,app,ota_1,,1M\n",
    );
    folder
        .run("partition-table --input @ota.csv --output @ota.bin")
        .ok();
    folder
        .run("convert --elf @others/other.elf --output @other.bin")
        .ok();
    let mut flash = folder.read("image.bin");
    flash.resize(0x11_0000, 0xFF);
    let table = folder.read("ota.bin");
    flash[0x8000..0x8000 + table.len()].copy_from_slice(&table);
    folder.write("one.bin", &flash);
    has(
        &folder.run("provenance @one.bin --elf @elfs").ok(),
        &["in partition 'ota_0'"],
    );
    flash.extend(folder.read("other.bin"));
    folder.write("both.bin", &flash);
    has(
        &folder.run("provenance @both.bin --elf @elfs").ok(),
        &["'ota_0'", "'ota_1'", "deep/app.elf", "elfs/other.elf"],
    );
    let outcome = folder.run("provenance @both.bin --elf @elfs/deep");
    has(&outcome.stdout, &["'ota_0'", "'ota_1'"]);
    outcome.refused(
        "provenance_not_found",
        &[
            "both.bin: the application in partition 'ota_1'",
            "elfs/deep",
        ],
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let folder = built();
    folder
        .run("provenance @image.bin --elf @others")
        .refused(
            "provenance_not_found",
            &[
                "image.bin: the application in partition 'factory' was made from the ELF file with SHA-256 ",
                "none of the 1 ELF files in ",
                "/others",
            ],
        );
    folder
        .run("provenance @image.bin --elf @elfs --sbom @others")
        .refused(
            "provenance_not_found",
            &["none of the 0 bills of materials"],
        );
    folder
        .run("provenance @image.bin --elf @others/readme.txt")
        .refused("provenance_not_elf", &["readme.txt"]);
    folder
        .run("provenance @image.bin --sbom @elfs/other.elf")
        .refused("provenance_not_bom", &["other.elf"]);
    folder
        .run("provenance @image.bin --elf @gone")
        .refused("read", &["gone: cannot be read"]);
    // without a place to look in, nothing beside the image fits
    fs::copy(folder.path("image.bin"), folder.path("others/image.bin")).expect("copied");
    folder.run("provenance @others/image.bin").refused(
        "provenance_not_found",
        &[
            "none of the 1 ELF files and bills of materials in ",
            "/others",
        ],
    );
    folder.write("bad.cdx.json", "{}");
    folder
        .run("provenance @image.bin --sbom @bad.cdx.json")
        .refused("sbom_json", &["bad.cdx.json"]);

    let mut flash = folder.read("image.bin");
    flash.truncate(0x1_0000);
    folder.write("no_app.bin", &flash);
    folder
        .run("provenance @no_app.bin --elf @elfs")
        .refused("provenance_no_application", &["no_app.bin"]);
    folder
        .run("provenance @bootloader.bin --elf @elfs")
        .refused("app_descriptor_missing", &["bootloader.bin"]);
}

#[test]
fn a_bill_of_materials_has_to_be_true() {
    let folder = built();
    let json = String::from_utf8(folder.read("image.cdx.json")).expect("UTF-8");
    folder.write(
        "edited.cdx.json",
        json.replace("\"version\": \"3.4.0\"", "\"version\": \"3.5.0\""),
    );
    folder
        .run("provenance @image.bin --sbom @edited.cdx.json")
        .refused(
            "provenance_content_hash",
            &["edited.cdx.json: the content hash is sha256:"],
        );

    // the same program with another version: another image
    folder
        .run("convert --elf @elfs/deep/app.elf --project-version 9 --output @app.bin")
        .ok();
    folder
        .run("provenance @app.bin --sbom @image.cdx.json")
        .refused(
            "provenance_other_application",
            &["image.cdx.json: it is of an image from the same ELF file"],
        );
}
