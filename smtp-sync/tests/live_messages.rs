//! What is asked for along with a message, and what real servers make of it: DSN, SIZE, SMTPUTF8.
//! See `live/README.md`; where a server is not installed its tests say `SKIPPED` and pass, unless the
//! variable CI is set.
#![cfg(all(unix, feature = "tls"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "live/dialogue.rs"]
mod dialogue;
#[path = "live/envelope.rs"]
mod envelope;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/message.rs"]
mod message;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/server.rs"]
mod server;

use dialogue::Dialogue;
use envelope::{envelope, fates};
use message::Message;
use server::{Kind, Server};
use smtp_sync::{
    Client, Envelope, Error, OwnedRecipient, Status,
    proto::{
        client::{Chunking, End, Phase, Refusal},
        parameter::{EnvelopeId, Notify, OriginalRecipient, Ret},
    },
};

fn session(server: &Server, port: &str, chunking: Chunking) -> (Client, Dialogue) {
    let connector = server.connector(port);
    let connector =
        connector.configure(|config| config.with_chunking(chunking).with_chunk_size(32_000));
    let (connector, dialogue) = Dialogue::of(connector);
    (connector.connect().expect("a session"), dialogue)
}

// --- DSN ---

fn recipient(user: &str, notify: Notify) -> OwnedRecipient {
    OwnedRecipient::new(&format!("{user}@lab.test")).expect("an address").with_notify(notify)
}

/// What Postfix tells `sender` about the message to those.
fn notifications(server: &Server, sender: &str, recipients: [OwnedRecipient; 2]) -> Vec<String> {
    let (mut client, dialogue) = session(server, "plain", Chunking::Off);
    let start = Envelope::new(&format!("{sender}@lab.test")).expect("an address");
    let mut envelope =
        start.with_envid(EnvelopeId::new("of a+test=1").expect("an id")).with_ret(Ret::Headers);
    for recipient in recipients {
        envelope.push_recipient(recipient);
    }
    let content = Message::small("notified").careless();
    let outcome = client.send(&envelope, &content[..]).expect("an outcome");
    assert!(outcome.is_delivered(), "{}", dialogue.text());
    let stored = server.stored(sender).into_iter();
    stored.map(|text| String::from_utf8(text).expect("text")).collect()
}

#[test]
fn a_notification_of_success_names_the_envelope_and_whom_the_sender_meant() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let meant = OriginalRecipient::new("rfc822", "meant+this@lab.test").expect("a recipient");
    let told = notifications(
        server,
        "u160",
        [recipient("u161", Notify::SUCCESS).with_orcpt(meant), recipient("u162", Notify::NEVER)],
    );
    let [told] = &told[..] else { panic!("one notification, not {told:?}") };
    for line in [
        "\nOriginal-Envelope-Id: of a+test=1\n",
        "\nFinal-Recipient: rfc822; u161@lab.test\n",
        "\nOriginal-Recipient: rfc822;meant+this@lab.test\n",
        "\nAction: delivered\n",
    ] {
        assert_eq!(told.matches(line).count(), 1, "{line} in {told}");
    }
    assert!(!told.contains("u162@lab.test"), "{told}");
    // RET=HDRS: the header comes back, the text does not.
    assert!(
        told.contains("\nSubject: notified\n") && !told.contains("This is notified."),
        "{told}"
    );
}

#[test]
fn nobody_is_told_of_a_success_who_asked_for_failures_only() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let told = notifications(
        server,
        "u163",
        [recipient("u164", Notify::FAILURE.or(Notify::DELAY)), recipient("u165", Notify::NEVER)],
    );
    assert_eq!(told, Vec::<String>::new());
    assert_eq!((server.stored("u164").len(), server.stored("u165").len()), (1, 1));
}

// --- SIZE ---

/// What the port `small` takes.
const LIMIT: u64 = 100_000;

fn send_small(client: &mut Client, user: &str) {
    let content = Message::small("after one too large").careless();
    let envelope = envelope("alice", &[user]).describing(&content);
    assert!(client.send(&envelope, &content[..]).expect("an outcome").is_delivered());
}

#[test]
fn a_message_declared_too_large_is_refused_before_anything_is_said() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let (mut client, dialogue) = session(server, "small", Chunking::Off);
    let content = Message::large("too large", 150_000).careless();
    let size = content.len() as u64;
    let envelope = envelope("alice", &["u166"]).with_size(Some(size));
    let error = client.send(&envelope, &content[..]).expect_err("too large");
    let Error::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal, Refusal::MessageTooLarge { size, limit: LIMIT });
    assert_eq!(dialogue.count("C: MAIL"), 0, "{}", dialogue.text());
    send_small(&mut client, "u166");
    assert_eq!(dialogue.count(" SIZE="), 1, "{}", dialogue.text());
    assert_eq!(server.stored("u166").len(), 1);
}

#[test]
fn a_message_that_turns_out_too_large_is_refused_by_the_server_and_the_next_is_taken() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let (mut client, dialogue) = session(server, "small", Chunking::Off);
    let content = Message::large("too large", 150_000).careless();
    let outcome = client.send(&envelope("alice", &["u167"]), &content[..]).expect("an outcome");
    assert_eq!(fates(&outcome), [(Status::Rejected, Phase::Final, Some(552))]);
    assert_eq!(outcome.end(), None, "{}", dialogue.text());
    send_small(&mut client, "u167");
    assert_eq!(server.stored("u167").len(), 1);
}

