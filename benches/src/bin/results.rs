//! The page of results: `results [--micro] [--end-to-end]`.
//!
//! With `--micro` the rows in memory are measured anew, with `--end-to-end` the program of that name beside this one is run
//! first. The page and the plot are made of what stands in `benches/results` then.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use smtp_benches::{
    allocations::Counting,
    measure_all,
    report::{Results, page, plot},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&folder)?;
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "--micro" => fs::write(folder.join("micro.tsv"), measure_all(""))?,
            "--end-to-end" => run_beside("end-to-end")?,
            _ => return Err(io::Error::other("usage: results [--micro] [--end-to-end]")),
        }
    }
    let micro = read(folder.join("micro.tsv"))?;
    let end_to_end = read(folder.join("end-to-end.tsv"))?;
    fs::write(folder.join("README.md"), page(&micro, &end_to_end))?;
    fs::write(folder.join("throughput.svg"), plot(&micro, &end_to_end))
}

/// No file, no results.
fn read(path: PathBuf) -> io::Result<Results> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Results::parse(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Results::default()),
        Err(error) => Err(error),
    }
}

/// Runs a program of this package; cargo builds it first, as `cargo run --bin` builds only one.
fn run_beside(program: &str) -> io::Result<()> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let mut command = Command::new(cargo);
    command.args(["run", "--release", "--bin", program, "--manifest-path"]).arg(manifest);
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{program}: {status}"))) }
}
