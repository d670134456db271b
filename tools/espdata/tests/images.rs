//! Images, read back.

mod common;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use esp_nvs_partition_tool::{DataValue, EntryContent, NvsPartition};

use common::{Folder, pattern};

const TABLE: &str = "nvs, data, nvs, 0x9000, 0x6000\notadata, data, ota, , 0x2000\nota_0, app, ota_0, , 64K\n\
    ota_1, app, ota_1, , 64K\nstorage, data, spiffs, , 0x20000\nfiles, data, fat, , 0x40000\n";

#[test]
fn nvs_has_every_kind_of_value() {
    let folder = Folder::new();
    folder.write(
        "conf/nvs.csv",
        "\u{FEFF}# made by hand\r\nkey,type,encoding,value\r\n\r\nwifi,namespace,,\r\nssid,data,string,\"a \"\"b\"\", c\"\r\n\
         port,data,U16, 8883 \r\n# between\r\nmin,data,i64,-9223372036854775808\r\nmesh,namespace\r\nid,data,hex2bin,00fFa5\r\n\
         key,data,base64,AAEC\r\nraw,data,binary,xyz\r\ncert,file,string,../cert.pem\r\nblob,file,binary,./big.bin\r\n\
         hex,file,hex2bin,h.txt\r\nwifi,namespace,,\r\nlast,data,u8,255\r\n",
    );
    let big = pattern(9000, 1);
    folder.write("conf/big.bin", &big);
    folder.write("conf/h.txt", "0102\n");
    folder.write("cert.pem", "-----BEGIN\nEND\n");
    let image = folder.image(
        "nvs --size 0x6000 --input conf/nvs.csv %conf/nvs.csv +conf/big.bin +conf/h.txt +cert.pem",
    );
    assert_eq!(image.len(), 0x6000);
    let text = |text: &str| DataValue::String(text.to_owned());
    let expected = [
        ("wifi", "ssid", text("a \"b\", c")),
        ("wifi", "port", DataValue::U16(8883)),
        ("wifi", "min", DataValue::I64(i64::MIN)),
        ("mesh", "id", DataValue::Binary(vec![0, 0xFF, 0xA5])),
        ("mesh", "key", DataValue::Binary(vec![0, 1, 2])),
        ("mesh", "raw", DataValue::Binary(b"xyz".to_vec())),
        ("mesh", "cert", text("-----BEGIN\nEND\n")),
        ("mesh", "blob", DataValue::Binary(big)),
        ("mesh", "hex", DataValue::Binary(vec![1, 2])),
        ("wifi", "last", DataValue::U8(255)),
    ];
    let mut expected: Vec<_> = expected
        .map(|(namespace, key, value)| {
            (
                namespace.to_owned(),
                key.to_owned(),
                EntryContent::Data(value),
            )
        })
        .into();
    let read = NvsPartition::try_from_bytes(image)
        .expect("an NVS partition")
        .entries;
    let mut read: Vec<_> = read
        .into_iter()
        .map(|e| (e.namespace, e.key, e.content))
        .collect();
    let order = |a: &(String, String, EntryContent), b: &(String, String, EntryContent)| {
        (&a.0, &a.1).cmp(&(&b.0, &b.1))
    };
    expected.sort_by(order);
    read.sort_by(order);
    assert_eq!(read, expected);
}

/// The files of a SPIFFS image of ESP-IDF's defaults.
fn read_spiffs(image: &[u8], page_len: usize) -> BTreeMap<String, Vec<u8>> {
    let half = |at: usize| usize::from(u16::from_le_bytes([image[at], image[at + 1]]));
    let blocks = image.len() / 0x1000;
    let mut pages = BTreeMap::new();
    for block in 0..blocks {
        let start = block * 0x1000;
        let magic = (0x2014_0529 ^ page_len ^ (blocks - block)) & 0xFFFF;
        assert_eq!(half(start + page_len - 4), magic, "block {block}");
        for page in 1..0x1000 / page_len {
            let (id, at) = (half(start + (page - 1) * 2), start + page * page_len);
            assert_eq!(half(at), id, "lookup and page");
            if id != 0xFFFF {
                let flags = if id & 0x8000 == 0 { 0xFC } else { 0xF8 };
                assert_eq!(image[at + 4], flags);
                assert!(pages.insert((id, half(at + 2)), at).is_none());
            }
        }
    }
    let mut files = BTreeMap::new();
    for (&(id, span), &at) in pages
        .iter()
        .filter(|((id, span), _)| id & 0x8000 != 0 && *span == 0)
    {
        let size = half(at + 8) | half(at + 10) << 16;
        assert_eq!((image[at + 12], span), (1, 0), "a file");
        let name = image[at + 13..][..32]
            .split(|byte| *byte == 0)
            .next()
            .expect("a part");
        let name = String::from_utf8(name.to_vec()).expect("text");
        // What the index pages say, in their order, is where the data pages are.
        let index = (0..).map_while(|span| pages.get(&(id, span)).map(|at| (span, at)));
        let entries = index.flat_map(|(span, at)| {
            let first = if span == 0 { 49 } else { 8 };
            (first..page_len - 1)
                .step_by(2)
                .map(move |entry| half(at + entry))
        });
        let mut contents = Vec::new();
        for (span, page) in entries.take_while(|page| *page != 0xFFFF).enumerate() {
            assert_eq!(pages[&(id & 0x7FFF, span)], page * page_len);
            contents.extend(&image[page * page_len + 5..][..page_len - 5]);
        }
        assert_eq!(
            contents.len(),
            size.next_multiple_of(page_len - 5),
            "{name}"
        );
        contents.truncate(size);
        files.insert(name, contents);
    }
    files
}

