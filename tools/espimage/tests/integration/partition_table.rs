//! `espimage partition-table`.

use md5::{Digest, Md5};

use crate::common::{Folder, Outcome};

const TABLE: &str = "partition-table --input @partitions.csv --flash-size 4MB --output @table.bin";

fn table(csv: impl AsRef<[u8]>, more: &str) -> (Folder, Outcome) {
    let folder = Folder::new();
    folder.write("partitions.csv", csv);
    let outcome = folder.run(&format!("{TABLE} {more}"));
    (folder, outcome)
}

fn binary(csv: &str) -> Vec<u8> {
    let (folder, outcome) = table(csv, "");
    outcome.ok();
    folder.read("table.bin")
}

/// Expects that the table is refused and that nothing is written.
#[track_caller]
fn refused(csv: impl AsRef<[u8]>, code: &str, parts: &[&str]) {
    let (folder, outcome) = table(csv, "");
    outcome.refused(code, &[&["partitions.csv:"], parts].concat());
    assert_eq!(folder.names(), ["partitions.csv"]);
}

/// Name, type, subtype, offset, size, flags.
type Entry = (String, u8, u8, u32, u32, u32);

fn entry(bytes: &[u8]) -> Entry {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    assert_eq!(bytes[..2], [0xAA, 0x50]);
    let name = bytes[12..28].split(|&byte| byte == 0).next().unwrap();
    let name = String::from_utf8(name.to_vec()).unwrap();
    (name, bytes[2], bytes[3], word(4), word(8), word(28))
}

fn entries(csv: &str) -> Vec<Entry> {
    let bytes = binary(csv);
    let used = bytes.chunks(32).take_while(|entry| entry[0] == 0xAA);
    used.map(entry).collect()
}

fn one(csv: &str) -> Entry {
    entries(csv).remove(0)
}

fn owned(name: &str, kind: u8, subtype: u8, offset: u32, size: u32, flags: u32) -> Entry {
    (name.to_owned(), kind, subtype, offset, size, flags)
}

#[test]
fn fields_of_every_entry() {
    let csv = "\
# Name,   Type, SubType,  Offset,   Size,  Flags
nvs,      data, nvs,      0x9000,  0x4000,
otadata,  data, ota,      0xd000,  0x2000,
phy_init, data, phy,      0xf000,  0x1000, readonly
factory,  app,  factory,  ,        1M,

ota_0,    app,  ota_0,    ,        1024K, encrypted
keys,     data, nvs_keys, ,        4096,  encrypted:readonly
own,      0x40, 0x12,     ,        0x1000
";
    let expected = [
        owned("nvs", 1, 2, 0x9000, 0x4000, 0),
        owned("otadata", 1, 0, 0xD000, 0x2000, 0),
        owned("phy_init", 1, 1, 0xF000, 0x1000, 2),
        owned("factory", 0, 0, 0x1_0000, 0x10_0000, 0),
        owned("ota_0", 0, 0x10, 0x11_0000, 0x10_0000, 1),
        owned("keys", 1, 4, 0x21_0000, 0x1000, 3),
        owned("own", 0x40, 0x12, 0x21_1000, 0x1000, 0),
    ];
    assert_eq!(entries(csv), expected);
}

#[test]
fn md5_and_padding() {
    let bytes = binary("nvs,data,nvs,,24K\nfactory,app,factory,,1M\n");
    assert_eq!(bytes.len(), 0xC00);
    assert_eq!(bytes[64..80], [&[0xEB, 0xEB][..], &[0xFF; 14]].concat());
    assert_eq!(bytes[80..96], Md5::digest(&bytes[..64])[..]);
    assert!(bytes[96..].iter().all(|&byte| byte == 0xFF));
}

#[test]
fn md5_of_idfs_own_single_app_table() {
    // ESP-IDF, components/partition_table/partitions_singleapp.csv; the MD5 is the one that gen_esp32part.py writes.
    let csv =
        "nvs, data, nvs, , 0x6000,\nphy_init, data, phy, , 0x1000,\nfactory, app, factory, , 1M,\n";
    let bytes = binary(csv);
    let hex: String = bytes[112..128]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, "f4ad4f4538564b5d7435b62c75b69524");
}

