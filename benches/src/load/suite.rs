//! All rows: rounds, medians, ratios.

use super::{
    Failure,
    client::Report,
    contender::{self, Contender, Side},
    job::Job,
    measure,
    results::{self, Entry, Figure, Rows},
    row::{self, ROUND_TRIP, Row, Speed},
    strace,
};

const COMMAND: &str = "cargo run --release --manifest-path benches/Cargo.toml --bin end-to-end";

/// What the command line asks for.
struct Choice<'a> {
    quick: bool,
    part: Option<&'a str>,
}

impl Choice<'_> {
    /// Rows whose name has the part in it; all of them where it is part of contenders' names.
    fn rows(&self) -> Vec<Row> {
        let is_of_row = |row: &&Row| self.part.is_none_or(|part| row.name.contains(part));
        let mut rows: Vec<Row> = row::ALL.iter().filter(is_of_row).copied().collect();
        if rows.is_empty() {
            rows = row::ALL.to_vec();
        }
        if self.quick { rows.into_iter().map(Row::quick).collect() } else { rows }
    }

    fn wants(&self, contender: &Contender) -> bool {
        let names_row = |part| row::ALL.iter().any(|row| row.name.contains(part));
        self.part.is_none_or(|part| names_row(part) || contender.name.contains(part))
    }
}

/// Runs, prints, and writes the file if nothing was left out.
pub(crate) fn main(arguments: &[&str]) -> Result<(), Failure> {
    let quick = arguments.contains(&"--quick");
    let part = arguments.iter().find(|argument| !argument.starts_with('-')).copied();
    let choice = Choice { quick, part };
    print!("{}", results::header(COMMAND)?);
    let rows: Rows =
        choice.rows().iter().map(|row| (row.name, measure_row(row, &choice))).collect();
    if !quick && part.is_none() {
        results::write(&rows, COMMAND)?;
    }
    let failed =
        rows.iter().flat_map(|(_, entries)| entries).filter(|entry| entry.figures.is_err());
    match failed.count() {
        0 => Ok(()),
        count => Err(format!("{count} contenders failed in a row").into()),
    }
}

fn measure_row(row: &Row, choice: &Choice<'_>) -> Vec<Entry> {
    let wanted = |contender: &&Contender| (contender.takes)(&row.job) && choice.wants(contender);
    let mut columns: Vec<Column> = contender::ALL.iter().filter(wanted).map(Column::new).collect();
    for _ in 0..row.rounds {
        for column in &mut columns {
            column.run(row);
        }
    }
    let best = best_peers(row, &columns);
    let entries: Vec<Entry> = columns.iter().map(|column| column.entry(row, &best)).collect();
    results::print(&format!("{} ({})", row.name, row.placement_name()), &entries);
    entries
}

/// What one contender made of a row, round by round.
struct Column {
    contender: &'static Contender,
    reports: Vec<Report>,
    failure: Option<Failure>,
}

impl Column {
    const fn new(contender: &'static Contender) -> Self {
        Self { contender, reports: Vec::new(), failure: None }
    }

    /// One round, unless an earlier one failed.
    fn run(&mut self, row: &Row) {
        if self.failure.is_none() {
            match measure::run(row, self.contender, &row.job_for(self.contender), &[]) {
                Ok(report) => self.reports.push(report),
                Err(failure) => self.failure = Some(failure),
            }
        }
    }

    /// Messages in a second, round by round.
    fn rates(&self, row: &Row) -> impl Iterator<Item = f64> {
        let messages = count(row.job_for(self.contender).all_messages());
        self.reports.iter().map(move |report| messages / report.seconds)
    }

    fn entry(&self, row: &Row, best: &[f64]) -> Entry {
        let figures = match &self.failure {
            Some(failure) => Err(failure.to_string()),
            None => Ok(self.figures(row, best)),
        };
        Entry { contender: self.contender.name, figures }
    }

    fn figures(&self, row: &Row, best: &[f64]) -> Vec<Figure> {
        let job = row.job_for(self.contender);
        let rate = median(self.rates(row).collect());
        let speed = speed(row.speed, rate, &job);
        let ratio = median(self.rates(row).zip(best).map(|(rate, best)| rate / best).collect());
        let ratio = Figure { metric: "ratio", unit: "x best peer", value: ratio };
        if row.speed == Speed::RoundTrips {
            return vec![speed, ratio];
        }
        vec![speed, ratio, self.cpu(&job), self.peak(), self.calls(row)]
    }

    fn cpu(&self, job: &Job) -> Figure {
        let seconds = median(self.reports.iter().map(|report| report.cpu).collect());
        let each = seconds / count(job.all_messages());
        if job.recipients > 1 || job.octets > 1024 {
            Figure { metric: "CPU", unit: "ms/message", value: each * 1e3 }
        } else {
            Figure { metric: "CPU", unit: "s/10,000", value: each * 1e4 }
        }
    }

    fn peak(&self) -> Figure {
        let peak = median(self.reports.iter().map(|report| report.peak).collect());
        Figure { metric: "peak memory", unit: "MiB", value: peak / 1024.0 }
    }

    fn calls(&self, row: &Row) -> Figure {
        let counted = row.traced.is_some() && strace::is_installed();
        let calls =
            if counted { strace::calls_per_message(row, self.contender).ok() } else { None };
        Figure { metric: "system calls", unit: "/message", value: calls.unwrap_or(f64::NAN) }
    }
}

/// The best rate of all peers in each round.
fn best_peers(row: &Row, columns: &[Column]) -> Vec<f64> {
    let peers = || columns.iter().filter(|column| column.contender.side == Side::Peer);
    let of_round = |round| peers().filter_map(move |peer| peer.rates(row).nth(round));
    (0..row.rounds).map(|round| of_round(round).fold(f64::NAN, f64::max)).collect()
}

fn speed(speed: Speed, rate: f64, job: &Job) -> Figure {
    match speed {
        Speed::Messages => Figure { metric: "speed", unit: "messages/s", value: rate },
        Speed::Mebibytes => {
            Figure { metric: "speed", unit: "MiB/s", value: rate * count(job.octets) / 1_048_576.0 }
        }
        Speed::RoundTrips => {
            let value = 1.0 / rate / ROUND_TRIP.as_secs_f64();
            Figure { metric: "round trips", unit: "/message", value }
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "messages and octets of a benchmark")]
const fn count(n: usize) -> f64 {
    n as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
