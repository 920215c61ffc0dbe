//! Fuzzing with what there is: inputs that are almost right, made of real ones.
//!
//! In the suite every target runs for a few hundred inputs, always the same ones; with `KATYDID_FUZZ_SECONDS` it runs for
//! so long, with inputs that nobody has seen (`bench/fuzz.sh`). A target asserts what must hold of every input, and says
//! what came of it: an input that led somewhere new is mutated further.

use super::{Purpose, Stream, seed_of, stream};
use rand::{Rng, RngExt};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

/// The variable that says for how many seconds each target runs.
const SECONDS: &str = "KATYDID_FUZZ_SECONDS";

/// Inputs of each target in the suite.
const ROUNDS: usize = 400;

/// Longer inputs are cut.
const LONGEST: usize = 64 * 1024;

/// Inputs that are kept besides the corpus.
const FOUND: usize = 2000;

/// As long as this no input may take: it would be a hang.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs `target` on every text of `corpus`, and on what comes of them by bit flips, cuts, splices, repetitions, other
/// numbers and the `words` of their language.
///
/// # Panics
///
/// When the target does, with the input that led to it; or when one input takes too long.
pub(crate) fn fuzz<O: Debug>(
    name: &str,
    corpus: &[&[u8]],
    words: &[&str],
    mut target: impl FnMut(&[u8]) -> O,
) {
    let seconds = std::env::var(SECONDS).ok().map(|text| text.parse().expect("a number of seconds"));
    let seed = if seconds.is_some() { RandomState::new().build_hasher().finish() } else { 0 };
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut random = stream(seed_of(seed, name), 0, Purpose::Script);
    let mut known: Vec<Vec<u8>> = corpus.iter().map(|text| text.to_vec()).collect();
    let mut outcomes = BTreeSet::new();
    let mut rounds = 0;
    while until.map_or(rounds < ROUNDS + corpus.len(), |until| Instant::now() < until) {
        let input =
            if rounds < corpus.len() { known[rounds].clone() } else { mutant(&mut random, &known, words) };
        rounds += 1;
        let begun = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| target(&input))) {
            Ok(outcome) => {
                if outcomes.insert(format!("{outcome:?}")) && known.len() < corpus.len() + FOUND {
                    known.push(input.clone());
                }
            }
            Err(panic) => {
                shown(name, seed, &input);
                resume_unwind(panic);
            }
        }
        if begun.elapsed() > PATIENCE {
            shown(name, seed, &input);
            panic!("{name}: an input took {:?}", begun.elapsed());
        }
    }
    if until.is_some() {
        report(&format!("{name}: {rounds} inputs, {} outcomes, seed {seed}", outcomes.len()));
    }
}

fn shown(name: &str, seed: u64, input: &[u8]) {
    report(&format!("{name}, seed {seed}, on this input:\n{}", input.escape_ascii()));
}

/// Tests may speak: what they print is shown when they fail, or are asked to.
fn report(text: &str) {
    eprintln!("{text}");
}

/// One of `known`, changed in one to eight places.
fn mutant(random: &mut Stream, known: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = known[random.random_range(0..known.len())].clone();
    for _ in 0..random.random_range(1..=8_u32) {
        change(random, &mut input, known, words);
        input.truncate(LONGEST);
    }
    input
}

fn change(random: &mut Stream, input: &mut Vec<u8>, known: &[Vec<u8>], words: &[&str]) {
    let at = random.random_range(0..=input.len());
    let end = (at + random.random_range(1..=32_usize)).min(input.len());
    match random.random_range(0..10_u32) {
        0 if at < input.len() => input[at] ^= 1 << random.random_range(0..8_u32),
        1 if at < input.len() => input[at] = random.random(),
        2 => input.truncate(at),
        3 => drop(input.drain(at..end)),
        4 => {
            let piece = input[at..end].to_vec();
            let times = if random.random_range(0..20_u32) == 0 { 1000 } else { 2 };
            drop(input.splice(at..at, piece.repeat(times)));
        }
        5 | 6 if !words.is_empty() => {
            let word = words[random.random_range(0..words.len())];
            drop(input.splice(at..at, word.bytes()));
        }
        7 => {
            // The beginning of this one and the end of another.
            let other = &known[random.random_range(0..known.len())];
            let from = random.random_range(0..=other.len());
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        8 => other_number(random, input, at),
        _ => {
            let mut noise = [0; 4];
            random.fill_bytes(&mut noise);
            drop(input.splice(at..at, noise));
        }
    }
}

/// Replaces the first number from `at` on by one that is more interesting.
fn other_number(random: &mut Stream, input: &mut Vec<u8>, at: usize) {
    const NUMBERS: [&str; 12] = [
        "0",
        "1",
        "-1",
        "127",
        "256",
        "65536",
        "2147483648",
        "4294967296",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e999",
    ];
    let Some(start) = input[at..].iter().position(u8::is_ascii_digit).map(|found| at + found) else { return };
    let end =
        input[start..].iter().position(|byte| !byte.is_ascii_digit()).map_or(input.len(), |end| start + end);
    let number = NUMBERS[random.random_range(0..NUMBERS.len())];
    drop(input.splice(start..end, number.bytes()));
}