#[test]
fn missing_offsets_follow_the_alignment_of_the_type() {
    let csv = "a,data,0x99,,0x3000\nb,app,factory,,64K\nc,data,nvs,,12K\nd,app,ota_0,,64K\n";
    let offsets: Vec<_> = entries(csv).iter().map(|entry| entry.3).collect();
    assert_eq!(offsets, [0x9000, 0x1_0000, 0x2_0000, 0x3_0000]);
}

#[test]
fn table_at_another_offset() {
    let (folder, outcome) = table(
        "nvs,data,nvs,,24K\nfactory,app,factory,,1M\n",
        "--offset 0x10000",
    );
    outcome.ok();
    assert_eq!(entry(&folder.read("table.bin")).3, 0x1_1000);
}

#[test]
fn byte_order_mark_is_skipped() {
    assert_eq!(one("\u{feff}f,app,factory,,1M").0, "f");
}

#[test]
fn negative_size_is_the_end() {
    assert_eq!(one("f,app,factory,0x10000,-1M").4, 0xF_0000);
}

#[test]
fn names_are_case_insensitive_and_numbers_are_pythons() {
    assert_eq!(
        one("f,APP,Factory,0x10000,0X100000"),
        owned("f", 0, 0, 0x1_0000, 0x10_0000, 0)
    );
    assert_eq!(one("f,0,0,65536,1m").3, 0x1_0000);
    assert_eq!(one("f,0b0,0o20,0x10000,64k").2, 0x10);
    refused("f,app,factory,010,1M", "partition_number", &["'010'"]);
}

#[test]
fn data_without_subtype_is_undefined() {
    assert_eq!(one("d,data,,,4K").2, 0x06);
}

#[test]
fn entries_for_bootloader_and_table_are_placed() {
    let csv = "b,bootloader,primary,,\np,partition_table,primary,,\nf,app,factory,,1M\n";
    let expected = [
        owned("b", 2, 0, 0x1000, 0x7000, 0),
        owned("p", 3, 0, 0x8000, 0x1000, 0),
        owned("f", 0, 0, 0x1_0000, 0x10_0000, 0),
    ];
    assert_eq!(entries(csv), expected);
    refused(
        "b,bootloader,primary,0x2000,",
        "partition_primary",
        &["0x1000", "0x7000"],
    );
}

#[test]
fn sizes_of_bootloaders_and_tables_are_idfs() {
    let csv = "\
b,bootloader,primary,N/A,N/A
t,partition_table,primary
f,app,factory,,1M
b2,bootloader,ota,,24K
t2,partition_table,ota,,8K
";
    let expected = [
        owned("b", 2, 0, 0x1000, 0x7000, 0),
        owned("t", 3, 0, 0x8000, 0x1000, 0),
        owned("f", 0, 0, 0x1_0000, 0x10_0000, 0),
        owned("b2", 2, 1, 0x11_0000, 0x7000, 0),
        owned("t2", 3, 1, 0x11_7000, 0x1000, 0),
    ];
    assert_eq!(entries(csv), expected);
    let recovery = "f,app,factory,,1M\nr,bootloader,recovery,N/A,N/A\n";
    refused(
        recovery,
        "partition_recovery_offset",
        &[":2:", "--recovery-bootloader-offset"],
    );
    let (folder, outcome) = table(recovery, "--recovery-bootloader-offset 0x200000");
    outcome.ok();
    let bytes = folder.read("table.bin");
    assert_eq!(
        entry(&bytes[32..64]),
        owned("r", 2, 2, 0x20_0000, 0x7000, 0)
    );
}

#[test]
fn subtypes_that_a_project_names() {
    let folder = Folder::new();
    folder.write("p.csv", "s,data,Settings,,4K\n");
    let run = |extra: &str| {
        let path = |name: &str| folder.path(name).display().to_string();
        let (input, output) = (path("p.csv"), path("t.bin"));
        let args = [
            "espimage",
            "partition-table",
            "--input",
            &input,
            "--output",
            &output,
        ];
        let extra = ["--extra-partition-subtypes", extra];
        folder.run_args(
            [&args[..], &extra]
                .concat()
                .into_iter()
                .map(str::to_owned)
                .collect(),
        )
    };
    run("data, settings, 40").ok();
    assert_eq!(
        entry(&folder.read("t.bin")),
        owned("s", 1, 0x40, 0x9000, 0x1000, 0)
    );
    for wrong in [
        "data, settings",
        "apps, settings, 0x40",
        "data, settings, 0x02",
        "data, nvs, 0x40",
    ] {
        assert_eq!(run(wrong).code, 2, "{wrong}");
    }
}