#[test]
fn spiffs_has_the_files() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    // 251 bytes a page, 103 pages in the first index page, 124 in each other.
    let lens = [0, 1, 251, 252, 103 * 251, 103 * 251 + 1, 40_000];
    let mut expected = BTreeMap::new();
    for (seed, len) in (0..).zip(lens) {
        let contents = pattern(len, seed);
        folder.write(&format!("www/a/{len}"), &contents);
        expected.insert(format!("/a/{len}"), contents);
    }
    let files = lens.map(|len| format!("+www/a/{len}")).join(" ");
    let image = folder.image(&format!(
        "spiffs --partition-table %table.bin --partition storage --strip-prefix www {files}"
    ));
    assert_eq!(image.len(), 0x20000);
    assert!(read_spiffs(&image, 256) == expected);
    // In whichever order files are named.
    let backwards: Vec<_> = files.split(' ').rev().collect();
    let other = folder.image(&format!(
        "spiffs --size 0x20000 --strip-prefix www/ {}",
        backwards.join(" ")
    ));
    assert!(other == image);
    let large_pages = folder.image(&format!(
        "spiffs --size 0x30000 --page-size 1024 --strip-prefix www {files}"
    ));
    assert!(read_spiffs(&large_pages, 1024) == expected);
}

fn read_fat(image: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    fn read(
        folder: fatfs::Dir<'_, Cursor<Vec<u8>>>,
        path: &str,
        files: &mut BTreeMap<String, Vec<u8>>,
    ) {
        for entry in folder.iter().map(|entry| entry.expect("an entry")) {
            let path = format!("{path}{}", entry.file_name());
            assert_eq!(entry.modified().date.year, 1980);
            match entry.file_name().as_str() {
                "." | ".." => (),
                _ if entry.is_dir() => read(entry.to_dir(), &format!("{path}/"), files),
                _ => {
                    let mut contents = Vec::new();
                    entry.to_file().read_to_end(&mut contents).expect("a file");
                    files.insert(path, contents);
                }
            }
        }
    }
    let mut files = BTreeMap::new();
    let fs = fatfs::FileSystem::new(Cursor::new(image), fatfs::FsOptions::new()).expect("FAT");
    read(fs.root_dir(), "", &mut files);
    files
}

#[test]
fn fat_has_the_files_and_wear_levelling() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    let mut expected = BTreeMap::new();
    for (seed, (name, len)) in (0..).zip([
        ("INDEX.HTM", 5000),
        ("css/a.css", 0),
        ("css/deep/b.css", 4097),
    ]) {
        let contents = pattern(len, seed);
        folder.write(name, &contents);
        expected.insert(name.to_owned(), contents);
    }
    let files = "+INDEX.HTM +css/a.css +css/deep/b.css";
    let raw = folder.image(&format!("fat --size 0x40000 --raw {files}"));
    assert_eq!(raw[11..13], [0x00, 0x10], "sectors of 4096 bytes");
    assert!(read_fat(raw) == expected);

    let word =
        |image: &[u8], at: usize| u32::from_le_bytes(image[at..][..4].try_into().expect("4 bytes"));
    // Sectors of the file system: 64, less the spare one, one for the configuration, two for the states, two in mode safe.
    for (flags, sector_len, sectors, save) in [
        ("", 4096, 60, 0),
        ("--sector-size 512", 512, 60, 0),
        ("--sector-size 512 --wl-safe", 512, 58, 2),
    ] {
        let image = folder.image(&format!(
            "fat --partition-table %table.bin --partition files {flags} {files}"
        ));
        assert_eq!(image.len(), 0x40000);
        assert!(
            image[..0x1000].iter().all(|byte| *byte == 0xFF),
            "the spare sector"
        );
        let contents = &image[0x1000..][..sectors * 0x1000];
        assert_eq!(u16::from_le_bytes([contents[11], contents[12]]), sector_len);
        assert!(read_fat(contents.to_vec()) == expected, "{flags}");
        let state = (1 + sectors + save) * 0x1000;
        assert_eq!(
            image[state..][..64],
            image[state + 0x1000..][..64],
            "the state twice"
        );
        assert_eq!(
            word(&image, state + 4) as usize,
            sectors + 1 + save,
            "sectors that move"
        );
        assert_eq!(word(&image, 0x3F004), 0x40000, "the partition's size");
        for (at, len) in [(state, 60), (0x3F000, 32)] {
            let mut crc = crc32fast::Hasher::new_with_initial(u32::MAX);
            crc.update(&image[at..][..len]);
            assert_eq!(word(&image, at + len), crc.finalize());
        }
    }
}

#[test]
fn fat_names_are_as_they_were_written() {
    let folder = Folder::new();
    for name in ["Long name, of a file.html", "süß.txt", "UPPER.TXT"] {
        folder.write(name, name);
    }
    folder.write("args", "--file\nLong name, of a file.html\nFOLDER/Long name, of a file.html\n--file\nsüß.txt\nFOLDER/süß.txt\n\
        --file\nUPPER.TXT\nFOLDER/UPPER.TXT\n".replace("FOLDER", &folder.path("").to_string_lossy()));
    let args = folder.path("args");
    let image = folder.image(&format!(
        "fat --size 0x40000 --raw --long-names @{}",
        args.display()
    ));
    let names: Vec<_> = read_fat(image).into_keys().collect();
    assert_eq!(names, ["Long name, of a file.html", "UPPER.TXT", "süß.txt"]);
}

#[test]
fn ota_data_names_the_slot() {
    let folder = Folder::new();
    folder.write_table(TABLE);
    let image =
        folder.image("ota-data --boot-slot 1 --partition-table %table.bin --partition otadata");
    assert_eq!(image, espimage::ota_data::image(1));
    assert_eq!(image, folder.image("ota-data --boot-slot 1 --size 8192"));
}
