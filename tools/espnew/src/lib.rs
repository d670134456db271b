//! A repository with firmware, laid from an example of rules_esp32: its files under another name, and what a repository of its own
//! has besides (README, CI, bazelw).
#![forbid(unsafe_code)]

pub mod cli;
pub mod error;
pub mod example;
pub mod kind;
pub mod lay;
pub mod name;
pub mod origin;
pub mod repository;
