//! All contenders interleaved, as ratios: `cargo bench --manifest-path benches/Cargo.toml --bench summary [filter]`.
//!
//! A module adds its rows with a function of its own, called from `main`.

use smtp_benches::{Contender, measure_interleaved, print_table, replies, stuffing};

const ROUNDS: usize = 201;
const STREAM: usize = 64 << 20;

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let wanted = |title: &str| filter.as_ref().is_none_or(|part| title.contains(part.as_str()));
    reply_rows(&wanted);
    stuffing_rows(&wanted);
}

fn reply_rows(wanted: &dyn Fn(&str) -> bool) {
    for stream in replies::streams() {
        let title = format!("replies: {}", stream.name);
        if wanted(&title) {
            let measured = measure_interleaved(ROUNDS, &mut replies::parsing(&stream));
            print_table(&title, stream.octets.len(), 2, &measured);
        }
    }
}

fn stuffing_rows(wanted: &dyn Fn(&str) -> bool) {
    for message in stuffing::messages() {
        let (name, octets) = (message.name, &message.octets[..]);
        row(wanted, &format!("stuff: {name}"), octets, ROUNDS, 2, |m| {
            stuffing::copying(m, m.len())
        });
        row(wanted, &format!("slices: {name}"), octets, ROUNDS, 2, stuffing::slicing);
        row(wanted, &format!("unstuff: {name}"), octets, ROUNDS, 1, stuffing::receiving);
    }
    let title = "stream: base64 in chunks of 64 KiB";
    if wanted(title) {
        row(wanted, title, &stuffing::base64(STREAM), 15, 2, |m| stuffing::copying(m, 64 << 10));
    }
}

/// One row: the contenders that `contend` makes of `input`, with ratios to the first `references`.
fn row<'a>(
    wanted: &dyn Fn(&str) -> bool,
    title: &str,
    input: &'a [u8],
    rounds: usize,
    references: usize,
    contend: impl FnOnce(&'a [u8]) -> Vec<Contender<'a>>,
) {
    if wanted(title) {
        print_table(
            title,
            input.len(),
            references,
            &measure_interleaved(rounds, &mut contend(input)),
        );
    }
}
