//! What was measured: on the terminal, and as a file for a page of results.

use core::fmt::Write as _;
use std::{fs, path::Path, process::Command};

use super::{Failure, row};

/// One figure.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) metric: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) value: f64,
}

/// All figures of one contender in one row, or why there are none.
pub(crate) struct Entry {
    pub(crate) contender: &'static str,
    pub(crate) figures: Result<Vec<Figure>, String>,
}

/// Prints a row. Every entry that has figures has them in the same order; what was not counted is NaN.
pub(crate) fn print(title: &str, entries: &[Entry]) {
    println!("\n{title}");
    if let Some(figures) = entries.iter().find_map(|entry| entry.figures.as_ref().ok()) {
        print!("  {:<31}", "");
        for figure in figures {
            print!("{:>14}", figure.metric);
        }
        print!("\n  {:<31}", "");
        for figure in figures {
            print!("{:>14}", figure.unit);
        }
        println!();
    }
    for Entry { contender, figures } in entries {
        print!("  {contender:<31}");
        match figures {
            Ok(figures) => figures.iter().for_each(|figure| print!("{:>14}", short(figure.value))),
            Err(why) => print!("    FAILED: {why}"),
        }
        println!();
    }
}

/// Three or four digits that count; more would be noise.
fn short(value: f64) -> String {
    match value {
        _ if value.is_nan() => "-".to_owned(),
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Rows under their names.
pub(crate) type Rows = Vec<(&'static str, Vec<Entry>)>;

/// Writes `results/end-to-end.tsv` beside this package's manifest.
pub(crate) fn write(rows: &Rows, command: &str) -> Result<(), Failure> {
    let mut text = header(command)?;
    for row in row::ALL {
        writeln!(text, "# {}: {}", row.name, row.placement_name())?;
    }
    text.push_str("row\tcontender\tmetric\tvalue\tunit\n");
    for (row, entries) in rows {
        for Entry { contender, figures } in entries {
            let failed = [Figure { metric: "failed", unit: "", value: f64::NAN }];
            for Figure { metric, unit, value } in figures.as_deref().unwrap_or(&failed) {
                writeln!(text, "{row}\t{contender}\t{metric}\t{}\t{unit}", short(*value))?;
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    fs::create_dir_all(&folder)?;
    Ok(fs::write(folder.join("end-to-end.tsv"), text)?)
}

/// When, where and how it was measured.
pub(crate) fn header(command: &str) -> Result<String, Failure> {
    let cpus = fs::read_to_string("/proc/cpuinfo")?;
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown", |(_, model)| model);
    let date = output("date", "-I")?;
    let kernel = output("uname", "-sr")?;
    let rustc = output("rustc", "--version")?;
    let cores = super::usage::cpus();
    Ok(format!(
        "# date: {date}\n# machine: {model}, {cores} cores, {kernel}\n# rustc: {rustc}\n\
         # command: {command}\n"
    ))
}

fn output(program: &str, argument: &str) -> Result<String, Failure> {
    let output = Command::new(program).arg(argument).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