#[test]
fn text_as_editors_save_it() {
    let csv = "# ä\nf,app,factory,,1M\n";
    let utf16: Vec<u16> = csv.encode_utf16().collect();
    let le = utf16.iter().flat_map(|unit| unit.to_le_bytes());
    let be = utf16.iter().flat_map(|unit| unit.to_be_bytes());
    let utf32 = csv.chars().flat_map(|c| u32::from(c).to_le_bytes());
    for bytes in [
        [b"\xFF\xFE".to_vec(), le.collect()].concat(),
        [b"\xFE\xFF".to_vec(), be.collect()].concat(),
        [b"\xFF\xFE\0\0".to_vec(), utf32.collect()].concat(),
        csv.replace('\n', "\r").into_bytes(),
        csv.replace('\n', "\r\n").into_bytes(),
        csv.replace("1M", " 1 M ").into_bytes(),
        csv.replace("1M", "0x10_0000").into_bytes(),
    ] {
        let (folder, outcome) = table(&bytes, "");
        outcome.ok();
        assert_eq!(folder.read("table.bin"), binary(csv));
    }
}

#[test]
fn a_name_that_csv_cannot_hold() {
    let mut bytes = binary("a_b,app,factory,,1M");
    bytes[13] = b',';
    bytes[32..].fill(0xFF);
    let folder = Folder::new();
    folder.write("t.bin", &bytes);
    folder
        .run("partition-table --input @t.bin --output @o.csv")
        .refused("partition_name_not_csv", &["'a,b'"]);
}

#[test]
fn csv_comes_back_from_binary() {
    let csv = "\
# ESP-IDF Partition Table
# Name, Type, SubType, Offset, Size, Flags
nvs,data,nvs,0x9000,24K,
factory,app,factory,0x10000,1M,encrypted
own,0x41,0x07,0x110000,0x1234,readonly
";
    let folder = Folder::new();
    folder.write("table.bin", binary(csv));
    folder
        .run("partition-table --input @table.bin --output @out.csv")
        .ok();
    assert_eq!(String::from_utf8(folder.read("out.csv")).unwrap(), csv);
    folder
        .run("partition-table --input @table.bin --output @again.bin")
        .ok();
    assert_eq!(folder.read("again.bin"), folder.read("table.bin"));
}

#[test]
fn table_is_readable_for_esp_idf_part() {
    let bytes = binary("nvs,data,nvs,,24K\nfactory,app,factory,,1M,encrypted\n");
    let table = esp_idf_part::PartitionTable::try_from_bytes(bytes).unwrap();
    let factory = table.find("factory").unwrap();
    assert_eq!((factory.offset(), factory.size()), (0x1_0000, 0x10_0000));
    assert_eq!(factory.flags(), esp_idf_part::Flags::ENCRYPTED);
}

#[test]
fn overlap() {
    refused(
        "a,app,factory,0x10000,1M\nb,data,nvs,0x100000,24K\n",
        "partition_overlap",
        &["partitions.csv:2: ", "'b'", "(line 1)", "24576 bytes"],
    );
}

#[test]
fn overlap_with_the_table() {
    refused(
        "nvs,data,nvs,0x8000,24K",
        "partition_over_table",
        &[":1:", "0x8000", "0x9000"],
    );
    refused(
        "app,app,factory,0x0,1M",
        "partition_over_table",
        &["'app' at 0x0"],
    );
    let (_, outcome) = table("nvs,data,nvs,0x9000,24K", "--offset 0x10000");
    outcome.refused(
        "partition_below_table",
        &["0x9000..0xf000 is below", "0x10000..0x11000"],
    );
}

#[test]
fn offsets_in_descending_order() {
    refused(
        "f,app,factory,0x10000,1M\nnvs,data,nvs,0x9000,24K\n",
        "partition_order",
        &[":2:", "0x9000", "sort the lines"],
    );
}

