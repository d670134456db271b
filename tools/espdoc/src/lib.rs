//! Pages of documentation, of what Bazel's `starlark_doc_extract` writes about a Starlark file.
#![forbid(unsafe_code)]

pub mod cli;
pub mod module_info;
pub mod page;
