//! Every row of `corpus/hostile/index.tsv`, each played by the player of its kind.
//!
//! The index was written from the strictest reading. Where the project decided otherwise, the row
//! stands in [`DECIDED`] with the reason; every other row has to end as its index says.
#![cfg(all(feature = "cram-md5", feature = "scram"))]

use crate::players::{Player, Row, Taken, auth, bodies, opening, replies, transactions, values};

/// Who plays the rows of a kind; the kind is the column `when`.
const PLAYERS: [(&str, Player); 33] = [
    ("reply parser, any state", replies::parse),
    ("greeting", opening::greeting),
    ("greeting was 500, QUIT sent", opening::quit_behind_a_refused_greeting),
    ("EHLO reply", opening::offer),
    ("EHLO reply (RequireTls policy)", opening::offer_where_tls_is_required),
    ("EHLO reply inside TLS", opening::offer_inside_tls),
    ("EHLO refused with 500, HELO sent (Opportunistic policy)", opening::helo),
    ("EHLO refused with 500, RSET sent", opening::rset_behind_helo),
    ("after STARTTLS was sent (same segment)", opening::starttls),
    ("after STARTTLS, second segment before ClientHello is flushed", opening::second_segment),
    ("AUTH exchange", auth::exchange),
    ("AUTH exchange (AUTH PLAIN with initial response sent)", auth::challenge_behind_plain),
    ("AUTH exchange CRAM-MD5", auth::cram_md5),
    ("AUTH exchange SCRAM server-first", auth::scram_server_first),
    ("AUTH exchange XOAUTH2", auth::xoauth2),
    ("AUTH reply on plaintext", auth::refusal),
    ("RCPT reply", transactions::recipient),
    ("RCPT reply, second of two", transactions::second_recipient),
    ("DATA reply", transactions::go_ahead),
    ("pipelined MAIL,RCPT a,RCPT b,RCPT c,DATA all sent", transactions::group),
    ("reply to final dot", transactions::verdict),
    ("reply to BDAT 100 (only 40 octets sent so far)", transactions::early_answer_to_a_chunk),
    (
        "reply to pipelined BDAT n LAST after refused RCPT",
        transactions::chunk_behind_a_refused_recipient,
    ),
    ("LMTP: 2 accepted RCPT, final dot", transactions::two_verdicts),
    ("LMTP: 3 accepted RCPT, final dot", transactions::three_verdicts),
    ("idle, no command outstanding", transactions::unasked),
    ("reply to QUIT", transactions::answer_to_quit),
    ("input: recipient or sender address", values::address),
    ("input: EHLO/LHLO name", values::name),
    (
        "input: ESMTP parameter value (SIZE, RET, ENVID, ORCPT, NOTIFY, AUTH, BY, HOLDFOR, …)",
        values::parameter,
    ),
    ("input: password/username for AUTH PLAIN/LOGIN", values::password),
    ("input: message body for DATA", bodies::data),
    ("input: message body for BDAT", bodies::chunk),
];

const LINE_END: &str = "a line of a reply ends at LF, the CR before it is optional";
const TEXT: &str = "CR and NUL elsewhere in a reply are text";

const LENGTH: &str = "a line over the limit is whole for its code, and cut";

/// Rows whose index entry is overruled, what holds instead, and why.
const DECIDED: [(&str, Taken, &str); 12] = [
    ("reply-line-2049", Taken::Accepted, LENGTH),
    ("reply-bare-lf", Taken::Accepted, LINE_END),
    ("reply-bare-lf-multi", Taken::Accepted, LINE_END),
    ("reply-wrong-eol-hidden-reply", Taken::Accepted, LINE_END),
    ("reply-bare-cr", Taken::Accepted, TEXT),
    ("reply-cr-cr-lf", Taken::Accepted, TEXT),
    ("reply-cr-hidden-reply", Taken::Accepted, TEXT),
    ("reply-nul", Taken::Accepted, TEXT),
    ("rset-after-ehlo500-221", Taken::Accepted, "any 2yz completes RSET"),
    // "ACCEPT as EHLO refused ... else REJECT TlsRequired"; these two are played with TLS required.
    ("ehlo-500", Taken::Refused, "no HELO where TLS is required"),
    ("ehlo-502", Taken::Refused, "no HELO where TLS is required"),
    ("in-ehlo-underscore", Taken::Accepted, "left to policy by the index; common in practice"),
];

/// What a row has to end as.
fn expected(row: &Row) -> Taken {
    if let Some((_, taken, _)) = DECIDED.iter().find(|(name, ..)| *name == row.name) {
        return *taken;
    }
    match row.expected.split(|c: char| !c.is_ascii_uppercase()).next() {
        // "EITHER keep quoting exactly on the wire OR reject": the quotes are kept.
        Some("ACCEPT" | "EITHER") => Taken::Accepted,
        Some("REJECT") => Taken::Refused,
        _ => panic!("{}: neither ACCEPT nor REJECT: {}", row.name, row.expected),
    }
}

#[test]
fn every_row_ends_as_the_index_says() {
    let rows = crate::players::rows();
    assert_eq!(rows.len(), 169, "rows are added, never lost");
    for row in &rows {
        let player = PLAYERS.iter().find(|(when, _)| *when == row.when);
        let (_, play) = player.unwrap_or_else(|| panic!("{}: nobody plays {}", row.name, row.when));
        assert_eq!(play(row), expected(row), "{}: {}", row.name, row.expected);
    }
}

#[test]
fn every_player_and_every_decision_has_a_row() {
    let rows = crate::players::rows();
    for (when, _) in PLAYERS {
        assert!(rows.iter().any(|row| row.when == when), "{when}");
    }
    for (name, ..) in DECIDED {
        assert!(rows.iter().any(|row| row.name == name), "{name}");
    }
}

#[test]
fn every_file_has_a_row_and_every_row_its_file() {
    let mut files: Vec<String> = std::fs::read_dir(crate::players::FOLDER)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "index.tsv")
        .collect();
    let rows = crate::players::rows();
    let mut named: Vec<String> = rows.iter().map(|row| format!("{}.bin", row.name)).collect();
    files.sort();
    named.sort();
    assert_eq!(files, named);
    for row in rows {
        assert_eq!(row.octets.len(), row.length, "{}: the index says how long it is", row.name);
    }
}
