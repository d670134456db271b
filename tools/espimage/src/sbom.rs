//! Bills of materials: CycloneDX 1.6 as JSON, the same bytes for the same inputs.
//!
//! [`Inputs`] is what a build knows of an image, [`make`] turns it into a [`Bom`]. [`Bom::content_hash`] is what the image was
//! built from in one number.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::bootloader;
use crate::chip::Chip;
use crate::error::Error;
use crate::image::{Image, hex};

/// How names of files with a bill of materials end.
pub const EXTENSION: &str = ".cdx.json";

const CONTENT_HASH: &str = "rules_esp32:contentHash";
const KIND: &str = "rules_esp32:kind";

/// What a build knows of an image. Paths are relative to the current folder; names are what the bill of materials says.
#[derive(Debug, Deserialize)]
pub struct Inputs {
    /// Name of the project.
    pub name: String,
    /// Version of the project.
    pub version: String,
    /// The build's own name for the image.
    pub reference: String,
    /// The `espimage` that made the image's files.
    pub tool: InputFile,
    /// The files that the image is; the first is all of it.
    pub outputs: Vec<InputFile>,
    /// The program that the application was made from.
    pub elf: InputFile,
    /// The second-stage bootloader.
    pub bootloader: InputBootloader,
    /// Crates of Rust, the program's own included.
    pub crates: Vec<InputCrate>,
    /// Components of C.
    pub components: Vec<InputPart>,
    /// Messages of protobuf.
    pub messages: Vec<InputPart>,
    /// Other files that the image is made of.
    pub sources: Vec<InputFile>,
    /// Descriptions of the toolchains' packages, each a component of CycloneDX.
    pub toolchains: Vec<PathBuf>,
    /// How compilers and linkers were run.
    pub commands: Vec<InputCommand>,
    /// All else that the image depends on.
    pub settings: BTreeMap<String, String>,
}

/// A file.
#[derive(Debug, Deserialize)]
pub struct InputFile {
    /// What the bill of materials calls it.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

/// The second-stage bootloader.
#[derive(Debug, Deserialize)]
pub struct InputBootloader {
    /// The bootloader as it is in the image.
    pub file: InputFile,
    /// Description of the crate that it came with, a component of CycloneDX.
    pub shipped_in: Option<PathBuf>,
}

/// A crate.
#[derive(Debug, Deserialize)]
pub struct InputCrate {
    /// By which other crates name it in `deps`.
    pub key: String,
    /// The build's own name for it.
    pub reference: String,
    /// Name in Rust.
    pub name: String,
    /// Version; `0.0.0` where the build gives it none.
    pub version: Option<String>,
    /// Whether it is in the program; else it is a procedural macro, or in one.
    pub linked: bool,
    /// Its description, a component of CycloneDX, where it is of a registry.
    pub component: Option<PathBuf>,
    /// Files that it is made of, where it is not.
    pub sources: Vec<InputFile>,
    /// Keys of the crates that it depends on.
    pub deps: Vec<String>,
}

/// A component of C, or messages.
#[derive(Debug, Deserialize)]
pub struct InputPart {
    /// The build's own name for it.
    pub reference: String,
    /// Name.
    pub name: String,
    /// Files that it is made of.
    pub sources: Vec<InputFile>,
    /// References of what it depends on.
    pub deps: Vec<String>,
}

/// A run of a compiler or linker.
#[derive(Debug, Deserialize)]
pub struct InputCommand {
    /// The build's own name for what it was run for.
    pub reference: String,
    /// Kind of action.
    pub mnemonic: String,
    /// Program and arguments.
    pub argv: Vec<String>,
}

/// A bill of materials, as far as images need one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bom {
    /// `CycloneDX`.
    pub bom_format: String,
    /// `1.6`.
    pub spec_version: String,
    /// Made of the SHA-256 of all the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// `1`.
    pub version: u32,
    /// What it is about.
    pub metadata: Metadata,
    /// What the image is made of, and with.
    pub components: Vec<Component>,
    /// Which component needs which.
    pub dependencies: Vec<Dependency>,
}

/// What a bill of materials is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// When in the life of the image it was written.
    pub lifecycles: Vec<Lifecycle>,
    /// What wrote it.
    pub tools: Tools,
    /// The image.
    pub component: Component,
}

/// A phase in the life of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// `build`.
    pub phase: String,
}

/// What wrote a bill of materials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tools {
    /// Programs.
    pub components: Vec<Component>,
}

