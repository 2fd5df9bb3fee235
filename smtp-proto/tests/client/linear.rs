//! Work that grows with the message and no faster (D36), by counting calls. What takes instructions and makes no call is held
//! by `.ci/instructions`.
#![allow(clippy::format_collect, reason = "a test may take time")]

use core::cell::Cell;

use smtp_proto::{
    client::{AsEnvelope, BufferSizes, Chunking, Client, Config},
    command::{Mail, Recipient},
    envelope::Envelope,
};
use smtp_test_support::session::{Session, plain_config};

/// An envelope that counts how often it is asked for a recipient.
struct Counting {
    envelope: Envelope,
    asked: Cell<usize>,
}

impl AsEnvelope for Counting {
    fn mail(&self) -> Mail<'_> {
        self.envelope.mail()
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        self.asked.set(self.asked.get() + 1);
        self.envelope.recipient(index)
    }
}

/// Recipients in one of two domains each, first all of the one.
fn envelope(recipients: usize) -> Counting {
    let mut envelope = Envelope::new("").expect("the null sender");
    for index in 0..recipients {
        let domain = if 2 * index < recipients { "one" } else { "two" };
        envelope.push(&format!("{index}@{domain}.example")).expect("an address");
    }
    Counting { envelope, asked: Cell::new(0) }
}

/// How often recipients are looked at while a message to so many is sent.
fn looks(config: Config, extensions: &str, recipients: usize) -> usize {
    let envelope = envelope(recipients);
    let rcpts: String = envelope
        .envelope
        .recipients()
        .map(|to| format!("C: RCPT TO:<{to}>\nS: 250 ok\n"))
        .collect();
    let content = if extensions.contains("CHUNKING") {
        "C: BDAT 3 LAST\nC: x\nS: 250 ok"
    } else {
        "C: DATA\nS: 354 go\nC: x\nC: .\nS: 250 ok"
    };
    let client = Client::with_sizes(config, BufferSizes::SMALL.with_in_flight(8));
    let mut session = Session::open_with(client, extensions)
        .then(&format!("C: MAIL FROM:<>\nS: 250 ok\n{rcpts}{content}"));
    session.peer.be_patient();
    session.send(&envelope, b"x");
    assert!(session.peer.is_done(), "{extensions}");
    envelope.asked.get()
}

#[test]
fn d36_each_recipient_is_looked_at_a_few_times_however_many_there_are() {
    for extensions in ["", "PIPELINING", "LIMITS_RCPTDOMAINMAX=2", "PIPELINING CHUNKING"] {
        let config = plain_config().with_chunking(Chunking::AfterRecipients);
        let (once, twice) = (looks(config, extensions, 400), looks(config, extensions, 800));
        assert!(twice <= 10 * 800, "{extensions}: {twice} looks");
        assert!(10 * twice <= 22 * once, "{extensions}: {once} looks, then {twice}");
    }
}
