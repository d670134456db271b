//! Finds the calls in C that clang 23 and 24 compile wrong for Xtensa, and say nothing: where variable arguments are read, their
//! save area is off by a word, and structures travel in other registers than GCC's and Rust's.
//!
//! What is looked at is clang's own syntax tree (`-Xclang -ast-dump=json`), so nothing that the preprocessor or a typedef hides is missed.

#![deny(missing_docs)]

mod ast;

use std::fmt;

use ast::Node;
pub use ast::ParseError;

/// A wrong call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file, as clang calls it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What it is.
    pub what: What,
}

/// What clang has wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// va_start, va_arg or va_copy.
    VariableArguments,
    /// A function takes a structure or a union, of this type, by value.
    Parameter(String),
    /// A function returns one.
    Return(String),
    /// A call passes one.
    Argument(String),
    /// A call gets one.
    Result(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: error: ", self.file, self.line)?;
        match &self.what {
            What::VariableArguments => write!(f, "variable arguments are read"),
            What::Parameter(name) => write!(f, "a parameter is a '{name}' by value"),
            What::Return(name) => write!(f, "a '{name}' is returned by value"),
            What::Argument(name) => write!(f, "an argument is a '{name}' by value"),
            What::Result(name) => write!(f, "the call returns a '{name}' by value"),
        }
    }
}

/// Finds what is wrong in the syntax tree of a translation unit, as clang prints it.
pub fn check(json: &[u8]) -> Result<Vec<Finding>, ParseError> {
    let root = ast::parse(json)?;
    let mut findings = Vec::new();
    let mut place = ast::Place::default();
    visit(&root, &mut place, &mut findings);
    Ok(findings)
}

fn visit(node: &Node, place: &mut ast::Place, findings: &mut Vec<Finding>) {
    let at = place.enter(node);
    let mut find = |what| {
        findings.push(Finding {
            file: at.file.clone(),
            line: at.line,
            what,
        });
    };
    match node.kind() {
        "VAArgExpr" => find(What::VariableArguments),
        "FunctionDecl" if node.is_definition() => {
            for parameter in node
                .children()
                .filter(|child| child.kind() == "ParmVarDecl")
            {
                if let Some(name) = parameter.aggregate() {
                    find(What::Parameter(name.into()));
                }
            }
        }
        "ReturnStmt" => {
            if let Some(name) = node.children().next().and_then(Node::aggregate) {
                find(What::Return(name.into()));
            }
        }
        "CallExpr" => match node.builtin() {
            Some("__builtin_va_start" | "__builtin_va_copy") => find(What::VariableArguments),
            Some(_) => {}
            None => {
                if let Some(name) = node.aggregate() {
                    find(What::Result(name.into()));
                }
                for argument in node.children().skip(1) {
                    if let Some(name) = argument.aggregate() {
                        find(What::Argument(name.into()));
                    }
                }
            }
        },
        _ => {}
    }
    for child in node.children() {
        visit(child, place, findings);
    }
}