/// A component.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// `firmware`, `library`, `application` or `file`.
    #[serde(rename = "type")]
    pub kind: String,
    /// By which dependencies name it.
    #[serde(rename = "bom-ref", default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supplier: Option<Supplier>,
    /// Name.
    pub name: String,
    /// Version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `required`: it is in the image. `excluded`: the image was made with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Hashes; of a crate, that of its .crate file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Hash>,
    /// Licences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<serde_json::Value>,
    /// Package URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Where to read on.
    #[serde(
        rename = "externalReferences",
        default,
        skip_serializing_if = "Vec::is_empty"
    )]
    pub external_references: Vec<serde_json::Value>,
    /// What it consists of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// What CycloneDX has no field for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub properties: Vec<Property>,
    /// Fields that `espimage` only passes on.
    #[serde(flatten)]
    pub others: BTreeMap<String, serde_json::Value>,
}

/// Who makes a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Supplier {
    /// Name.
    pub name: String,
}

/// A hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hash {
    /// `SHA-256`.
    pub alg: String,
    /// In hexadecimal digits.
    pub content: String,
}

/// What CycloneDX has no field for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Property {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// What a component needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// The component.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it needs.
    #[serde(rename = "dependsOn", default)]
    pub depends_on: BTreeSet<String>,
}

impl Component {
    fn new(kind: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            ..Self::default()
        }
    }

    fn with_property(mut self, name: &str, value: &str) -> Self {
        self.properties.push(property(name, value));
        self
    }

    /// The SHA-256, where there is one.
    pub fn sha256(&self) -> Option<&str> {
        let mut hashes = self.hashes.iter().filter(|hash| hash.alg == "SHA-256");
        hashes.next().map(|hash| hash.content.as_str())
    }

    fn identity(&self) -> &str {
        self.reference
            .as_deref()
            .or(self.purl.as_deref())
            .unwrap_or(&self.name)
    }

    fn facts(&self, facts: &mut BTreeSet<String>) {
        let identity = self.identity();
        facts.insert(format!(
            "{identity}\t{}\t{}\t{}",
            self.name,
            self.version.as_deref().unwrap_or("-"),
            self.sha256().unwrap_or("-")
        ));
        for Property { name, value } in self.properties.iter().filter(|p| p.name != CONTENT_HASH) {
            facts.insert(format!("{identity}\t{name}={value}"));
        }
    }

    fn facts_of_all(&self, facts: &mut BTreeSet<String>) {
        self.facts(facts);
        for component in &self.components {
            component.facts_of_all(facts);
        }
    }
}

impl Bom {
    /// Reads a bill of materials that [`make`] has made.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(bytes).map_err(|error| Error::SbomJson(error.to_string()))
    }

    /// What the image was built from: the SHA-256 over a line for each component and tool (reference, name, version, SHA-256)
    /// and for each property (reference, name=value), with tabs between and sorted. That is all but the files that the build
    /// made: these follow from it. Neither a commit nor a path, a user or a time is in it.
    pub fn content_hash(&self) -> String {
        let mut facts = BTreeSet::new();
        let image = Component {
            hashes: Vec::new(),
            ..self.metadata.component.clone()
        };
        image.facts(&mut facts);
        for component in self
            .metadata
            .tools
            .components
            .iter()
            .chain(&self.components)
        {
            component.facts_of_all(&mut facts);
        }
        let mut hash = Sha256::new();
        for fact in facts {
            hash.update(fact.as_bytes());
            hash.update(b"\n");
        }
        format!("sha256:{}", hex(&hash.finalize()))
    }

    /// The content hash that is written down.
    pub fn recorded_content_hash(&self) -> Option<&str> {
        let properties = &self.metadata.component.properties;
        let mut hashes = properties.iter().filter(|p| p.name == CONTENT_HASH);
        hashes.next().map(|p| p.value.as_str())
    }

    /// Whether one of the image's files has this SHA-256.
    pub fn has_output(&self, sha256: &str) -> bool {
        let image = &self.metadata.component;
        std::iter::once(image)
            .chain(&image.components)
            .any(|file| file.sha256() == Some(sha256))
    }

    /// The file.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).expect("no map has keys that are not text");
        json + "\n"
    }
}

