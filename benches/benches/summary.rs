//! All contenders interleaved, as ratios: `cargo bench --manifest-path benches/Cargo.toml --bench summary [filter]`.
//!
//! A filter is part of a row's name. The page of results is made by `--bin results`.

use std::env;

use smtp_benches::{allocations::Counting, measure_all};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let filter = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let _ = measure_all(&filter.unwrap_or_default());
}
