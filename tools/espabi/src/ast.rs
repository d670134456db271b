//! clang's syntax tree, as `-ast-dump=json` prints it (clang/lib/AST/JSONNodeDumper.cpp).

use serde::Deserialize;

/// Why the text is not a syntax tree.
pub type ParseError = serde_json::Error;

/// A declaration, a statement or an expression.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Node {
    kind: String,
    name: String,
    loc: Location,
    range: Range,
    #[serde(rename = "type")]
    typ: Type,
    cast_kind: String,
    referenced_decl: Option<Box<Node>>,
    inner: Vec<Node>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Type {
    qual_type: String,
    desugared_qual_type: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    begin: Location,
    end: Location,
}

/// File and line are there only where they differ from those that were printed last.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Location {
    file: Option<String>,
    line: Option<u32>,
    spelling_loc: Option<Box<Location>>,
    expansion_loc: Option<Box<Location>>,
}

/// File and line.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// As clang calls it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

impl Place {
    /// Reads the locations of the next node, in the order in which they were printed; returns where the node begins.
    pub fn enter(&mut self, node: &Node) -> Self {
        self.read(&node.loc);
        let own = node.loc.is_given().then(|| self.clone());
        self.read(&node.range.begin);
        let begin = self.clone();
        self.read(&node.range.end);
        own.unwrap_or(begin)
    }

    fn read(&mut self, location: &Location) {
        if let Some(file) = &location.file {
            self.file.clone_from(file);
        }
        if let Some(line) = location.line {
            self.line = line;
        }
        for inner in [&location.spelling_loc, &location.expansion_loc]
            .into_iter()
            .flatten()
        {
            self.read(inner);
        }
    }
}

impl Location {
    fn is_given(&self) -> bool {
        self.line.is_some() || self.spelling_loc.is_some() || self.expansion_loc.is_some()
    }
}

impl Node {
    /// The name of its class in clang, less what it is derived from.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it is made of, in the source's order.
    pub fn children(&self) -> impl Iterator<Item = &Node> {
        self.inner.iter()
    }

    /// Whether a function has a body.
    pub fn is_definition(&self) -> bool {
        self.children().any(|child| child.kind == "CompoundStmt")
    }

    /// The type as the source writes it, of what is a structure, a union or a complex number.
    pub fn aggregate(&self) -> Option<&str> {
        let mut name = self
            .typ
            .desugared_qual_type
            .as_ref()
            .unwrap_or(&self.typ.qual_type)
            .as_str();
        while let Some(rest) = ["const ", "volatile ", "_Atomic "]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
        {
            name = rest;
        }
        let rest = ["struct ", "union ", "_Complex "]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))?;
        // Pointers, arrays and functions have more behind the name, or behind the place of a type without one, which is in parentheses.
        let behind = match rest.strip_prefix('(') {
            Some(place) => place.split_once(')')?.1,
            None => rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_' || c == ' '),
        };
        behind.is_empty().then_some(&self.typ.qual_type)
    }

    /// The compiler's own function that a call is of.
    pub fn builtin(&self) -> Option<&str> {
        let callee = self.inner.first()?;
        let function = callee.inner.first()?.referenced_decl.as_ref()?;
        (callee.cast_kind == "BuiltinFnToFnPtr").then_some(&function.name)
    }
}

/// Parses the text.
pub fn parse(json: &[u8]) -> Result<Node, ParseError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    // as deep as expressions are: the caller has the stack for it
    deserializer.disable_recursion_limit();
    let root = Node::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(root)
}