/// Writes down what an image is made of.
pub fn make(inputs: &Inputs, chip: Chip) -> Result<Bom, Error> {
    let mut bill = Bill::default();
    let mut direct = BTreeSet::new();

    let messages: BTreeMap<_, _> = inputs.messages.iter().map(|m| (&m.reference, m)).collect();
    let mut references = BTreeMap::new();
    let mut described = Vec::new();
    for input in &inputs.crates {
        let component = match &input.component {
            Some(path) => read_component(path)?,
            None => Component {
                reference: Some(input.reference.clone()),
                version: input.version.clone().filter(|version| version != "0.0.0"),
                components: files(&input.sources)?,
                ..Component::new("library", &input.name)
            }
            .with_property(
                KIND,
                if messages.contains_key(&input.reference) {
                    "messages"
                } else {
                    "crate"
                },
            ),
        };
        references.insert(&input.key, component.identity().to_owned());
        described.push((input, component));
    }
    for (index, (input, component)) in described.into_iter().enumerate() {
        let deps = input.deps.iter().filter_map(|key| references.get(key));
        let deps = deps.cloned().collect();
        // The first is the program's own.
        if index == 0 {
            direct.insert(component.identity().to_owned());
        }
        bill.add(component, input.linked, deps);
    }
    for part in &inputs.messages {
        let component = Component {
            reference: Some(part.reference.clone()),
            components: files(&part.sources)?,
            ..Component::new("library", &part.name)
        };
        let component = component.with_property(KIND, "messages");
        bill.add(component, true, part.deps.iter().cloned().collect());
    }
    for part in &inputs.components {
        let component = Component {
            reference: Some(part.reference.clone()),
            components: files(&part.sources)?,
            ..Component::new("library", &part.name)
        };
        direct.insert(part.reference.clone());
        let component = component.with_property(KIND, "component");
        bill.add(component, true, part.deps.iter().cloned().collect());
    }
    for file in files(&inputs.sources)? {
        let reference = format!("file:{}", file.name);
        direct.insert(reference.clone());
        let reference = Some(reference);
        bill.add(Component { reference, ..file }, true, BTreeSet::new());
    }
    let component = describe_bootloader(&inputs.bootloader, chip)?;
    direct.insert(component.identity().to_owned());
    bill.add(component, true, BTreeSet::new());
    for path in &inputs.toolchains {
        let component = read_component(path)?.with_property(KIND, "toolchain");
        direct.insert(component.identity().to_owned());
        let linked = component.scope.as_deref() == Some("required");
        bill.add(component, linked, BTreeSet::new());
    }

    let mut image = Component {
        reference: Some(inputs.reference.clone()),
        version: Some(inputs.version.clone()),
        components: files(std::iter::once(&inputs.elf).chain(&inputs.outputs))?,
        ..Component::new("firmware", &inputs.name)
    };
    if let Some(all) = inputs.outputs.first() {
        image.hashes = vec![file(all)?.1];
    }
    for (name, value) in &inputs.settings {
        image
            .properties
            .push(property(&format!("rules_esp32:{name}"), value));
    }
    let commands: BTreeSet<_> = inputs.commands.iter().map(command).collect();
    image.properties.extend(commands);
    let tool = Component {
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        hashes: vec![file(&inputs.tool)?.1],
        ..Component::new("application", "espimage")
    };
    Ok(bill.finish(image, tool, direct))
}

