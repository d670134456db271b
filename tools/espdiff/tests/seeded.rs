//! Differences that are put in are found, and named by what they are in.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use espdiff::{Difference, explain};
use object::{Object, ObjectSection};

fn input(variable: &str) -> Vec<u8> {
    fs::read(env::var_os(variable).expect(variable)).expect(variable)
}

/// The first difference after `change` was made to a copy of `first`.
fn seeded(first: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<Difference> {
    let mut second = first.to_vec();
    change(&mut second);
    explain(first, &second)
}

#[track_caller]
fn only(found: Vec<Difference>) -> Difference {
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

fn section(elf: &[u8], name: &str) -> (usize, u64, usize) {
    let file = object::File::parse(elf).unwrap();
    let section = file.section_by_name(name).expect(name);
    let (offset, size) = section.file_range().unwrap();
    (offset as usize, section.address(), size as usize)
}

#[test]
fn the_same_bytes_differ_in_nothing() {
    for file in [input("ELF"), input("IMAGE"), Vec::new()] {
        assert_eq!(explain(&file, &file), []);
    }
}

#[test]
fn a_path_in_debug_information() {
    let elf = input("ELF");
    let (offset, _, size) = section(&elf, ".debug_str");
    let strings = &elf[offset..offset + size];
    let at = offset + strings.windows(7).position(|w| w == b"main.rs").unwrap();
    let difference = only(seeded(&elf, |copy| copy[at + 2] = b'X'));
    assert!(
        difference.place.starts_with("section .debug_str + 0x"),
        "{difference}"
    );
    assert!(
        difference
            .place
            .ends_with(&format!("(1 of {size} bytes differ)")),
        "{difference}"
    );
    assert_eq!(difference.offset, Some(at as u64 + 2));
    assert!(difference.first.contains("main.rs"), "{difference}");
    assert!(difference.second.contains("maXn.rs"), "{difference}");
}

#[test]
fn an_instruction_and_its_function() {
    let elf = input("ELF");
    let file = object::File::parse(&*elf).unwrap();
    let symbol = {
        use object::ObjectSymbol;
        file.symbols()
            .find(|s| s.name() == Ok("esp_timer_get_time"))
            .expect("esp_timer_get_time")
            .address()
    };
    let section = file
        .sections()
        .find(|s| (s.address()..s.address() + s.size()).contains(&symbol) && s.address() != 0)
        .unwrap();
    let name = section.name().unwrap().to_owned();
    let at = (section.file_range().unwrap().0 + symbol - section.address()) as usize + 1;
    let difference = only(seeded(&elf, |copy| copy[at] ^= 0xFF));
    assert!(
        difference
            .place
            .starts_with(&format!("section {name} + 0x"))
            && difference
                .place
                .contains(&format!(" = {:#x} in esp_timer_get_time (1 of", symbol + 1)),
        "{difference}"
    );
    let hex = |byte: u8| format!("{byte:02x} ");
    assert!(difference.first.starts_with(&hex(elf[at])), "{difference}");
    assert!(
        difference.second.starts_with(&hex(!elf[at])),
        "{difference}"
    );
}

#[test]
fn the_header_of_an_elf_file() {
    let difference = only(seeded(&input("ELF"), |copy| copy[0x19] ^= 1));
    assert_eq!(
        (difference.place.as_str(), difference.offset),
        ("the ELF header", Some(0x19))
    );
}

#[test]
fn another_section() {
    let elf = input("ELF");
    let (names, _, size) = section(&elf, ".shstrtab");
    let at = names
        + elf[names..names + size]
            .windows(11)
            .position(|w| w == b".debug_str\0")
            .unwrap();
    let difference = &seeded(&elf, |copy| copy[at + 7] = b'x')[0];
    assert_eq!(
        difference.to_string(),
        "the list of sections: .debug_str / .debug_xtr"
    );
}

/// An archive as GNU ar writes it: (name, time, contents).
fn archive(members: &[(&str, u64, &[u8])]) -> Vec<u8> {
    let mut file = b"!<arch>\n".to_vec();
    for (name, time, data) in members {
        file.extend(
            format!(
                "{:<16}{time:<12}0     0     100644  {:<10}`\n",
                format!("{name}/"),
                data.len()
            )
            .bytes(),
        );
        file.extend_from_slice(data);
        if data.len() % 2 == 1 {
            file.push(b'\n');
        }
    }
    file
}

#[test]
fn members_of_an_archive() {
    let elf = input("ELF");
    let (offset, _, _) = section(&elf, ".debug_str");
    let mut other = elf.clone();
    other[offset] ^= 1;
    let first = archive(&[("a.o", 0, b"text\n"), ("b.o", 0, &elf)]);

    let time = only(explain(
        &first,
        &archive(&[("a.o", 1_700_000_000, b"text\n"), ("b.o", 0, &elf)]),
    ));
    assert_eq!(time.to_string(), "member a.o, time: 0 / 1700000000");

    let inner = only(explain(
        &first,
        &archive(&[("a.o", 0, b"text\n"), ("b.o", 0, &other)]),
    ));
    assert!(
        inner
            .place
            .starts_with("member b.o, section .debug_str + 0x0 (1 of"),
        "{inner}"
    );
    // two headers of 60 bytes, the magic, and the first member with its padding
    assert_eq!(inner.offset, Some((8 + 60 + 6 + 60 + offset) as u64));

    let order = only(explain(
        &first,
        &archive(&[("b.o", 0, &elf), ("a.o", 0, b"text\n")]),
    ));
    assert_eq!(order.to_string(), "member 1 of 2 / 2: a.o / b.o");
}

#[test]
fn segments_of_an_image() {
    let image = input("IMAGE");
    let app = espimage::image::Image::parse(&image[0x1_0000..], 0).unwrap();
    let segment = app.segments[1];
    let at = 0x1_0000 + segment.offset as usize + 5;
    let difference = only(seeded(&image, |copy| copy[at] ^= 1));
    assert!(
        difference.place.starts_with(&format!(
            "partition factory, segment 1, loaded to {:#010x} (1 of {} bytes differ)",
            segment.address,
            segment.data.len()
        )),
        "{difference}"
    );
    assert_eq!(difference.offset, Some(at as u64));

    // the parts that are not loaded
    for (at, place) in [
        (0x1002, "bootloader, header"),
        (0x8004, "partition table"),
        (image.len() - 1, "partition factory"),
        (0x100, "outside of all parts"),
    ] {
        let difference = only(seeded(&image, |copy| copy[at] ^= 1));
        assert!(difference.place.starts_with(place), "{at:#x}: {difference}");
        assert_eq!(difference.offset, Some(at as u64));
    }

    // an application alone, and one that is longer
    let app = app.bytes;
    let header = only(seeded(app, |copy| copy[2] ^= 1));
    assert!(header.place.starts_with("header (1 of 24"), "{header}");
    let longer = only(seeded(app, |copy| copy.push(0)));
    assert_eq!(longer.second, "00", "{longer}");
    assert_eq!(longer.first, "nothing", "{longer}");
}

#[test]
fn lines_of_a_text() {
    let difference = only(explain(b"one\ntwo\nthree\n", b"one\ntoo\nthree\n"));
    assert_eq!(
        difference.to_string(),
        "line 2, offset 0x5 in the file: \"two\" / \"too\""
    );
    let end = only(explain(b"one\n", b"one\ntwo\n"));
    assert_eq!(
        end.to_string(),
        "line 2, offset 0x4 in the file: \"\" / \"two\""
    );
    let kind = only(explain(b"one\n", b"\0"));
    assert_eq!(
        kind.to_string(),
        "contents: text, 4 bytes / other bytes, 1 bytes"
    );
}

fn espdiff(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env::var_os("ESPDIFF").unwrap())
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let folder = Path::new(&env::var_os("TEST_TMPDIR").unwrap()).join(name);
    for (file, data) in files {
        let file = folder.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, data).unwrap();
    }
    folder
}

