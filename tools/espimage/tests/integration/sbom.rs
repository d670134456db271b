//! `espimage sbom`.

use serde_json::{Value, json};

use crate::common::Folder;

/// The description of an image with a crate of its own, two of a registry, a component, messages and a toolchain.
pub fn inputs(folder: &Folder) -> Value {
    let file = |name: &str| json!({"name": format!("app/{name}"), "path": folder.path(name)});
    json!({
        "name": "blinky",
        "version": "1.2",
        "reference": "//app:image",
        "tool": file("espimage"),
        "outputs": [file("image.bin"), file("app.bin")],
        "elf": file("app.elf"),
        "bootloader": {"file": file("bootloader.bin"), "shipped_in": folder.path("crate.cdx.json")},
        "crates": [
            {
                "key": "main", "reference": "//app:main", "name": "main", "version": "0.0.0", "linked": true,
                "component": null, "sources": [file("main.rs")], "deps": ["crc", "derive", "messages"],
            },
            {
                "key": "crc", "reference": "@crates//:crc", "name": "crc", "version": "3.4.0", "linked": true,
                "component": folder.path("crate.cdx.json"), "sources": [], "deps": [],
            },
            {
                "key": "derive", "reference": "@crates//:derive", "name": "derive", "version": "2.0.0", "linked": false,
                "component": folder.path("derive.cdx.json"), "sources": [], "deps": [],
            },
            {
                "key": "messages", "reference": "//app:proto", "name": "proto", "version": "0.0.0", "linked": true,
                "component": null, "sources": [file("proto.rs")], "deps": [],
            },
        ],
        "components": [
            {"reference": "//app:driver", "name": "driver", "sources": [file("driver.c")], "deps": ["//app:gone", "//app:driver"]},
        ],
        "messages": [{"reference": "//app:proto", "name": "proto", "sources": [file("a.proto")], "deps": []}],
        "sources": [file("partitions.csv")],
        "toolchains": [folder.path("llvm.cdx.json")],
        "commands": [{"reference": "//app:driver", "mnemonic": "CppCompile", "argv": ["clang", "-Ibazel-out/k8-fastbuild/bin"]}],
        "settings": {"flashMode": "dio"},
    })
}

/// A folder with an image, and all that [`inputs`] names.
pub fn with_inputs() -> Folder {
    let folder = Folder::new().with_parts();
    folder.merge("").ok();
    for name in ["main.rs", "proto.rs", "driver.c", "a.proto", "espimage"] {
        folder.write(name, name);
    }
    let component = |name: &str| {
        json!({
            "type": "library", "bom-ref": format!("pkg:cargo/{name}@3.4.0"), "name": name, "version": "3.4.0",
            "purl": format!("pkg:cargo/{name}@3.4.0"), "hashes": [{"alg": "SHA-256", "content": "12".repeat(32)}],
            "licenses": [{"expression": "MIT"}], "cpe": "passed on",
        })
    };
    folder.write("crate.cdx.json", component("crc").to_string());
    folder.write("derive.cdx.json", component("derive").to_string());
    let llvm = json!({
        "type": "application", "bom-ref": "toolchain:llvm@23", "name": "llvm", "version": "23",
        "components": [{"type": "library", "name": "libc6", "version": "2.43", "purl": "pkg:deb/debian/libc6@2.43"}],
    });
    folder.write("llvm.cdx.json", llvm.to_string());
    folder
}

/// Runs `espimage sbom` on a description.
pub fn sbom(folder: &Folder, inputs: &Value) -> Value {
    folder.write("inputs.json", inputs.to_string());
    folder
        .run("sbom --inputs @inputs.json --output @image.cdx.json")
        .ok();
    serde_json::from_slice(&folder.read("image.cdx.json")).expect("JSON")
}

fn component<'a>(bom: &'a Value, reference: &str) -> &'a Value {
    let components = bom["components"].as_array().expect("components");
    let mut found = components.iter().filter(|c| c["bom-ref"] == reference);
    let component = found
        .next()
        .unwrap_or_else(|| panic!("no {reference} in {bom:#}"));
    assert!(found.next().is_none(), "{reference} is there twice");
    component
}

fn depends_on(bom: &Value, reference: &str) -> Vec<String> {
    let dependencies = bom["dependencies"].as_array().expect("dependencies");
    let mut found = dependencies.iter().filter(|d| d["ref"] == reference);
    serde_json::from_value(found.next().expect("the component")["dependsOn"].clone()).expect("refs")
}

fn content_hash(bom: &Value) -> String {
    let property = &bom["metadata"]["component"]["properties"][0];
    assert_eq!(property["name"], "rules_esp32:contentHash");
    property["value"].as_str().expect("text").to_owned()
}

