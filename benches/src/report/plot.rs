//! `benches/results/throughput.svg`: a bar for each of the fastest peers of a row, as long as ours is faster, in decades.

use core::fmt::Write as _;

use super::{Results, Row};
use crate::Role;

const WIDTH: usize = 900;
const TITLE: usize = 56;
const ROW: usize = 22;
const BAR: usize = 13;
/// Where 1 is: bars to the left of it are peers that are faster.
const ONE: f64 = 420.0;
const DECADE: f64 = 140.0;
const DECADES: [(f64, &str); 4] = [(0.0, "1 x"), (1.0, "10 x"), (2.0, "100 x"), (3.0, "1000 x")];

/// So many peers a row: the page has all of them.
const PEERS: usize = 3;

const STYLE: &str = "\
text{font:11px system-ui,sans-serif;fill:#1f2328}.row{font-weight:600}.axis{stroke:#d0d7de}.one{stroke:#1f2328}
.faster{fill:#0969da}.slower{fill:#cf222e}.near{fill:#9a6700}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.axis{stroke:#30363d}.one{stroke:#e6edf3}
.faster{fill:#4493f8}.slower{fill:#f85149}.near{fill:#d29922}}";

/// The whole plot.
#[must_use]
pub fn plot(micro: &Results, end_to_end: &Results) -> String {
    let rows = || micro.rows.iter().chain(&end_to_end.rows).filter(|row| has_peers(row));
    let height = TITLE + rows().map(height_of).sum::<usize>() + 10;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <style>{STYLE}</style>\n\
         <text x=\"10\" y=\"20\" class=\"row\">How many times as fast as the three fastest peers ours is \
         (logarithmic; red: the peer is faster; diamond: against the near limit)</text>\n"
    );
    axis(&mut svg, height);
    let mut y = TITLE;
    for row in rows() {
        draw(&mut svg, row, y);
        y += height_of(row);
    }
    svg + "</svg>\n"
}

fn has_peers(row: &Row) -> bool {
    !row.compared(Role::Peer).is_empty()
}

fn height_of(row: &Row) -> usize {
    ROW + BAR * row.compared(Role::Peer).len().min(PEERS)
}

fn axis(svg: &mut String, height: usize) {
    for (decade, label) in DECADES {
        let x = ONE + decade * DECADE;
        let class = if decade == 0.0 { "one" } else { "axis" };
        let (top, bottom) = (TITLE - 8, height - 10);
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" y1=\"{top}\" x2=\"{x}\" y2=\"{bottom}\" class=\"{class}\"/>\
             <text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{label}</text>",
            top - 4
        );
    }
}

fn draw(svg: &mut String, row: &Row, y: usize) {
    let _ = writeln!(svg, "<text x=\"10\" y=\"{}\" class=\"row\">{}</text>", y + 12, row.name);
    if let Some((_, near)) = row.near() {
        let (x, middle) = (place(near), y + 8);
        let _ = writeln!(svg, "<path d=\"M{x:.1} {middle}m-5 0l5-5 5 5-5 5z\" class=\"near\"/>");
    }
    for (index, (peer, ratio)) in row.compared(Role::Peer).iter().take(PEERS).enumerate() {
        bar(svg, &peer.name, *ratio, y + 18 + index * BAR);
    }
}

fn bar(svg: &mut String, name: &str, ratio: f64, y: usize) {
    let end = place(ratio);
    let (start, width) = (end.min(ONE), (end - ONE).abs());
    let class = if ratio >= 1.0 { "faster" } else { "slower" };
    let label = end.max(ONE) + 4.0;
    let _ = writeln!(
        svg,
        "<text x=\"24\" y=\"{0}\">{name}</text>\
         <rect x=\"{start:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"9\" class=\"{class}\"/>\
         <text x=\"{label:.1}\" y=\"{0}\">{ratio:.2}</text>",
        y + 9
    );
}

fn place(ratio: f64) -> f64 {
    ONE + ratio.log10() * DECADE
}
