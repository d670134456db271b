//! What Bazel says about a Starlark file: the messages of `stardoc_output.proto` (bazel, src/main/protobuf), as far as pages have them.

use prost::Message;

/// A file.
#[derive(Clone, PartialEq, Message)]
pub struct ModuleInfo {
    /// Rules.
    #[prost(message, repeated, tag = "1")]
    pub rules: Vec<RuleInfo>,
    /// Providers.
    #[prost(message, repeated, tag = "2")]
    pub providers: Vec<ProviderInfo>,
    /// Functions and macros.
    #[prost(message, repeated, tag = "3")]
    pub functions: Vec<FunctionInfo>,
    /// The file's docstring.
    #[prost(string, tag = "5")]
    pub doc: String,
    /// The file's label.
    #[prost(string, tag = "6")]
    pub file: String,
    /// Module extensions.
    #[prost(message, repeated, tag = "7")]
    pub extensions: Vec<ExtensionInfo>,
    /// Repository rules, of which the messages are those of rules as far as they are read here.
    #[prost(message, repeated, tag = "8")]
    pub repository_rules: Vec<RuleInfo>,
}

/// A rule, or a repository rule.
#[derive(Clone, PartialEq, Message)]
pub struct RuleInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub doc: String,
    /// Its attributes.
    #[prost(message, repeated, tag = "3")]
    pub attributes: Vec<AttributeInfo>,
}

/// An attribute.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub doc: String,
    /// Its type: one of AttributeType.
    #[prost(int32, tag = "3")]
    pub kind: i32,
    /// Whether it has to be given.
    #[prost(bool, tag = "4")]
    pub is_mandatory: bool,
    /// What it is otherwise, in Starlark.
    #[prost(string, tag = "6")]
    pub default: String,
    /// Whether Bazel has it, and not the rule.
    #[prost(bool, tag = "8")]
    pub is_native: bool,
    /// The values that it can have, in Starlark; empty: any.
    #[prost(string, repeated, tag = "9")]
    pub values: Vec<String>,
}

/// A provider.
#[derive(Clone, PartialEq, Message)]
pub struct ProviderInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub doc: String,
    /// Its fields.
    #[prost(message, repeated, tag = "3")]
    pub fields: Vec<FieldInfo>,
}

/// A field of a provider.
#[derive(Clone, PartialEq, Message)]
pub struct FieldInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub doc: String,
}

/// A function.
#[derive(Clone, PartialEq, Message)]
pub struct FunctionInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its parameters.
    #[prost(message, repeated, tag = "2")]
    pub parameters: Vec<ParameterInfo>,
    /// What it is.
    #[prost(string, tag = "3")]
    pub doc: String,
    /// What it returns.
    #[prost(message, optional, tag = "4")]
    pub returns: Option<ReturnInfo>,
}

/// A parameter of a function.
#[derive(Clone, PartialEq, Message)]
pub struct ParameterInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub doc: String,
    /// What it is otherwise, in Starlark.
    #[prost(string, tag = "3")]
    pub default: String,
    /// Whether it has to be given.
    #[prost(bool, tag = "4")]
    pub is_mandatory: bool,
}

/// What a function returns.
#[derive(Clone, PartialEq, Message)]
pub struct ReturnInfo {
    /// What it is.
    #[prost(string, tag = "1")]
    pub doc: String,
}

/// A module extension.
#[derive(Clone, PartialEq, Message)]
pub struct ExtensionInfo {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it is.
    #[prost(string, tag = "2")]
    pub doc: String,
    /// Its tags.
    #[prost(message, repeated, tag = "3")]
    pub tags: Vec<RuleInfo>,
}

/// How types of attributes are called in BUILD files: AttributeType, by number.
pub const ATTRIBUTE_TYPES: &[&str] = &[
    "",
    "name",
    "int",
    "label",
    "string",
    "list of strings",
    "list of ints",
    "list of labels",
    "bool",
    "dict of labels and strings",
    "dict of strings",
    "dict of strings and lists of strings",
    "output",
    "list of outputs",
    "dict of strings and labels",
];
