//! Stands for protoc, a plug-in of it, bindgen and clang.

fn main() {}
