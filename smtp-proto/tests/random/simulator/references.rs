//! A session of each sort, in which every fault is tried at every octet.

use smtp_proto::{
    client::{self, Chunking, Protocol},
    hello::Extension,
    server::{AuthPolicy, TlsPolicy},
};

use super::plan::{Decision, Message, Plan};

const CONTENT: &[u8] = b".dot\r\n\r\n.\r\nbare\ntwice\r\r\nend";

fn message(recipients: &[Decision]) -> Message {
    Message { content: CONTENT.to_vec(), recipients: recipients.to_vec(), ..Message::default() }
}

fn plan(messages: Vec<Message>, offers: &[Extension]) -> Plan {
    let mut plan = Plan::plain(messages);
    for &extension in offers {
        plan.offers.insert(extension);
    }
    plan
}

const FOR_GOOD: Decision = Decision::ForGood;
const FOR_NOW: Decision = Decision::ForNow;
const YES: Decision = Decision::Yes;

pub(crate) fn all() -> Vec<(&'static str, Plan)> {
    vec![
        ("plain submission", plan(vec![message(&[YES])], &[])),
        ("pipelined", pipelined()),
        ("run ahead", run_ahead()),
        ("chunks after recipients", chunks(Chunking::AfterRecipients)),
        ("chunks in flight", chunks(Chunking::InFlight)),
        ("LMTP", lmtp()),
        ("STARTTLS and AUTH", starttls_and_auth()),
    ]
}

fn pipelined() -> Plan {
    plan(vec![message(&[YES, FOR_GOOD, YES, FOR_NOW])], &[Extension::Pipelining])
}

/// The second is refused as a whole, so that a verdict too early or too late is another's.
fn run_ahead() -> Plan {
    let refused = Message { verdicts: vec![FOR_GOOD], ..message(&[YES]) };
    let messages = vec![message(&[YES, FOR_GOOD]), refused, message(&[YES])];
    Plan { run_ahead: true, ..plan(messages, &[Extension::Pipelining]) }
}

fn chunks(chunking: Chunking) -> Plan {
    let messages = vec![message(&[YES, FOR_NOW]), message(&[YES])];
    let plan = plan(messages, &[Extension::Pipelining, Extension::Chunking]);
    Plan { chunking, chunk_size: 9, window: 2, ..plan }
}

fn lmtp() -> Plan {
    let verdicts = vec![YES, FOR_NOW, YES];
    let messages = vec![Message { verdicts, ..message(&[YES, FOR_GOOD, YES, YES]) }];
    let plan = plan(messages, &[Extension::Pipelining]);
    Plan { protocol: Protocol::Lmtp, ..plan }
}

fn starttls_and_auth() -> Plan {
    Plan {
        tls: client::TlsPolicy::Required,
        server_tls: TlsPolicy::Required,
        auth: AuthPolicy::Required,
        log_in: true,
        ..plan(vec![message(&[YES])], &[Extension::EightBitMime])
    }
}
