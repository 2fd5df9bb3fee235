//! The rows of `corpus/hostile/index.tsv`. A player plays the rows of one kind, holds all that is
//! to be held of them, and says whether the peer or the input was accepted.
#![allow(unreachable_pub, reason = "a test file is a crate")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

pub mod auth;
pub mod bodies;
pub mod opening;
pub mod replies;
pub mod transactions;
pub mod values;

use smtp_proto::client::{End, PeerError};

use smtp_test_support::session::Session;

pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/hostile");

/// How a row ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Taken {
    /// The octets are what they should be there, or make no harm.
    Accepted,
    /// The octets are not acted upon: an error, an end of the session, a refusal of the input.
    Refused,
}

pub type Player = fn(&Row) -> Taken;

/// One row, with the octets of its file.
#[derive(Debug)]
pub struct Row {
    /// The name of the file, without `.bin`.
    pub name: String,
    pub when: String,
    /// Octets of the file, as the index says.
    pub length: usize,
    pub expected: String,
    pub octets: Vec<u8>,
}

impl Row {
    /// The octets of an input, which its caller has as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.octets).expect("the input is UTF-8")
    }

    /// A row of the index that its player does not know.
    pub fn unknown(&self) -> ! {
        panic!("{}: no expectation for this row", self.name)
    }
}

pub fn rows() -> Vec<Row> {
    let index = std::fs::read_to_string(format!("{FOLDER}/index.tsv")).unwrap();
    let row = |line: &str| {
        let columns: Vec<_> = line.split('\t').collect();
        let [file, when, length, expected, _reference] = columns[..] else {
            panic!("{line}: not five columns")
        };
        Row {
            name: file.strip_suffix(".bin").unwrap().to_owned(),
            when: when.to_owned(),
            length: length.parse().unwrap(),
            expected: expected.to_owned(),
            octets: std::fs::read(format!("{FOLDER}/{file}")).unwrap(),
        }
    };
    index.lines().skip(1).map(row).collect()
}

/// The error of the peer that ended the session, if one did.
pub fn peer_error(session: &Session) -> Option<PeerError> {
    match session.end() {
        Some(End::Peer(error)) => Some(error),
        _ => None,
    }
}
