//! What is refused, with where, what and how to mend it; and no image is left.

mod common;

use common::{Folder, pattern};

const TABLE: &str = "nvs, data, nvs, 0x9000, 0x4000\notadata, data, ota, , 0x2000\nota_0, app, ota_0, , 64K\n\
    ota_1, app, ota_1, , 64K\nstorage, data, spiffs, , 0x4000\nfiles, data, fat, , 0x12000\n";
const NVS: &str = "nvs --partition-table %table.bin --partition nvs --input nvs.csv %nvs.csv";
const SPIFFS: &str = "spiffs --partition-table %table.bin --partition storage";
const FAT: &str = "fat --partition-table %table.bin --partition files";

#[test]
fn nvs_csv() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    folder.write("there.txt", [0xFF, 0]);
    for (lines, message) in [
        (
            "a,namespace,,\nk,data,u8,256",
            "nvs.csv:3:11: '256' is no u8: write a decimal number from 0 to 255",
        ),
        (
            "a,namespace,,\nk,data,i8,-129",
            "nvs.csv:3:11: '-129' is no i8: write a decimal number from -128 to 127",
        ),
        (
            "a,namespace,,\n# a comment\n\nk,data,u32,0x10",
            "nvs.csv:5:12: '0x10' is no u32: write a decimal number from 0 to 4294967295",
        ),
        (
            "a,namespace,,\nt,data,string,\"1\n2\"\nk,data,u16,",
            "nvs.csv:5:12: '' is no u16: write a decimal number from 0 to 65535",
        ),
        (
            "a,namespace,,\nk,data,float,1.5",
            "nvs.csv:3:8: the encoding 'float' is unknown: take one of u8, i8, u16, i16, u32, i32, u64, i64, string, hex2bin, base64, binary",
        ),
        (
            "a,namespace,,\nk,blob,u8,1",
            "nvs.csv:3:3: the type 'blob' is unknown: take one of data, file, namespace",
        ),
        (
            "k,data,u8,1",
            "nvs.csv:2:1: the key 'k' is in no namespace: put a line such as storage,namespace,, before it",
        ),
        (
            "a,namespace,,\nabcdefghijklmnop,data,u8,1",
            "nvs.csv:3:1: the key 'abcdefghijklmnop' has 16 bytes: keys and namespaces have at most 15",
        ),
        (
            "a,namespace,,\n,data,u8,1",
            "nvs.csv:3:1: the key is empty: name it",
        ),
        (
            "a,namespace,,\nä,data,u8,1",
            "nvs.csv:3:1: the key \"ä\" has other characters than ASCII: rename it",
        ),
        (
            "a,namespace,,x",
            "nvs.csv:2:14: the namespace 'a' has an encoding or a value: write a,namespace,,",
        ),
        (
            "a,namespace,,\nk,data,string,a,b",
            "nvs.csv:3:17: there are more than 4 columns: put a value that has commas into double quotes",
        ),
        (
            "a,namespace,,\nk,data,u8,1\nk,data,u8,2",
            "nvs.csv:4:1: the key 'k' is in 'a' already, from line 3: leave one of them out, or rename it",
        ),
        (
            "a,namespace,,\nk,data,hex2bin,abc",
            "nvs.csv:3:16: the value is not hexadecimal: write two digits for each byte",
        ),
        (
            "a,namespace,,\nk,data,hex2bin,0g",
            "nvs.csv:3:16: the value is not hexadecimal: write two digits for each byte",
        ),
        (
            "a,namespace,,\nk,data,base64,AAE",
            "nvs.csv:3:15: the value is not base64: Invalid padding: encode it anew, with padding",
        ),
        (
            "a,namespace,,\nk,file,u8,there.txt",
            "nvs.csv:3:8: the encoding 'u8' is none of a file: take one of string, hex2bin, base64, binary",
        ),
        (
            "a,namespace,,\nk,file,binary,gone.txt",
            "nvs.csv:3:15: there is no file 'gone.txt': 'gone.txt' is none of `files`, which are there.txt",
        ),
        (
            "a,namespace,,\nk,file,string,there.txt",
            "nvs.csv:3:15: the file 'there.txt' is not UTF-8: take the encoding binary",
        ),
    ] {
        folder.write("nvs.csv", format!("key,type,encoding,value\n{lines}\n"));
        folder.refused(&format!("{NVS} +there.txt"), message);
    }
    let long = format!(
        "key,type,encoding,value\na,namespace,,\nk,data,string,{}\n",
        "x".repeat(4000)
    );
    folder.write("nvs.csv", long);
    folder.refused(NVS, "nvs.csv:3:15: the value has 4000 bytes, and a string at most 3999: take the encoding binary, and nvs_get_blob()");
    folder.write(
        "nvs.csv",
        "key,type,encoding,value\na,namespace,,\nk,file,binary,x\n",
    );
    folder.refused(
        NVS,
        "nvs.csv:3:15: there is no file 'x': name it in `files`",
    );
    folder.write("nvs.csv", "a,namespace,,\n");
    folder.refused(NVS, "nvs.csv:1:1: the columns are not named: start the file with the line key,type,encoding,value");
    folder.write("nvs.csv", "# nothing\n");
    folder.refused(
        NVS,
        "nvs.csv:1:1: the file is empty: start it with the line key,type,encoding,value",
    );
    folder.write(
        "nvs.csv",
        b"key,type,encoding,value\na,namespace,,\nk,data,string,\xE4\n",
    );
    folder.refused(NVS, "nvs.csv:3:1: not UTF-8: save the file as UTF-8");
}

