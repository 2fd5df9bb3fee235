//! All contenders interleaved, as ratios: `cargo bench --manifest-path benches/Cargo.toml --bench summary [filter]`.
//!
//! A filter is part of a row's name. Without one, the results are written to `benches/results/micro.tsv` too.

use std::{env, fs, path::Path};

use smtp_benches::{allocations::Counting, rows, table};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let filter = env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let mut lines = table::HEAD.to_owned();
    for row in rows() {
        if filter.as_ref().is_none_or(|part| row.name.contains(part.as_str())) {
            let result = row.measure();
            print!("{}", table::text(&result, row.goals));
            lines += &table::lines(&result, row.goals);
        }
    }
    if filter.is_none() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results/micro.tsv");
        fs::create_dir_all(path.with_file_name("")).expect("a directory for the results");
        fs::write(path, lines).expect("results can be written");
    }
}
