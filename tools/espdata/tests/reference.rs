//! Against the reference implementations: ESPDATA_PYTHON is a Python that has littlefs-python and esp-idf-nvs-partition-gen,
//! ESPDATA_TOOL this package's folder.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value};

use common::{Folder, pattern};

fn from_environment(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).unwrap_or_else(|| panic!("set {variable}"));
    std::env::current_dir().expect("a folder").join(path)
}

#[track_caller]
fn python(args: &[&Path]) -> String {
    let output = Command::new(from_environment("ESPDATA_PYTHON"))
        .arg("-I")
        .args(args)
        .output()
        .expect("Python runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

fn littlefs() -> String {
    let [python, tool] = ["ESPDATA_PYTHON", "ESPDATA_TOOL"].map(from_environment);
    let script = tool.join("littlefs_image.py");
    format!(
        "littlefs --python {} --script {}",
        python.display(),
        script.display()
    )
}

#[test]
fn littlefs_mounts_and_has_the_files() {
    let folder = Folder::new();
    let mut expected = Map::new();
    let mut files = String::new();
    let names = ["a", "b/empty", "b/c/inline", "b/c/blocks", "z/last"];
    for (seed, (name, len)) in (0..).zip(names.into_iter().zip([10, 0, 600, 30_000, 4096])) {
        let contents = pattern(len, seed);
        folder.write(name, &contents);
        files += &format!(" +{name}");
        let digits = contents.iter().map(|byte| format!("{byte:02x}")).collect();
        expected.insert(format!("/{name}"), Value::String(digits));
    }
    let image = folder.image(&format!("{} --size 0x20000{files}", littlefs()));
    assert_eq!(image.len(), 0x20000);
    let reader = from_environment("ESPDATA_TOOL").join("tests/read_littlefs.py");
    let read = python(&[&reader, &folder.path("image.bin"), Path::new("64")]);
    let read: Value = serde_json::from_str(&read).expect("JSON");
    assert!(read == Value::Object(expected), "{read}");
}

#[test]
fn littlefs_that_does_not_fit() {
    let folder = Folder::new();
    folder.write("big", pattern(20_000, 1));
    folder.refused(
        &format!("{} --size 0x4000 +big", littlefs()),
        "the image has 0x4000 bytes, too few for 1 file of 20000 bytes, which take 0x7000: make it larger, or leave something out",
    );
    folder.image(&format!("{} --size 0x7000 +big", littlefs()));
    let name = "n".repeat(65);
    folder.write(&name, "");
    folder.refused(
        &format!("{} --size 0x4000 +{name}", littlefs()),
        &format!(
            "{name}: '{name}' has 65 bytes, and names in LittleFS have at most 64: rename it, or raise LITTLEFS_OBJ_NAME_LEN in both \
             sdkconfig and `obj_name_len`"
        ),
    );
    folder.image(&format!(
        "{} --size 0x4000 --obj-name-len 65 +{name}",
        littlefs()
    ));
}

#[test]
fn python_that_fails_says_why() {
    let folder = Folder::new();
    folder.write("script.py", "raise SystemExit('no such module')");
    let python = from_environment("ESPDATA_PYTHON");
    folder.refused(
        &format!(
            "littlefs --python {} --script %script.py --size 0x4000",
            python.display()
        ),
        "writing LittleFS failed: no such module",
    );
}

#[test]
fn nvs_has_the_bytes_of_nvs_partition_gen() {
    let folder = Folder::new();
    let mut csv = String::from("key,type,encoding,value\n");
    for namespace in 0..3 {
        csv += &format!("space{namespace},namespace,,\n");
        for key in 0..40 {
            // Strings and blobs from none to more than a page.
            let len = key * key * 3 * (namespace + 1);
            let line = match key % 6 {
                0 => format!("data,u8,{key}"),
                1 => format!("data,i32,-{len}"),
                2 => format!("data,u64,{}", u64::MAX - key as u64),
                3 => format!("data,string,{}", "s".repeat(len.min(3900))),
                4 => format!("data,hex2bin,{}", "a5".repeat(len + 1)),
                _ => "data,base64,AAECAwQ=".to_owned(),
            };
            csv += &format!("key{key},{line}\n");
        }
    }
    folder.write("nvs.csv", csv);
    let image = folder.image("nvs --size 0x40000 --input nvs.csv %nvs.csv");
    let args = ["-m", "esp_idf_nvs_partition_gen", "generate"].map(Path::new);
    let (csv, reference) = (folder.path("nvs.csv"), folder.path("reference.bin"));
    python(&[&args[..], &[&csv, &reference, Path::new("0x40000")]].concat());
    assert!(image == folder.read("reference.bin"));
}
