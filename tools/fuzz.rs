//! Property tests that run for a time: three seconds, or what the environment variable ESP_FUZZ_SECONDS says.
//!
//! The cases are the same in each run, and a longer run has those of a shorter one. What fails is made smaller and printed.
#![allow(dead_code)] // Each test program uses a part.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Cases of a round, after which the time is looked at.
const CASES: u32 = 32;
/// One case may take so long on a machine that is busy.
const CASE_LIMIT: Duration = Duration::from_secs(10);
/// Memory that a test program may have, in bytes: inputs are some kilobytes, and the largest file a megabyte.
const MEMORY: u64 = 1 << 30;

/// Runs `property` on values of `strategy`: it must not panic, hang, or ask for much memory.
pub fn fuzz<S>(strategy: S, property: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    let limit = Rlimit {
        current: Some(MEMORY),
        maximum: getrlimit(Resource::As).maximum,
    };
    setrlimit(Resource::As, limit).expect("a limit");
    let seconds =
        std::env::var("ESP_FUZZ_SECONDS").map_or(3, |text| text.parse().expect("a number"));
    let end = Instant::now() + Duration::from_secs(seconds);
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    for round in 0_u64.. {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&round.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(config.clone(), random);
        let result = runner.run(&strategy, |value| {
            let start = Instant::now();
            property(value);
            prop_assert!(
                start.elapsed() < CASE_LIMIT,
                "it took {:?}",
                start.elapsed()
            );
            Ok(())
        });
        if let Err(error) = result {
            panic!("round {round}: {error}");
        }
        if Instant::now() >= end {
            break;
        }
    }
}

/// A change of bytes.
#[derive(Debug, Clone)]
pub enum Change {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, Index),
    /// Copies a part to another place.
    Repeat(Index, Index, Index),
}

/// Up to eight changes, which insert `words` and random bytes.
pub fn changes(words: &'static [&'static str]) -> impl Strategy<Value = Vec<Change>> {
    let inserted = prop_oneof![
        3 => select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..16),
    ];
    let index = any::<Index>;
    let change = prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        3 => (index(), inserted).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        1 => (index(), index()).prop_map(|(from, to)| Change::Remove(from, to)),
        1 => (index(), index(), index()).prop_map(|(from, to, at)| Change::Repeat(from, to, at)),
    ];
    prop::collection::vec(change, 0..8)
}

/// Applies changes.
pub fn apply(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    let range = |len: usize, from: &Index, to: &Index| {
        let (from, to) = (from.index(len + 1), to.index(len + 1));
        from.min(to)..from.max(to)
    };
    for change in changes {
        let len = bytes.len();
        match change {
            Change::Set(at, byte) if len > 0 => bytes[at.index(len)] = *byte,
            Change::Set(..) => {}
            Change::Insert(at, part) => {
                let at = at.index(len + 1);
                bytes.splice(at..at, part.iter().copied());
            }
            Change::Remove(from, to) => drop(bytes.drain(range(len, from, to))),
            Change::Repeat(from, to, at) => {
                let part = bytes[range(len, from, to)].to_vec();
                let at = at.index(len + 1);
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// A text of `words` and random bytes.
pub fn text(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..24),
    ];
    prop::collection::vec(piece, 0..64).prop_map(|pieces| pieces.concat())
}
