//! Sessions in number: what is played, how often, and what is said of one that fails.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub(crate) use super::world::Ran;
use super::{dialogue::Dialogue, plan::Plan, world::play};

/// Set, and a number: this many sessions. Else as many as each CI run has.
pub(crate) fn sessions() -> u64 {
    number("SIMULATIONS").unwrap_or(100_000)
}

/// Set, and a number: the first seed.
pub(crate) fn first_seed() -> u64 {
    number("SEED").unwrap_or(0)
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

/// Plays a session; one that fails is played again with its dialogue shown.
pub(crate) fn run(plan: &Plan, replay: impl FnOnce() -> String) -> Ran {
    let quiet = |shown| {
        let mut dialogue = Dialogue::new(shown);
        let played = catch_unwind(AssertUnwindSafe(|| play(plan, &mut dialogue)));
        dialogue.flush();
        played
    };
    match quiet(false) {
        Ok(Ok(ran)) => return ran,
        Ok(Err(why)) => println!("{why}"),
        Err(_) => println!("a panic"),
    }
    println!("replay: {}\n{plan:?}", replay());
    match quiet(true) {
        Ok(Ok(_)) => panic!("the second time it went well: a seed does not decide everything"),
        Ok(Err(why)) => panic!("{why}"),
        Err(panic) => resume_unwind(panic),
    }
}