#[test]
fn folders_on_the_command_line() {
    let a = folder(
        "a",
        &[
            ("x/same", b"1"),
            ("x/other", b"1\n"),
            ("only", b""),
            ("a.log", b"1"),
        ],
    );
    let b = folder(
        "b",
        &[("x/same", b"1"), ("x/other", b"2\n"), ("a.log", b"2")],
    );
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    assert_eq!(
        espdiff(&["--except", "*.log", a, b]),
        (
            Some(1),
            "only differs:\n  there is: a file / nothing\nx/other differs:\n  line 1, offset 0x0 in the file: \"1\" / \"2\"\n\
             3 compared, 2 different\n"
                .to_owned()
        )
    );
    assert_eq!(
        espdiff(&["--subset", "--except", "x", "--except", "a.log", a, b]),
        (Some(0), "0 compared, 0 different\n".to_owned())
    );
    let same = format!("{a}/x/same");
    assert_eq!(
        espdiff(&[&same, &same]),
        (Some(0), "1 compared, 0 different\n".to_owned())
    );
    // what is nowhere is not the same
    let none = format!("{a}/none");
    let (code, _) = espdiff(&[&none, &none]);
    assert_eq!(code, Some(1));
    let (code, text) = espdiff(&[a, b, a]);
    assert_eq!(code, Some(2));
    assert!(
        text.contains("there is nothing to compare it with"),
        "{text}"
    );
}