#[test]
fn a_bill_of_materials_has_all_that_the_image_is_made_of() {
    let folder = with_inputs();
    let bom = sbom(&folder, &inputs(&folder));
    assert_eq!(
        (&bom["bomFormat"], &bom["specVersion"]),
        (&json!("CycloneDX"), &json!("1.6"))
    );
    assert_eq!(bom["metadata"].get("timestamp"), None);

    let image = &bom["metadata"]["component"];
    assert_eq!(
        [&image["type"], &image["name"], &image["version"]],
        ["firmware", "blinky", "1.2"]
    );
    let names: Vec<_> = image["components"]
        .as_array()
        .expect("files")
        .iter()
        .map(|f| &f["name"])
        .collect();
    assert_eq!(names, ["app/app.elf", "app/image.bin", "app/app.bin"]);
    assert_eq!(image["hashes"], image["components"][1]["hashes"]);

    let references: Vec<_> = bom["components"]
        .as_array()
        .expect("components")
        .iter()
        .map(|c| &c["bom-ref"])
        .collect();
    assert_eq!(
        references,
        [
            "//app:driver",
            "//app:main",
            "//app:proto",
            "bootloader",
            "file:app/partitions.csv",
            "pkg:cargo/crc@3.4.0",
            "pkg:cargo/derive@3.4.0",
            "toolchain:llvm@23",
        ]
    );
    let crc = component(&bom, "pkg:cargo/crc@3.4.0");
    assert_eq!(
        [
            &crc["scope"],
            &crc["version"],
            &crc["licenses"][0]["expression"],
            &crc["cpe"]
        ],
        ["required", "3.4.0", "MIT", "passed on"]
    );
    assert_eq!(crc["hashes"][0]["content"], "12".repeat(32));
    for (reference, scope) in [
        ("pkg:cargo/derive@3.4.0", "excluded"),
        ("toolchain:llvm@23", "excluded"),
        ("//app:driver", "required"),
    ] {
        assert_eq!(component(&bom, reference)["scope"], scope, "{reference}");
    }
    assert_eq!(component(&bom, "//app:main").get("version"), None);
    let proto: Vec<_> = component(&bom, "//app:proto")["components"]
        .as_array()
        .expect("files")
        .iter()
        .map(|f| &f["name"])
        .collect();
    assert_eq!(proto, ["app/a.proto", "app/proto.rs"]);
    let bootloader = component(&bom, "bootloader");
    assert!(
        bootloader["version"]
            .as_str()
            .is_some_and(|version| version.starts_with('v')),
        "{bootloader}"
    );
    assert_eq!(
        bootloader["properties"][1]["value"],
        format!("pkg:cargo/crc@3.4.0 {}", "12".repeat(32))
    );

    assert_eq!(
        depends_on(&bom, "//app:main"),
        [
            "//app:proto",
            "pkg:cargo/crc@3.4.0",
            "pkg:cargo/derive@3.4.0"
        ]
    );
    // of what is not there, and of itself, nothing
    assert_eq!(depends_on(&bom, "//app:driver"), [""; 0]);
    assert_eq!(
        depends_on(&bom, "//app:image"),
        [
            "//app:driver",
            "//app:main",
            "bootloader",
            "file:app/partitions.csv",
            "toolchain:llvm@23"
        ]
    );
}

#[test]
fn of_a_bootloader_of_the_users_own_no_licence_is_known() {
    let folder = with_inputs();
    let mut inputs = inputs(&folder);
    inputs["bootloader"]["shipped_in"] = Value::Null;
    let bom = sbom(&folder, &inputs);
    let bootloader = component(&bom, "bootloader");
    assert_eq!(
        (bootloader.get("licenses"), bootloader.get("supplier")),
        (None, None)
    );
    assert_eq!(
        bootloader["properties"],
        json!([{"name": "rules_esp32:kind", "value": "bootloader"}])
    );
}

#[test]
fn the_folder_does_not_matter() {
    let (one, other) = (with_inputs(), with_inputs());
    let (a, b) = (sbom(&one, &inputs(&one)), sbom(&other, &inputs(&other)));
    assert_eq!(one.read("image.cdx.json"), other.read("image.cdx.json"));
    assert_eq!(a, b);
}

#[test]
fn the_content_hash_is_of_all_inputs() {
    let folder = with_inputs();
    let base = inputs(&folder);
    let hash = content_hash(&sbom(&folder, &base));

    let same = |pointer: &str, value: Value| {
        let mut changed = base.clone();
        *changed.pointer_mut(pointer).expect(pointer) = value;
        content_hash(&sbom(&folder, &changed)) == hash
    };
    assert!(same(
        "/commands/0/argv/1",
        json!("-Ibazel-out/k8-opt-ST-1/bin")
    ));
    // what the build makes follows from the rest
    assert!(same(
        "/outputs/0",
        json!({"name": "other", "path": folder.path("app.bin")})
    ));
    assert!(!same("/commands/0/argv/1", json!("-O3")));
    assert!(!same("/settings/flashMode", json!("qio")));
    assert!(!same("/version", json!("1.3")));
    assert!(!same("/name", json!("blanky")));
    assert!(!same("/crates/2/component", Value::Null));
    assert!(!same("/toolchains", json!([])));
    assert!(!same("/sources", json!([])));

    for name in [
        "main.rs",
        "driver.c",
        "a.proto",
        "partitions.csv",
        "espimage",
    ] {
        let bytes = folder.read(name);
        folder.write(name, "changed");
        assert_ne!(content_hash(&sbom(&folder, &base)), hash, "{name}");
        folder.write(name, bytes);
    }
    assert_eq!(content_hash(&sbom(&folder, &base)), hash);
}

#[test]
fn wrong_descriptions_are_refused() {
    let folder = with_inputs();
    let run = |inputs: &str| {
        folder.write("inputs.json", inputs);
        folder.run("sbom --inputs @inputs.json --output @o.cdx.json")
    };
    run("{").refused("sbom_inputs", &["inputs.json: not a description"]);
    run("{}").refused("sbom_inputs", &["inputs.json", "missing field"]);

    let good = inputs(&folder);
    folder.write("broken.cdx.json", "[1]");
    let mut changed = good.clone();
    changed["crates"][1]["component"] = json!(folder.path("broken.cdx.json"));
    run(&changed.to_string()).refused("sbom_component", &["broken.cdx.json: not a component"]);

    let mut changed = good.clone();
    changed["sources"][0]["path"] = json!(folder.path("gone.csv"));
    run(&changed.to_string()).refused("read", &["gone.csv: cannot be read"]);

    let mut changed = good;
    changed["bootloader"]["file"]["path"] = json!(folder.path("main.rs"));
    run(&changed.to_string()).refused("image_magic", &["main.rs"]);
    assert!(!folder.exists("o.cdx.json"));
}