#[test]
fn misaligned_offset() {
    refused(
        "f,app,factory,0x11000,1M",
        "partition_misaligned",
        &[":1:", "0x11000", "0x10000", "use 0x20000"],
    );
    refused(
        "d,data,nvs,0x9100,24K",
        "partition_misaligned",
        &["0x9100", "use 0xa000"],
    );
}

#[test]
fn unknown_type_or_subtype() {
    refused("f,apps,factory,,1M", "partition_type", &[":1:", "'apps'"]);
    refused("f,0xff,0,,1M", "partition_type", &[":1:", "'0xff'"]);
    refused(
        "f,app,fabric,,1M",
        "partition_subtype",
        &["'fabric'", "factory, ota_0"],
    );
    refused(
        "f,data,factory,,1M",
        "partition_subtype",
        &["type data", "nvs"],
    );
    refused("f,0x40,nvs,,1M", "partition_subtype", &["number from 0x00"]);
    for (kind, number) in [("data", 1), ("app", 0), ("0x40", 0x40)] {
        assert_eq!(one(&format!("f,{kind},0xff,,64K")).2, 0xFF, "{number}");
    }
    refused("f,app,256,,1M", "partition_subtype", &["'256'"]);
}

#[test]
fn name_too_long() {
    assert_eq!(one("fifteen_letters,app,factory,,1M").0, "fifteen_letters");
    refused(
        "seventeen_letters,app,factory,,1M",
        "partition_name_too_long",
        &[":1:", "17 bytes", "16"],
    );
    refused(
        "aäääääääö,app,factory,,1M",
        "partition_name_too_long",
        &["17 bytes"],
    );
    assert_eq!(
        one("sixteen__letters,app,factory,,1M").0,
        "sixteen__letters"
    );
    refused(",app,factory,,1M", "partition_name_empty", &[":1:"]);
}

#[test]
fn duplicate_name() {
    refused(
        "a,app,factory,,1M\na,data,nvs,,24K\n",
        "partition_duplicate",
        &[":2:", "'a'", "line 1"],
    );
}

#[test]
fn too_many_entries() {
    let lines = |count: usize| {
        (0..count)
            .map(|i| format!("d{i},data,0x99,,4K\n"))
            .collect::<String>()
    };
    assert_eq!(entries(&lines(94)).len(), 94);
    refused(lines(95), "partition_too_many", &["95 partitions", "94"]);
}

#[test]
fn beyond_the_flash() {
    refused(
        "f,app,factory,0x10000,4M",
        "partition_beyond_flash",
        &[":1:", "'f'", "65536 bytes beyond", "4MB"],
    );
    refused(
        "f,app,factory,0xFFFF0000,1M",
        "partition_beyond_flash",
        &["4MB"],
    );
    refused(
        "a,data,0x99,,0xFFFFF000\nb,data,0x99,,4K",
        "partition_beyond_addresses",
        &[":2:"],
    );
}

#[test]
fn empty_table() {
    refused("", "partition_table_empty", &["empty"]);
    refused(
        "# only a comment\n\n  \n",
        "partition_table_empty",
        &["add at least"],
    );
}

#[test]
fn not_text() {
    refused(
        [0x7F, b'E', 0xFF, 0xFE],
        "partition_csv_not_text",
        &["byte 2"],
    );
    refused(
        b"# a\nnvs,data\0",
        "partition_csv_control",
        &[":2: ", "0x00", "UTF-16"],
    );
    refused(
        b"\xFF\xFEa\0b",
        "partition_csv_not_text",
        &["byte 4 is not UTF-16"],
    );
    refused(
        b"\xFF\xFE\0\xD8",
        "partition_csv_not_text",
        &["byte 2 is not UTF-16"],
    );
}

#[test]
fn line_too_short() {
    refused(
        "# ok\nnvs,data,nvs\n",
        "partition_csv_empty",
        &["partitions.csv:2: ", "size"],
    );
    refused("f,app,factory,,", "partition_csv_empty", &["size"]);
    refused("f,,factory,,1M", "partition_csv_empty", &["type"]);
    refused("f,app,,,1M", "partition_csv_empty", &["subtype"]);
}

#[test]
fn line_too_long() {
    refused(
        "n,data,nvs,,24K,encrypted,readonly",
        "partition_csv_extra",
        &["'readonly'", "':'"],
    );
    // ESP-IDF's tool does not look behind the flags.
    assert_eq!(one("n,data,nvs,,24K,encrypted, # why, not").5, 1);
    assert_eq!(one("n,data,nvs,,24K,,,#,x").5, 0);
}

