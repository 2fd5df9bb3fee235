//! Every seed, and every input that once failed, run through its target.

use std::{fs, path::PathBuf};

use smtp_fuzz_harness::{TARGETS, Target, seeds};

/// The files in `fuzz/KIND/TARGET`, if there are any.
fn inputs(kind: &str, target: &Target) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(kind).join(target.name);
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.expect("readable").path()).collect()
}

fn run_all(kind: &str) -> usize {
    let mut count = 0;
    for target in &TARGETS {
        for input in inputs(kind, target) {
            println!("{}", input.display());
            (target.run)(&fs::read(&input).expect("readable"));
            count += 1;
        }
    }
    count
}

#[test]
fn every_seed_runs() {
    assert!(run_all("seeds") > 0);
}

#[test]
fn what_once_failed_does_not_fail_again() {
    run_all("regressions");
}

#[test]
fn every_target_has_a_program_and_seeds() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets");
    let mut programs: Vec<_> = fs::read_dir(folder)
        .expect("readable")
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    programs.sort();
    assert!(programs.iter().eq(TARGETS.map(|target| target.name).iter()), "{programs:?}");
    for target in &TARGETS {
        assert!(!inputs("seeds", target).is_empty(), "{}", target.name);
    }
}

#[test]
fn every_file_of_the_corpora_runs() {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../smtp-proto/tests");
    let seeds = seeds::all(&tests).expect("readable");
    for target in ["reply", "hello", "command", "stuffing", "server"] {
        assert!(seeds.iter().any(|seed| seed.target == target), "{target}");
    }
    for seed in seeds {
        println!("{} {}", seed.target, seed.name);
        let target = TARGETS.iter().find(|target| target.name == seed.target);
        (target.expect("a target").run)(&seed.octets);
    }
}

/// Some thousand inputs without a pattern, so that a target that takes nothing, or fails at once, is seen without a fuzzer.
#[test]
fn octets_of_any_kind_run() {
    for target in &TARGETS {
        let mut state = 1_u64;
        for length in 0..400 {
            let octets: Vec<u8> = (0..length).map(|_| next(&mut state)).collect();
            (target.run)(&octets);
        }
    }
}

/// The upper octet of a linear congruential generator (Knuth's MMIX).
fn next(state: &mut u64) -> u8 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    state.to_be_bytes()[0]
}
