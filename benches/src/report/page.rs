//! `benches/results/README.md`.

use core::fmt::Write as _;

use super::{Contender, Results, Row};
use crate::Role;

const INTRODUCTION: &str = "\
# Results

Made by `cargo run --release --manifest-path benches/Cargo.toml --bin results -- --micro --end-to-end`; without options
the page is made of the files beside it. All contenders of a row run in turn in one process, and a ratio is the median of
the ratios in each round: ratios can be compared between machines, times cannot. *Near limit* is a minimal kernel or client
for the same job, written by hand. Versions of peers are those of `benches/Cargo.toml`.

![How many times as fast as the fastest peers ours is](throughput.svg)

";

/// The whole page.
#[must_use]
pub fn page(micro: &Results, end_to_end: &Results) -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, results) in [("In memory", micro), ("End to end", end_to_end)] {
        if !results.rows.is_empty() {
            section(&mut page, title, results);
        }
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

fn section(page: &mut String, title: &str, results: &Results) {
    let _ = writeln!(page, "## {title}\n");
    for (key, value) in &results.facts {
        let _ = writeln!(page, "- {key}: {}", code_if(key == "command", value));
    }
    let _ = writeln!(page);
    overview(page, &results.rows);
    for row in &results.rows {
        details(page, row);
    }
}

fn code_if(code: bool, text: &str) -> String {
    if code { format!("`{text}`") } else { text.to_owned() }
}

/// A line for each row: ours beside the best peer and the near limit, and what became of the goals.
fn overview(page: &mut String, rows: &[Row]) {
    page.push_str("| | ours | best peer | ours is as fast as it | as the near limit | goals |\n");
    page.push_str("|---|---|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(page, "| {} | {} |", row.name, cells(row).join(" | "));
    }
    page.push('\n');
}

fn cells(row: &Row) -> [String; 5] {
    let best = row.compared(Role::Peer).first().copied();
    let times = |times: Option<(&Contender, f64)>| times.map(|(_, n)| format!("{n:.2} x"));
    [
        row.ours().map(headline).unwrap_or_default(),
        best.map(|(peer, _)| format!("{}: {}", peer.name, headline(peer))).unwrap_or_default(),
        times(best).unwrap_or_default(),
        times(row.near()).unwrap_or_default(),
        goals_in_brief(row),
    ]
}

/// The figure that stands for a contender.
fn headline(contender: &Contender) -> String {
    let metric = ["time", "speed", "round trips"].iter().find_map(|name| contender.metric(name));
    metric.map(|metric| format!("{} {}", metric.value, metric.unit)).unwrap_or_default()
}

fn goals_in_brief(row: &Row) -> String {
    let goals = row.all_goals();
    let met = goals.iter().filter(|goal| goal.unit == "met").count();
    match goals.len() {
        0 => String::new(),
        all if all == met => "met".to_owned(),
        all => format!("**{} of {all} missed**", all - met),
    }
}

/// All figures of a row, then its goals.
fn details(page: &mut String, row: &Row) {
    let _ = writeln!(page, "### {}\n", row.name);
    let columns = columns(row);
    let _ = writeln!(page, "| | {} |", columns.join(" | "));
    let _ = writeln!(page, "|---|{}", "---|".repeat(columns.len()));
    for contender in &row.contenders {
        let cells: Vec<&str> = columns.iter().map(|column| cell(contender, column)).collect();
        let _ = writeln!(page, "| {} | {} |", contender.name, cells.join(" | "));
    }
    page.push('\n');
    let goals = row.all_goals();
    for goal in &goals {
        let verdict = if goal.unit == "met" { "met" } else { "**missed**" };
        let _ = writeln!(page, "- {}: {}, {verdict}", goal.name, goal.value);
    }
    if !goals.is_empty() {
        page.push('\n');
    }
}

/// Every metric of any contender, with its unit.
fn columns(row: &Row) -> Vec<String> {
    let mut columns = Vec::new();
    for metric in row.contenders.iter().flat_map(|contender| &contender.metrics) {
        let column = column(&metric.name, &metric.unit);
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    columns
}

fn column(name: &str, unit: &str) -> String {
    if unit == "-" { name.to_owned() } else { format!("{name}, {unit}") }
}

fn cell<'c>(contender: &'c Contender, wanted: &str) -> &'c str {
    let mut metrics = contender.metrics.iter();
    let found = metrics.find(|metric| column(&metric.name, &metric.unit) == wanted);
    found.map_or("", |metric| &metric.value)
}
