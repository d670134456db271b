//! Runs on boards with seeded faults: none may end in "done" with wrong content, a clean run afterwards repairs every board,
//! and none takes longer than its time limit.
//!
//! ESPLOAD_FAULT_RUNS is the number of runs, ESPLOAD_FAULT_SEED the first seed, ESPLOAD_FAULT_THREADS how many go on at once.

mod support;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use espimage::flash::FlashSize;
use espload::{Cancel, Silent, load};
use espsim::{Fault, Options, Port};
use support::*;

/// Limit of a faulty run.
const LIMIT: Duration = Duration::from_secs(25);
/// What the limit may be missed by on a busy machine.
const SLACK: Duration = Duration::from_secs(10);

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect(name))
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.below(values.len() as u64) as usize]
    }
}

fn fault(random: &mut Random) -> Fault {
    let damage = random.pick(&["lose", "double", "flip", "garbage"]);
    let (direction, end) = random.pick(&[("in", 40_000), ("out", 2_500)]);
    let at = random.below(end);
    let byte = random.below(40_000);
    let text = match random.below(12) {
        0..=3 if damage == "garbage" => {
            format!("garbage-{direction}@{at}:{}", 1 + random.below(64))
        }
        0..=3 => format!("{damage}-{direction}@{at}"),
        4..=5 => {
            let rate = random.pick(&["0.00003", "0.0001", "0.0005"]);
            format!("{damage}-{direction}:{rate}")
        }
        6 => format!("silence@{byte}"),
        7 => format!("silence@{byte}:{}ms", 50 + random.below(1000)),
        8 => format!("reset@{byte}{}", random.pick(&["", ":download"])),
        9 => format!("disconnect@{byte}:50ms"),
        10 => random
            .pick(&["refuse-baud:460800", "max-baud:115200", "max-baud:230400"])
            .to_owned(),
        _ => random
            .pick(&["wrong-md5", "max-baud:460800", "reset@30"])
            .to_owned(),
    };
    text.parse().expect(&text)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    Content,
    NotRepaired,
    Slow,
}

/// One run; how it ended, and what is wrong with that.
fn one(seed: u64, old: &Files, new: &Files) -> (String, Vec<(Wrong, String)>) {
    let mut random = Random(seed);
    let mut wrong = Vec::new();
    let mut options = Options::new(
        random
            .pick(&[0, 0, 0, 1])
            .eq(&0)
            .then(rfc2217)
            .unwrap_or(Port::Pty { link: None }),
    );
    options.flash = match random.below(3) {
        0 => Vec::new(),
        1 => old.flash(),
        _ => {
            let mut flash = new.flash();
            for _ in 0..1 + random.below(3) {
                flash[APP as usize + random.below(new.app.len() as u64) as usize] ^= 1;
            }
            flash
        }
    };
    options.faults = (0..1 + random.below(3))
        .map(|_| fault(&mut random))
        .collect();
    options.seed = seed;
    let mut request = new.request();
    request.timing.total = Some(LIMIT);
    request.stub = random.below(4) != 0;
    request.all = random.below(4) == 0;
    request.baud = random.pick(&[115_200, 460_800, 460_800, 921_600]);
    let what = format!("seed {seed}: {:?}", options.faults);

    let board = start(options);
    let begin = Instant::now();
    let result = load(
        open(&board.port()),
        &request,
        &mut Silent,
        &Cancel::default(),
    );
    let took = begin.elapsed();
    if took > LIMIT + SLACK {
        wrong.push((Wrong::Slow, format!("{what}: {took:?}")));
    }
    let (_, flash) = board.stop().unwrap();
    let outcome = match &result {
        Ok((summary, _)) => {
            assert!(summary.verified, "{what}");
            if !new.are_in(&flash) {
                wrong.push((Wrong::Content, what.clone()));
            }
            "done".to_owned()
        }
        Err(error) => error.code().to_owned(),
    };
    drop(result);

    let mut options = Options::new(rfc2217());
    options.flash = flash;
    let board = start(options);
    let repaired = load(
        open(&board.port()),
        &new.request(),
        &mut Silent,
        &Cancel::default(),
    );
    let (_, flash) = board.stop().unwrap();
    match repaired {
        Ok((summary, _)) if summary.verified && new.are_in(&flash) => {}
        Ok(_) => wrong.push((Wrong::NotRepaired, what)),
        Err(error) => wrong.push((Wrong::NotRepaired, format!("{what}: {error}"))),
    }
    (outcome, wrong)
}

#[test]
fn faults_never_end_in_a_false_done() {
    let runs = number("ESPLOAD_FAULT_RUNS", 120);
    let first = number("ESPLOAD_FAULT_SEED", 1);
    let threads = number("ESPLOAD_FAULT_THREADS", 24);
    let old = Files::with(app(9, 0, 399, FlashSize::Mb4), FlashSize::Mb4);
    let new = Files::new();
    let next = AtomicU64::new(first);
    let outcomes = Mutex::new(BTreeMap::<String, u64>::new());
    let wrongs = Mutex::new(Vec::new());
    let begin = Instant::now();
    thread::scope(|scope| {
        for _ in 0..threads.min(runs) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + runs {
                        break;
                    }
                    let (outcome, wrong) = one(seed, &old, &new);
                    *outcomes.lock().unwrap().entry(outcome).or_default() += 1;
                    wrongs.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let mut wrongs = wrongs.into_inner().unwrap();
    wrongs.sort();
    println!(
        "{runs} runs with faults in {:.0} s",
        begin.elapsed().as_secs_f64()
    );
    for (outcome, count) in &outcomes {
        println!("{count:6}  {outcome}");
    }
    for (kind, name) in [
        (Wrong::Content, "done with wrong content"),
        (Wrong::NotRepaired, "not repaired by a clean run"),
        (Wrong::Slow, "over the time limit"),
    ] {
        println!(
            "{:6}  {name}",
            wrongs.iter().filter(|(wrong, _)| *wrong == kind).count()
        );
    }
    assert_eq!(outcomes.values().sum::<u64>(), runs);
    assert!(wrongs.is_empty(), "{wrongs:#?}");
}
