//! One of our hot paths, so many times: `instructions NAME TIMES`, for callgrind; without arguments, their names. Says how
//! many items a run has, and how many allocations all runs made.
//!
//! `instructions growth` does each job that must be linear, for a size and for twice that, and says its name.

use std::env;

use smtp_benches::{
    allocations::{self, Counting},
    growth,
    paths::PATHS,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, times] = &arguments[..] else {
        return match arguments.first().map(String::as_str) {
            Some("growth") => grow(),
            _ => PATHS.iter().for_each(|(name, _)| println!("{name}")),
        };
    };
    let (_, make) = PATHS.iter().find(|(path, _)| path == name).expect("a path's name");
    let times: usize = times.parse().expect("a number");
    let mut path = make();
    // What is only done once (memchr looks at the processor, a buffer grows) is no part of the count.
    let mut sum = (path.run)();
    let before = allocations::count();
    for _ in 0..times {
        sum = sum.wrapping_add(core::hint::black_box((path.run)()));
    }
    let calls = allocations::count() - before;
    println!("{} {calls} {}", path.items, sum & 1);
}

fn grow() {
    for job in growth::all() {
        println!("{} {}", job.name, job.run() & 1);
    }
}