/// A bill of materials to be.
#[derive(Default)]
struct Bill {
    components: BTreeMap<String, Component>,
    dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Bill {
    /// Adds a component, or to one that is there already: the crate that is generated from messages, and the messages; a
    /// crate that two Cargo.lock files pin.
    fn add(&mut self, mut component: Component, linked: bool, deps: BTreeSet<String>) {
        let reference = component.identity().to_owned();
        self.dependencies
            .entry(reference.clone())
            .or_default()
            .extend(deps);
        let there = self.components.entry(reference).or_insert_with(|| {
            let components = std::mem::take(&mut component.components);
            Component {
                scope: Some("excluded".to_owned()),
                components,
                ..component.clone()
            }
        });
        if linked {
            there.scope = Some("required".to_owned());
        }
        for part in component.components {
            if !there.components.contains(&part) {
                there.components.push(part);
            }
        }
        there
            .components
            .sort_by(|a, b| a.identity().cmp(b.identity()));
    }

    fn finish(mut self, image: Component, tool: Component, direct: BTreeSet<String>) -> Bom {
        self.dependencies
            .insert(image.identity().to_owned(), direct);
        let known = |reference: &String| self.components.contains_key(reference);
        let dependencies = self.dependencies.iter();
        let dependencies = dependencies.map(|(reference, deps)| Dependency {
            reference: reference.clone(),
            depends_on: deps
                .iter()
                .filter(|dep| known(dep) && *dep != reference)
                .cloned()
                .collect(),
        });
        let mut bom = Bom {
            bom_format: "CycloneDX".to_owned(),
            spec_version: "1.6".to_owned(),
            serial_number: None,
            version: 1,
            dependencies: dependencies.collect(),
            metadata: Metadata {
                lifecycles: vec![Lifecycle {
                    phase: "build".to_owned(),
                }],
                tools: Tools {
                    components: vec![tool],
                },
                component: image,
            },
            components: self.components.into_values().collect(),
        };
        let content_hash = bom.content_hash();
        let properties = &mut bom.metadata.component.properties;
        properties.insert(0, property(CONTENT_HASH, &content_hash));
        bom.serial_number = Some(serial_number(&bom.to_json()));
        bom
    }
}

/// A UUID of version 8 (RFC 9562, section 5.8) out of a SHA-256.
fn serial_number(json: &str) -> String {
    let mut bytes: [u8; 16] = *Sha256::digest(json).first_chunk().expect("32 bytes");
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let mut text = "urn:uuid:".to_owned();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn describe_bootloader(input: &InputBootloader, chip: Chip) -> Result<Component, Error> {
    let (bytes, hash) = file(&input.file)?;
    let in_file = |error: Error| error.in_file(&input.file.path.to_string_lossy());
    let image = Image::parse(&bytes, chip.bootloader_offset()).map_err(in_file)?;
    let mut component = Component {
        reference: Some("bootloader".to_owned()),
        version: bootloader::idf_version(&image),
        description: Some("The second-stage bootloader of ESP-IDF".to_owned()),
        hashes: vec![hash],
        ..Component::new("firmware", "bootloader")
    }
    .with_property(KIND, "bootloader");
    if let Some(path) = &input.shipped_in {
        let shipped_in = read_component(path)?;
        component.supplier = Some(Supplier {
            name: "Espressif Systems".to_owned(),
        });
        // that of ESP-IDF
        component.licenses = vec![serde_json::json!({ "expression": "Apache-2.0" })];
        let sha256 = shipped_in.sha256().unwrap_or_default();
        let value = format!("{} {sha256}", shipped_in.identity());
        component = component.with_property("rules_esp32:shippedIn", value.trim_end());
    }
    Ok(component)
}

/// What a command was, less the folder of the build's configuration, which depends on how the build was asked for.
fn command(input: &InputCommand) -> Property {
    let mut hash = Sha256::new();
    for argument in &input.argv {
        hash.update(without_configuration(argument).as_bytes());
        hash.update([0]);
    }
    let (reference, sha256) = (&input.reference, hex(&hash.finalize()));
    let name = format!("rules_esp32:command:{}", input.mnemonic);
    property(&name, &format!("{reference} {sha256}"))
}

fn without_configuration(argument: &str) -> String {
    const OUTPUT: &str = "bazel-out/";
    let mut parts = argument.split(OUTPUT);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text += OUTPUT;
        text += part.split_once('/').map_or(part, |(_, rest)| rest);
    }
    text
}

fn property(name: &str, value: &str) -> Property {
    Property {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::read(path, error))
}

fn read_component(path: &Path) -> Result<Component, Error> {
    serde_json::from_slice(&read(path)?)
        .map_err(|error| Error::SbomComponent(error.to_string()).in_file(&path.to_string_lossy()))
}

fn file(input: &InputFile) -> Result<(Vec<u8>, Hash), Error> {
    let bytes = read(&input.path)?;
    let hash = Hash {
        alg: "SHA-256".to_owned(),
        content: hex(&Sha256::digest(&bytes)),
    };
    Ok((bytes, hash))
}

fn files<'a>(inputs: impl IntoIterator<Item = &'a InputFile>) -> Result<Vec<Component>, Error> {
    let mut components = Vec::new();
    for input in inputs {
        components.push(Component {
            hashes: vec![file(input)?.1],
            ..Component::new("file", &input.name)
        });
    }
    Ok(components)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_the_same_in_every_configuration() {
        let argument = |configuration: &str| {
            format!("-Ibazel-out/{configuration}/bin/a:bazel-out/{configuration}/bin")
        };
        assert_eq!(
            without_configuration(&argument("k8-fastbuild-ST-1")),
            without_configuration(&argument("k8-opt"))
        );
        assert_eq!(
            without_configuration("-Ibazel-out/k8/bin"),
            "-Ibazel-out/bin"
        );
        assert_eq!(without_configuration("-Os"), "-Os");
    }

    #[test]
    fn serial_numbers_are_uuids() {
        let serial = serial_number("{}");
        assert_eq!(serial, serial_number("{}"));
        assert_ne!(serial, serial_number("{ }"));
        let uuid = serial.strip_prefix("urn:uuid:").unwrap();
        let parts: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(uuid[14..].starts_with('8'), "{uuid}");
    }
}
