//! Links firmware with what build scripts of crates say, as cargo does.
#![deny(missing_docs)]

pub mod error;
pub mod plan;
pub mod said;
