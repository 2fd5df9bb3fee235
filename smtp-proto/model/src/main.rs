//! The real client (`smtp_proto::client::Client`) against a server that may say anything at any moment: every state
//! that can be reached is looked at. See `scenario` for what can happen, `broken` for what has to hold.

mod asked;
mod broken;
mod chunk;
mod oracle;
mod record;
mod scenario;
mod session;
mod symbol;
mod wire;

use std::{process::ExitCode, time::Instant};

use smtp_proto::client::{Chunking, TlsPolicy};
use stateright::{Checker, Model};

use crate::scenario::{CONTENT, Scenario};

const POLICIES: [(&str, TlsPolicy); 3] = [
    ("opportunistic", TlsPolicy::Opportunistic),
    ("required", TlsPolicy::Required),
    ("implicit", TlsPolicy::Implicit),
];

/// The searches: every TLS policy with and without PIPELINING; with `quick`, few recipients.
fn scenarios(quick: bool) -> Vec<(String, Scenario)> {
    let mut all = Vec::new();
    for (policy, tls) in POLICIES {
        for pipelining in [false, true] {
            let name = format!("{policy}{}", if pipelining { "-pipelining" } else { "" });
            let base = Scenario::new(tls, pipelining);
            let about = about(base, quick).chain(about_chunks(base, quick));
            all.extend(about.map(|(what, scenario)| (format!("{name}-{what}"), scenario)));
        }
    }
    all
}

fn about(base: Scenario, quick: bool) -> impl Iterator<Item = (&'static str, Scenario)> {
    let one = Scenario { messages: if quick { &[2] } else { &[4] }, ..base };
    let burst = Scenario { messages: if quick { &[1] } else { &[2] }, unread: 2, ..base };
    let messages: &[usize] = if quick { &[1, 1] } else { &[3, 2] };
    let two = Scenario { run_ahead: true, messages, ..base };
    let lmtp = Scenario { lmtp: true, ..one };
    let auth = Scenario { auth: true, noops: u8::from(!quick), ..base };
    let clear_auth = Scenario { plaintext_auth: true, ..auth };
    let opportunistic = base.tls == TlsPolicy::Opportunistic;
    [
        (true, "one", one),
        // The largest: when in a hurry, for one policy.
        (!quick || base.tls == TlsPolicy::Required, "burst", burst),
        (true, "two", two),
        (true, "lmtp", lmtp),
        (true, "auth", auth),
        // The other policies have no AUTH in the clear.
        (opportunistic, "clear-auth", clear_auth),
    ]
    .into_iter()
    .filter_map(|(wanted, what, scenario)| wanted.then_some((what, scenario)))
}

/// Content in chunks.
fn about_chunks(base: Scenario, quick: bool) -> impl Iterator<Item = (&'static str, Scenario)> {
    // Two chunks: all but the last octet, and that.
    let chunks = Scenario {
        chunking: Chunking::AfterRecipients,
        chunk_size: CONTENT.len() - 1,
        messages: if quick { &[2] } else { &[4] },
        ..base
    };
    let whole = Scenario { chunk_size: usize::MAX, ..chunks };
    // One that holds all, and an empty last one.
    let empty_last = Scenario { chunk_size: CONTENT.len(), ..chunks };
    let two =
        Scenario { run_ahead: true, messages: if quick { &[1, 1] } else { &[2, 2] }, ..chunks };
    let burst = Scenario { messages: if quick { &[1] } else { &[2] }, unread: 2, ..chunks };
    let lmtp = Scenario { lmtp: true, ..chunks };
    let in_flight =
        Scenario { chunking: Chunking::InFlight, transmit: IN_ONE_WRITE, swallows: true, ..chunks };
    let in_flight_two_unread = Scenario { messages: two.messages, swallows: false, ..in_flight };
    let in_flight_two = Scenario { messages: two.messages, ..in_flight };
    let in_flight_burst = Scenario { messages: burst.messages, unread: 2, ..in_flight };
    let in_flight_lmtp = Scenario { lmtp: true, ..in_flight };
    // All of the messages behind the first in one write with it.
    let in_flight_deep = Scenario {
        messages: &[1, 1, 1],
        transmit: 2 * IN_ONE_WRITE,
        in_flight: 2 * base.in_flight,
        ..in_flight
    };
    // Without PIPELINING nothing is in flight.
    let pipelining = base.pipelining;
    // The policies differ before the first transaction alone: for the larger ones, one is enough.
    let larger = pipelining && base.tls == TlsPolicy::Required;
    [
        (true, "chunks", chunks),
        (!quick, "chunks-whole", whole),
        (!quick, "chunks-empty-last", empty_last),
        (!quick, "chunks-two", two),
        (!quick, "chunks-burst", burst),
        (!quick, "chunks-lmtp", lmtp),
        (pipelining, "in-flight", in_flight),
        (larger || pipelining && !quick, "in-flight-two", in_flight_two),
        (larger || pipelining && !quick, "in-flight-two-unread", in_flight_two_unread),
        (larger && !quick, "in-flight-burst", in_flight_burst),
        (larger && !quick, "in-flight-deep", in_flight_deep),
        (larger || pipelining && !quick, "in-flight-lmtp", in_flight_lmtp),
    ]
    .into_iter()
    .filter_map(|(wanted, what, scenario)| wanted.then_some((what, scenario)))
}

/// Room for an envelope and a chunk behind it.
const IN_ONE_WRITE: usize = 160;

fn main() -> ExitCode {
    let (options, names): (Vec<_>, Vec<_>) =
        std::env::args().skip(1).partition(|word| word.starts_with("--"));
    let quick = options.iter().any(|option| option == "--quick");
    let (mut total, mut good) = (0, true);
    for (name, scenario) in scenarios(quick) {
        if names.is_empty() || names.iter().any(|part| name.contains(part)) {
            let (states, holds) = search(&name, scenario);
            total += states;
            good &= holds;
        }
    }
    println!("{total} states in all");
    if good && total > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks at every state that can be reached; says how many there are, and whether all properties hold.
fn search(name: &str, scenario: Scenario) -> (usize, bool) {
    let start = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let checker = scenario.checker().threads(threads).spawn_bfs().join();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    let mut holds = true;
    for property in checker.model().properties() {
        let expected = matches!(property.expectation, stateright::Expectation::Sometimes);
        let path = checker.discovery(property.name);
        if path.is_some() != expected {
            holds = false;
            let actions = path.map(stateright::Path::into_actions);
            println!("{name}: NOT SO: {}: {actions:?}", property.name);
        }
    }
    println!("{name}: {states} states to depth {depth}, {:.1} s", start.elapsed().as_secs_f64());
    (states, holds)
}
