//! Results as text, and as lines of tab-separated values.

use core::fmt::Write as _;

use crate::{
    goal::Goal,
    measure::{Measured, Result},
};

/// What the file begins with.
pub const HEAD: &str = "row\tcontender\tmetric\tvalue\tunit\n";

/// A row for the terminal: its contenders, then its goals.
#[must_use]
pub fn text(result: &Result, goals: &[Goal]) -> String {
    let mut text = format!(
        "\n{} ({} octets, {} x {})\n  {:<28}{:>12}{:>9}{:>9}{:>13}\n",
        result.name,
        result.octets,
        result.items.count,
        result.items.name,
        "",
        format!("ns/{}", result.items.name),
        "GB/s",
        "x ours",
        "allocations",
    );
    for contender in &result.contenders {
        let _ = writeln!(
            text,
            "  {:<28}{:>12.2}{:>9.2}{:>9.2}{:>13.1}",
            contender.name,
            result.per_item(contender),
            result.speed(contender),
            contender.per_ours,
            contender.allocations,
        );
    }
    for (goal, verdict) in verdicts(result, goals) {
        let met = met(verdict.met);
        let _ = writeln!(text, "  goal: {goal}: {:.2}, {met}", verdict.value);
    }
    text
}

/// A row for the file.
#[must_use]
pub fn lines(result: &Result, goals: &[Goal]) -> String {
    let mut lines = String::new();
    for contender in &result.contenders {
        for (metric, value, unit) in metrics(result, contender) {
            let (row, name) = (&result.name, contender.name);
            let _ = writeln!(lines, "{row}\t{name}\t{metric}\t{value}\t{unit}");
        }
    }
    for (goal, verdict) in verdicts(result, goals) {
        let (row, met) = (&result.name, met(verdict.met));
        let _ = writeln!(lines, "{row}\tgoal\t{goal}\t{:.2}\t{met}", verdict.value);
    }
    lines
}

fn metrics(result: &Result, contender: &Measured) -> [(&'static str, String, String); 5] {
    let item = result.items.name;
    [
        ("role", contender.role.name().to_owned(), "-".to_owned()),
        ("time", format!("{:.2}", result.per_item(contender)), format!("ns/{item}")),
        ("speed", format!("{:.3}", result.speed(contender)), "GB/s".to_owned()),
        ("time per ours", format!("{:.3}", contender.per_ours), "x".to_owned()),
        ("allocations", format!("{:.1}", contender.allocations), "per run".to_owned()),
    ]
}

fn verdicts<'g>(
    result: &Result,
    goals: &'g [Goal],
) -> impl Iterator<Item = (&'g Goal, crate::goal::Verdict)> {
    goals.iter().filter_map(|goal| Some((goal, goal.verdict(result)?)))
}

const fn met(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}
