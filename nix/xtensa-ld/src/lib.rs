//! GNU ld for Rust on Xtensa: makes code of bitcode first. LLVM 23 makes it, less what it cannot do:
//!
//! - instructions that its assembler lacks, in `asm!`, `global_asm!` and naked functions, are GNU as's;
//! - choices between two floating-point constants become choices between their bits.

#![deny(missing_docs)]

pub mod archive;
pub mod assembly;
pub mod command;
pub mod inline;
// unit tests do without LLVM's library
#[cfg(not(test))]
pub mod llvm;
#[cfg(not(test))]
pub mod native;