#[test]
fn numbers_that_are_none() {
    refused(
        "f,app,factory,here,1M",
        "partition_number",
        &["offset 'here'"],
    );
    refused("f,app,factory,,1G", "partition_number", &["size '1G'"]);
    refused("f,app,factory,,8192M", "partition_number", &["'8192M'"]);
    refused("f,app,factory,,0", "partition_size_zero", &["'f'"]);
    refused(
        "f,app,factory,0x20000,-0x10000",
        "partition_ends_before_start",
        &["0x10000", "0x20000"],
    );
    refused("f,app,factory,,$SIZE", "partition_csv_variable", &["$SIZE"]);
}

#[test]
fn unknown_flag() {
    refused(
        "f,app,factory,,1M,crypted",
        "partition_flag",
        &["'crypted'"],
    );
}

#[test]
fn rules_for_special_partitions() {
    refused(
        "o,data,ota,,4K",
        "partition_otadata_size",
        &["0x1000", "0x2000"],
    );
    refused(
        "o,data,ota,,8K,readonly",
        "partition_never_readonly",
        &["ota"],
    );
    refused(
        "c,data,coredump,,64K,readonly",
        "partition_never_readonly",
        &["coredump"],
    );
    refused(
        "n,data,nvs,,8K",
        "partition_nvs_size",
        &["0x2000", "0x3000"],
    );
    assert_eq!(one("n,data,nvs,,8K,readonly").4, 0x2000);
    refused(
        "f,app,factory,,0x10800",
        "partition_app_size",
        &["0x10800", "0x1000"],
    );
    refused(
        "t,data,tee_ota,,4K",
        "partition_otadata_size",
        &["0x1000", "0x2000"],
    );
    refused(
        "a,app,factory,,64K\nb,app,factory,,64K",
        "partition_twice",
        &[":2:", "app,factory", "the last alone"],
    );
    refused(
        "a,app,test,,64K\nb,app,test,,64K",
        "partition_twice",
        &["app,test"],
    );
    refused(
        "a,data,ota,,8K\nb,data,ota,,8K",
        "partition_twice",
        &["data,ota"],
    );
    assert_eq!(entries("a,data,nvs,,12K\nb,data,nvs,,12K").len(), 2);
}

#[test]
fn an_app_partition_above_16_mb() {
    let folder = Folder::new();
    folder.write("p.csv", "f,app,factory,,17M");
    folder
        .run("partition-table --input @p.csv --flash-size 32MB --output @t.bin")
        .refused("partition_app_too_large", &["'f'"]);
}

#[test]
fn a_table_offset_that_is_no_sector() {
    let (_, outcome) = table("f,app,factory,,1M", "--offset 0x8100");
    outcome.refused("partition_table_offset", &["0x8100"]);
}

#[test]
fn a_table_without_md5_is_what_the_bootloader_takes() {
    let good = binary("factory,app,factory,,1M\n");
    let folder = Folder::new();
    folder.write("t.bin", [&good[..32], &[0xFF; 64]].concat());
    folder
        .run("partition-table --input @t.bin --output @o.csv")
        .ok();
    assert!(folder.exists("o.csv"));
}

#[test]
fn broken_binary_tables() {
    let good = binary("nvs,data,nvs,,24K\nfactory,app,factory,,1M\n");
    let refused = |bytes: &[u8], code: &str, parts: &[&str]| {
        let folder = Folder::new();
        folder.write("t.bin", bytes);
        folder
            .run("partition-table --input @t.bin --output @o.csv")
            .refused(code, parts);
        assert_eq!(folder.names(), ["t.bin"]);
    };
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    refused(&with(8, 1), "partition_md5", &["offset 0x8050"]);
    refused(
        &with(32, 0),
        "partition_entry_magic",
        &["offset 0x8020", "0050"],
    );
    let mut unnamed = [&good[..64], &[0xFF; 64]].concat();
    unnamed[12] = 0xFF;
    refused(&unnamed, "partition_name_not_text", &["offset 0x800c"]);
    refused(&good[..96], "partition_table_unterminated", &["end marker"]);
    refused(&good[..70], "partition_table_unterminated", &["end marker"]);
}
