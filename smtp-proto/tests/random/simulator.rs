//! The client and the server of this crate, joined by a network that fails as a seed says.
//!
//! * `random`: sessions of which all is random but a function of the seed.
//! * `every_fault_at_every_octet`: reference sessions, each kind of fault at each octet of each direction.
//!
//! What decides is not the client's own word: `simulator/witness.rs` sees only its wire, and `simulator/host.rs`
//! knows what the server stored. What each fault leaves to be relied upon stands in `simulator/fault.rs`.

pub(crate) mod dialogue;
pub(crate) mod fault;
pub(crate) mod host;
pub(crate) mod judge;
pub(crate) mod network;
pub(crate) mod plan;
pub(crate) mod random;
pub(crate) mod references;
pub(crate) mod runs;
pub(crate) mod sender;
pub(crate) mod wire;
pub(crate) mod witness;
pub(crate) mod world;

use self::{
    fault::{Direction, Fault, Kind},
    plan::Plan,
};

/// `SEED=7 SIMULATIONS=1 cargo test -p smtp-proto --test random simulator::random -- --nocapture`
#[test]
fn random() {
    let (first, count) = (runs::first_seed(), runs::sessions());
    let (mut octets, mut accepted, mut unknown) = (0, 0, 0);
    for seed in (first..).take(usize::try_from(count).expect("a number of sessions")) {
        let ran = runs::run(&Plan::of_seed(seed), || {
            let test = "cargo test -p smtp-proto --test random simulator::random -- --nocapture";
            format!("SEED={seed} SIMULATIONS=1 {test}")
        });
        octets += ran.octets.0 + ran.octets.1;
        accepted += ran.accepted;
        unknown += ran.unknown;
    }
    println!(
        "{count} sessions from seed {first}: {octets} octets, {accepted} accepted, {unknown} unknown"
    );
    assert!(count < 10_000 || (accepted > 0 && unknown > 0), "nothing much happened");
}

/// In large pieces, and in small ones, which fall otherwise at each octet.
#[test]
fn every_fault_at_every_octet() {
    let mut count = 0;
    for (name, reference) in references::all() {
        for cut in [usize::MAX, 7] {
            count += every_fault(name, &Plan { cut, ..reference.clone() });
        }
    }
    println!("{count} sessions");
}

fn every_fault(name: &str, reference: &Plan) -> usize {
    let (to_server, to_client) = play(name, reference).octets;
    let streams = [(Direction::ToServer, to_server), (Direction::ToClient, to_client)];
    let mut count = 0;
    for (direction, octets) in streams {
        for at in 0..=octets {
            for kind in Kind::all() {
                play(name, &reference.with_fault(Fault { direction, at, kind }));
                count += 1;
            }
        }
    }
    count
}

fn play(name: &str, plan: &Plan) -> runs::Ran {
    runs::run(plan, || {
        let test = "cargo test -p smtp-proto --test random simulator::every_fault -- --nocapture";
        format!("{test} ({name}, {:?})", plan.fault)
    })
}