#[test]
fn nvs_that_does_not_fit() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    folder.write(
        "nvs.csv",
        "key,type,encoding,value\na,namespace,,\nk,file,binary,big\n",
    );
    folder.write("big", pattern(20_000, 1));
    folder.refused(
        &format!("{NVS} +big"),
        "partition 'nvs' of table.bin has 0x4000 bytes, too few for 1 value of nvs.csv, which take 0x7000: make it larger, or leave something out",
    );
    assert_eq!(
        folder
            .image("nvs --size 0x7000 --input nvs.csv %nvs.csv +big")
            .len(),
        0x7000
    );
}

#[test]
fn sizes() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    folder.write("nvs.csv", "key,type,encoding,value\n");
    let nvs = "--input nvs.csv %nvs.csv";
    for (line, message) in [
        (
            "spiffs --size 10000",
            "the size 0x2710 is not a multiple of the flash's sectors of 0x1000: take 0x3000",
        ),
        (
            "spiffs --size 0",
            "the size 0x0 is not a multiple of the flash's sectors of 0x1000: take 0x1000",
        ),
        (
            "spiffs --partition-table %table.bin --partition www",
            "table.bin: there is no partition 'www': name one of nvs, otadata, storage, files",
        ),
        (
            "spiffs --partition-table %table.bin --partition files",
            "table.bin: a SPIFFS image is for a partition of type data, subtype spiffs, and 'files' is one of type data, subtype fat: \
             change its line in the CSV, or name another",
        ),
        (
            "fat --partition-table %table.bin --partition ota_0",
            "table.bin: a FAT image is for a partition of type data, and 'ota_0' is one of type app, subtype ota_0: \
             change its line in the CSV, or name another",
        ),
        (
            "spiffs --size 0x1000",
            "the image has 0x1000 bytes, and a SPIFFS image needs at least 0x2000: make it larger",
        ),
    ] {
        folder.refused(line, message);
    }
    folder.refused(
        &format!("nvs --size 0x2000 {nvs}"),
        "the image has 0x2000 bytes, and an NVS image needs at least 0x3000: make it larger",
    );
    folder.write("broken.bin", [0; 0xC00]);
    let run =
        folder.run("spiffs --partition-table %broken.bin --partition www --output %refused.bin");
    assert!(
        run.stderr.starts_with("error: broken.bin: "),
        "{}",
        run.stderr
    );
    assert_eq!(
        folder.run("spiffs --output %refused.bin").code,
        espdata::cli::EXIT_USAGE
    );
    assert_eq!(
        folder.run("spiffs --size 6x --output %refused.bin").code,
        espdata::cli::EXIT_USAGE
    );
}

