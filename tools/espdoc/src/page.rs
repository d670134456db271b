//! A page in Markdown about a Starlark file.

use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use crate::module_info::{ATTRIBUTE_TYPES, AttributeInfo, ModuleInfo, ParameterInfo, RuleInfo};

const TEMPLATE: &str = include_str!("../templates/page.md");

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    file: &'a str,
    doc: &'a str,
    symbols: Vec<Symbol<'a>>,
}

#[derive(Serialize)]
struct Symbol<'a> {
    name: &'a str,
    doc: &'a str,
    returns: &'a str,
    tables: Vec<Table<'a>>,
}

#[derive(Serialize)]
struct Table<'a> {
    /// A tag of a module extension, or empty.
    tag: &'a str,
    doc: &'a str,
    /// What the rows are.
    of: &'a str,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    kind: String,
    default: String,
    doc: String,
}

/// The page. Symbols are in the order of their names.
pub fn render(title: &str, module: &ModuleInfo) -> Result<String, minijinja::Error> {
    let mut symbols = Vec::new();
    for rule in module.rules.iter().chain(&module.repository_rules) {
        symbols.push(Symbol {
            name: &rule.name,
            doc: &rule.doc,
            returns: "",
            tables: vec![attributes("", "", rule)],
        });
    }
    for extension in &module.extensions {
        symbols.push(Symbol {
            name: &extension.name,
            doc: &extension.doc,
            returns: "",
            tables: extension
                .tags
                .iter()
                .map(|tag| attributes(&tag.name, &tag.doc, tag))
                .collect(),
        });
    }
    for function in &module.functions {
        symbols.push(Symbol {
            name: &function.name,
            doc: &function.doc,
            returns: function.returns.as_ref().map_or("", |returns| &returns.doc),
            tables: vec![Table {
                tag: "",
                doc: "",
                of: "parameter",
                rows: function.parameters.iter().map(parameter).collect(),
            }],
        });
    }
    for provider in &module.providers {
        symbols.push(Symbol {
            name: &provider.name,
            doc: &provider.doc,
            returns: "",
            tables: vec![Table {
                tag: "",
                doc: "",
                of: "field",
                rows: provider
                    .fields
                    .iter()
                    .map(|field| Row {
                        name: field.name.clone(),
                        kind: String::new(),
                        default: String::new(),
                        doc: cell(&field.doc),
                    })
                    .collect(),
            }],
        });
    }
    symbols.sort_by_key(|symbol| symbol.name.to_lowercase());
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    let page = Page {
        title,
        file: &module.file,
        doc: module.doc.trim(),
        symbols,
    };
    environment.render_named_str("page.md", TEMPLATE, Serde(&page))
}

fn attributes<'a>(tag: &'a str, doc: &'a str, rule: &RuleInfo) -> Table<'a> {
    let own = rule
        .attributes
        .iter()
        .filter(|attribute| !attribute.is_native);
    Table {
        tag,
        doc,
        of: "attribute",
        // what all repository rules have says nothing of this one
        rows: own
            .filter(|attribute| attribute.name != "repo_mapping")
            .map(attribute)
            .collect(),
    }
}

fn attribute(attribute: &AttributeInfo) -> Row {
    let kind = usize::try_from(attribute.kind)
        .ok()
        .and_then(|kind| ATTRIBUTE_TYPES.get(kind));
    let values = match attribute.values.as_slice() {
        [] => String::new(),
        values => {
            let values: Vec<String> = values.iter().map(|value| code(value)).collect();
            format!(" One of {}.", values.join(", "))
        }
    };
    Row {
        name: attribute.name.clone(),
        kind: kind.copied().unwrap_or_default().to_owned(),
        default: default(attribute.is_mandatory, &attribute.default),
        doc: cell(&attribute.doc) + &values,
    }
}

fn parameter(parameter: &ParameterInfo) -> Row {
    Row {
        name: parameter.name.clone(),
        kind: String::new(),
        default: default(parameter.is_mandatory, &parameter.default),
        doc: cell(&parameter.doc),
    }
}

fn default(is_mandatory: bool, value: &str) -> String {
    match value {
        _ if is_mandatory => "required".to_owned(),
        "" => String::new(),
        value => code(value),
    }
}

/// What a cell of a table cannot have, otherwise: lines, and the sign between cells.
fn cell(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ").trim().replace('|', "\\|")
}

fn code(value: &str) -> String {
    format!("`{}`", cell(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module_info::{ExtensionInfo, FunctionInfo, ProviderInfo};

    #[test]
    fn a_rule_has_its_attributes() {
        let attribute = |name: &str, kind, is_mandatory, default: &str| AttributeInfo {
            name: name.to_owned(),
            doc: "First\n  and second | line.".to_owned(),
            kind,
            is_mandatory,
            default: default.to_owned(),
            is_native: name == "native",
            values: if kind == 4 {
                vec!["\"a\"".to_owned(), "\"b\"".to_owned()]
            } else {
                Vec::new()
            },
        };
        let module = ModuleInfo {
            rules: vec![RuleInfo {
                name: "thing".to_owned(),
                doc: "A thing.\n\nMore of it.".to_owned(),
                attributes: vec![
                    attribute("name", 1, true, ""),
                    attribute("mode", 4, false, "\"a\""),
                    attribute("native", 2, false, "0"),
                ],
            }],
            doc: "What there is.".to_owned(),
            file: "@x//:defs.bzl".to_owned(),
            ..ModuleInfo::default()
        };
        let page = render("Things", &module).expect("it renders");
        for line in [
            "# Things",
            "What there is.",
            "- [thing](#thing)",
            "## thing",
            "More of it.",
            "| attribute | type | default | |",
            "| `name` | name | required | First and second \\| line. |",
            "| `mode` | string | `\"a\"` | First and second \\| line. One of `\"a\"`, `\"b\"`. |",
        ] {
            assert!(page.lines().any(|l| l == line), "no {line} in\n{page}");
        }
        assert!(!page.contains("native"), "{page}");
        assert!(page.ends_with("|\n"), "{page}");
    }

    #[test]
    fn what_is_no_rule() {
        let module = ModuleInfo {
            functions: vec![FunctionInfo {
                name: "make".to_owned(),
                ..FunctionInfo::default()
            }],
            providers: vec![ProviderInfo {
                name: "MadeInfo".to_owned(),
                ..ProviderInfo::default()
            }],
            extensions: vec![ExtensionInfo {
                name: "made".to_owned(),
                tags: vec![RuleInfo {
                    name: "of".to_owned(),
                    ..RuleInfo::default()
                }],
                ..ExtensionInfo::default()
            }],
            ..ModuleInfo::default()
        };
        let page = render("Made", &module).expect("it renders");
        for line in ["## make", "## MadeInfo", "## made", "### made.of"] {
            assert!(page.lines().any(|l| l == line), "no {line} in\n{page}");
        }
    }
}