#[test]
fn a_chunk_too_many_is_the_verdict_and_the_end_of_the_connection() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let (mut client, dialogue) = session(server, "small", Chunking::AfterRecipients);
    // More chunks than may be in flight: the client has to hear of the refusal before the last one.
    let content = Message::large("too large", 6_000_000).careless();
    let outcome = client.send(&envelope("alice", &["u168"]), &content[..]).expect("an outcome");
    assert_eq!(fates(&outcome), [(Status::Rejected, Phase::Content, Some(552))]);
    assert!(!client.is_reusable());
    let error = client.send(&envelope("alice", &["u168"]), &content[..]).expect_err("no session");
    assert!(matches!(error.end(), Some(End::ContentRefused(code)) if code.value() == 552));
    assert!(dialogue.count("C: BDAT 32000") >= 4, "{}", dialogue.text());
    assert_eq!(dialogue.count(" LAST"), 0, "{}", dialogue.text());
    // Until the connection is closed Postfix keeps what it has got of the message.
    drop(client);
    assert_eq!(server.stored("u168").len(), 0);
}

// --- SMTPUTF8 ---

#[test]
fn both_addresses_may_be_in_utf8_and_arrive_as_they_are() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    let (mut client, dialogue) = session(server, "plain", Chunking::Off);
    let content = Message::small("beide").careless();
    let outcome = client.send(&envelope("jürgen", &["δοκιμή", "u169"]), &content[..]);
    assert!(outcome.expect("an outcome").is_delivered(), "{}", dialogue.text());
    let stored = server.envelopes("u169");
    let [(record, _)] = &stored[..] else { panic!("{stored:?}") };
    assert_eq!(record["smtputf8"], true);
    assert_eq!(record["mail_from"], "jürgen@lab.test");
    assert_eq!(record["rcpt_tos"], serde_json::json!(["δοκιμή@lab.test", "u169@lab.test"]));
}

#[test]
fn smtputf8_is_said_where_it_is_needed_only() {
    let Some(server) = Kind::Postfix.shared() else { return };
    // What Postfix says of itself: "with UTF8SMTPS" for such a session, else "with ESMTPS".
    for (sender, protocol) in [("jürgen", " with UTF8SMTPS "), ("alice", " with ESMTPS ")] {
        let (mut client, _) = session(server, "plain", Chunking::Off);
        let user = if sender.is_ascii() { "u170" } else { "u171" };
        let content = Message::small("with utf8 in its text, ü").careless();
        let outcome = client.send(&envelope(sender, &[user]), &content[..]);
        assert!(outcome.expect("an outcome").is_delivered());
        let stored = server.stored(user).concat();
        let stored = String::from_utf8_lossy(&stored);
        assert!(stored.contains(protocol), "{stored}");
    }
}

// --- line ends ---

const SIXTEEN_MIB: usize = 16 * 1024 * 1024;

/// As a Unix file has it, from a file and as one slice: the work was once as its square.
#[test]
fn sixteen_mib_with_lf_alone_arrive_whole_however_they_are_handed_over() {
    for kind in Kind::ALL {
        let Some(server) = kind.shared() else { continue };
        let message = Message::large("lines of a Unix file", SIXTEEN_MIB);
        let content = message.with_newlines("\n");
        let file = std::env::temp_dir().join(format!("smtp-lf-{}-{kind:?}", std::process::id()));
        std::fs::write(&file, &content).expect("a file");
        let (mut client, _) = session(server, "plain", Chunking::Off);
        let opened = std::fs::File::open(&file).expect("a file");
        let sent = client.send(&envelope("alice", &["u172"]), std::io::BufReader::new(opened));
        std::fs::remove_file(&file).expect("a file");
        assert!(sent.expect("an outcome").is_delivered(), "{kind:?}");
        let described = envelope("alice", &["u173"]).describing(&content);
        let sent = client.send(&described, &content[..]);
        assert!(sent.expect("an outcome").is_delivered(), "{kind:?}");
        for user in ["u172", "u173"] {
            let (stored, wanted) = (server.stored(user), message.with_newlines(kind.newline()));
            assert_eq!(stored.len(), 1, "{kind:?}");
            // Postfix puts fields before it.
            let behind = stored[0].len().checked_sub(wanted.len()).expect("all of it");
            message::assert_same(&stored[0][behind..], &wanted, user);
        }
    }
}

/// CR CR LF, as of a file that went through a text mode twice, is one line end; SIZE counts it so.
#[test]
fn crs_before_an_lf_are_one_line_end() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    let content = b"Subject: twice\r\r\nFrom: alice@lab.test\r\r\n\r\r\nx\r\r\n";
    let wanted = b"Subject: twice\r\nFrom: alice@lab.test\r\n\r\nx\r\n";
    let (mut client, dialogue) = session(server, "plain", Chunking::Off);
    let described = envelope("alice", &["u174"]).describing(content);
    assert!(client.send(&described, &content[..]).expect("an outcome").is_delivered());
    assert_eq!(server.stored("u174"), [wanted.to_vec()]);
    assert_eq!(dialogue.count(&format!(" SIZE={}", wanted.len())), 1, "{}", dialogue.text());
}
