//! What is asked of whole clients, row by row; rows in memory carry their goals with them.

use super::{Contender, Metric, Row};

/// A bound on one figure of one contender.
struct Bound {
    /// How the name of the row begins.
    row: &'static str,
    contender: &'static str,
    metric: &'static str,
    most: Option<f64>,
    least: Option<f64>,
}

const fn least(
    row: &'static str,
    contender: &'static str,
    metric: &'static str,
    bound: f64,
) -> Bound {
    Bound { row, contender, metric, most: None, least: Some(bound) }
}

const fn most(
    row: &'static str,
    contender: &'static str,
    metric: &'static str,
    bound: f64,
) -> Bound {
    Bound { row, contender, metric, most: Some(bound), least: None }
}

const BOUNDS: [Bound; 21] = [
    least("10,000 x 1 KiB, 1 connection", "smtp-sync", "ratio", 1.6),
    least("10,000 x 1 KiB, 1 connection", "smtp-async", "ratio", 1.6),
    least("10,000 x 1 KiB, 1 connection", "smtp-sync, ahead", "ratio", 2.5),
    least("10,000 x 1 KiB, 1 connection", "smtp-async, ahead", "ratio", 2.5),
    most("10,000 x 1 KiB, 1 connection", "smtp-sync", "CPU", 0.10),
    most("10,000 x 1 KiB, 1 connection", "smtp-sync", "system calls", 4.0),
    most("10,000 x 1 KiB, 1 connection", "smtp-async", "system calls", 6.0),
    most("10,000 x 1 KiB, 1 connection", "smtp-sync, ahead", "system calls", 2.0),
    least("10,000 x 1 KiB, 16 connections", "smtp-sync", "ratio", 1.5),
    least("10,000 x 1 KiB, 16 connections", "smtp-async", "ratio", 1.5),
    least("10,000 x 1 KiB, 256 connections", "smtp-sync", "ratio", 1.5),
    least("10,000 x 1 KiB, 256 connections", "smtp-async", "ratio", 1.5),
    least("1 message, 1,000 recipients", "smtp-sync", "ratio", 10.0),
    most("1 message, 1,000 recipients", "smtp-sync", "system calls", 4.0),
    least("100 x 10 MiB", "smtp-sync", "ratio", 1.0),
    least("100 x 10 MiB", "smtp-async", "ratio", 1.0),
    most("20 ms round trip, 20 x 1 KiB", "smtp-sync", "round trips", 2.0),
    most("20 ms round trip, 20 x 1 KiB", "smtp-async", "round trips", 2.0),
    most("20 ms round trip, 20 x 1 KiB", "smtp-sync, ahead", "round trips", 1.0),
    most("20 ms round trip, 20 x 1 KiB", "smtp-async, ahead", "round trips", 1.0),
    most("20 ms round trip, 20 x 1 KiB", "smtp-sync, BDAT in flight", "round trips", 0.3),
];

/// How far above its bound a figure may be to be at it. Round trips are counted by the clock: the first of twenty
/// messages takes one more, and proxy and processor take their time too, the near limit's as ours.
fn tolerance(metric: &str) -> f64 {
    match metric {
        "round trips" => 0.1,
        "system calls" => 0.05,
        _ => 0.0,
    }
}

impl Row {
    /// All goals: those of the file, then those that are known here.
    pub(super) fn all_goals(&self) -> Vec<Metric> {
        let known = BOUNDS.iter().filter(|bound| bound.row == self.name);
        let judged = known.filter_map(|bound| {
            let contender = self.contenders.iter().find(|c| c.name == bound.contender)?;
            bound.judge(contender)
        });
        self.goals.iter().cloned().chain(judged).collect()
    }
}

impl Bound {
    fn judge(&self, contender: &Contender) -> Option<Metric> {
        let figure = contender.metric(self.metric)?;
        let value: f64 = figure.value.parse().ok()?;
        let (words, met) = match (self.most, self.least) {
            (Some(most), _) => (format!("at most {most}"), value <= most + tolerance(self.metric)),
            (_, Some(least)) => (format!("at least {least}"), value >= least),
            _ => return None,
        };
        let name = format!("{}: {words} {} ({})", contender.name, figure.unit, self.metric);
        let unit = if met { "met" } else { "missed" };
        Some(Metric { name, value: figure.value.clone(), unit: unit.to_owned() })
    }
}