#[test]
fn files() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    folder.write("a/x", "");
    folder.refused(
        &format!("{SPIFFS} +a/x --strip-prefix www"),
        "a/x is not under 'www', which strip_prefix takes off: leave it out, or change strip_prefix",
    );
    folder.refused(
        &format!("{SPIFFS} +a/x +a/x"),
        "a/x and a/x would both be 'a/x' in the image: leave one of them out, or rename it",
    );
    let run = folder.run(&format!("{SPIFFS} +gone --output %refused.bin"));
    assert!(
        run.stderr.starts_with("error: gone: cannot be read: "),
        "{}",
        run.stderr
    );
}

#[test]
fn spiffs() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    let (fits, too_long) = ("a".repeat(30), "a".repeat(31));
    folder.write(&fits, "");
    folder.write(&too_long, "");
    folder.image(&format!("{SPIFFS} +{fits}"));
    folder.refused(
        &format!("{SPIFFS} +{too_long}"),
        &format!(
            "{too_long}: '/{too_long}' has 33 bytes with the NUL at its end, and names in SPIFFS have at most 32: rename it, or raise \
             SPIFFS_OBJ_NAME_LEN in both sdkconfig and `obj_name_len`"
        ),
    );
    // 15 pages of each block are for files, of which one is the index.
    folder.write("full", pattern(59 * 251, 1));
    folder.image(&format!("{SPIFFS} +full"));
    folder.write("full", pattern(59 * 251 + 1, 1));
    folder.refused(
        &format!("{SPIFFS} +full"),
        "partition 'storage' of table.bin has 0x4000 bytes, too few for 1 file of 14810 bytes, which take 0x5000: make it larger, or leave something out",
    );
    folder.refused(
        &format!("{SPIFFS} --page-size 300"),
        "pages of 300 bytes: SPIFFS_PAGE_SIZE is 256, 512 or 1024",
    );
    folder.refused(
        &format!("{SPIFFS} --meta-len 200"),
        "metadata of 200 bytes: beside names, SPIFFS_META_LENGTH is at most 160",
    );
    folder.refused(
        &format!("{SPIFFS} --obj-name-len 0"),
        "names of 0 bytes: SPIFFS_OBJ_NAME_LEN is 1 to 256",
    );
}

#[test]
fn fat() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    for name in ["index.html", "a:b", "dot.", "A/x", "a/y", "big"] {
        folder.write(name, "");
    }
    folder.refused(
        &format!("{FAT} +index.html"),
        "index.html: 'index.html' is no name of 8 and 3 characters: rename it, or set `long_names = True`, and FATFS_LFN_HEAP or \
         FATFS_LFN_STACK in sdkconfig",
    );
    folder.image(&format!("{FAT} --long-names +index.html"));
    folder.refused(
        &format!("{FAT} +a:b"),
        "a:b: 'a:b' has ':', which names in FAT cannot have: rename it",
    );
    folder.refused(
        &format!("{FAT} --long-names +dot."),
        "dot.: 'dot.' ends with a dot or a space, or is longer than 255 characters: rename it",
    );
    folder.refused(
        &format!("{FAT} +A/x +a/y"),
        "a/y: FAT takes 'a' for 'A' of A/x: rename one of them",
    );
    folder.write("big", pattern(40_000, 1));
    // Of 18 sectors, 4 are of wear levelling, 1 for the boot record, 2 for tables, 4 for the root.
    folder.refused(
        &format!("{FAT} +big"),
        "partition 'files' of table.bin has 0x12000 bytes, too few for 1 file of 40000 bytes, which take 0x15000: make it larger, or leave something out",
    );
    assert_eq!(folder.image("fat --size 0x15000 +big").len(), 0x15000);
}

#[test]
fn ota_data() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    let line = "ota-data --partition-table %table.bin --partition otadata --boot-slot";
    folder.refused(
        &format!("{line} 2"),
        "table.bin: there is no partition of type app and subtype ota_2: the slots are 0 to 1",
    );
    folder.write_table("otadata, data, ota, 0x9000, 0x2000\nfactory, app, factory, , 64K\n");
    folder.refused(
        &format!("{line} 0"),
        "table.bin: there is no partition of type app and subtype ota_0: add OTA partitions to the CSV",
    );
    assert_eq!(
        folder
            .run("ota-data --boot-slot 16 --size 8192 --output %refused.bin")
            .code,
        espdata::cli::EXIT_USAGE
    );
}
