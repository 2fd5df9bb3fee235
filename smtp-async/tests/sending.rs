//! Messages, one and several, and what becomes of their recipients.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

mod support;

use std::io::Write;

use smtp_async::{
    Client, Connector, Delivery, Error, Inquiry, Outcome, Status, TlsPolicy, Verdict,
    proto::{
        client::{Config, End, Phase, Refusal},
        reply::OwnedReply,
    },
    server::{Faults, Server, Store},
};
use support::{client, connector, envelope, opening, peer};
use tokio::net::TcpStream;

const CONTENT: &[u8] = b"Subject: Hi\r\n\r\n.hidden\r\nBye\r\n";

fn statuses(outcome: &Outcome) -> Vec<Status> {
    outcome.recipients().map(|recipient| recipient.status()).collect()
}

/// What a server hears and says for one message, without PIPELINING.
const MESSAGE: &str = "C: MAIL FROM:<a@example.org>\n S: 250 ok\n C: RCPT TO:<b@example.net>\n
    S: 250 ok\n C: DATA\n S: 354 go\n CONTENT\n S: 250 2.0.0 queued as 1\n";

#[tokio::test]
async fn a_message_is_delivered_and_the_session_closed() {
    let peer = peer(&format!("{}{MESSAGE} C: QUIT\n S: 221 bye", opening(&[])));
    let mut client = client(&peer).await;
    let outcome = client.send(&envelope(&["b@example.net"]), CONTENT).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Delivered);
    assert_eq!(outcome.reply().map(|reply| reply.text()), Some(vec!["queued as 1".to_owned()]));
    assert_eq!(client.greeting().map(OwnedReply::text), Some(vec!["mx.example ready".into()]));
    assert_eq!(client.quit().await.expect("an end").map(|reply| reply.code().value()), Some(221));
    assert!(peer.join().ends_with("DATA\r\nSubject: Hi\r\n\r\n..hidden\r\nBye\r\n.\r\nQUIT\r\n"));
}

#[tokio::test]
async fn replies_may_come_in_pieces() {
    let peer = peer(
        "S+ 22\n S+ 0-mx.example\\r\n S+ \\n220 rea\n S+ dy\\r\\n\n C: EHLO client.example
         S+ 250-mx\\r\\n250-SIZE 10\n S+ 00\\n250 AUTH PLAIN\\r\\n\n C: NOOP\n S+ 250\\n",
    );
    let mut client = client(&peer).await;
    assert_eq!(client.inquire(Inquiry::Noop).await.expect("an answer").code().value(), 250);
    assert_eq!(client.capabilities().size_limit(), Some(1000));
    assert!(client.capabilities().offers_mechanism("PLAIN"));
    peer.join();
}

#[tokio::test]
async fn content_of_any_size_leaves_whole() {
    let peer = peer(&format!("{}{MESSAGE}", opening(&[])));
    let content = b"0123456789.\n.".repeat(100_000);
    let outcome = client(&peer).await.send(&envelope(&["b@example.net"]), &content[..]).await;
    assert!(outcome.expect("an outcome").is_delivered());
    let heard = peer.join();
    let sent = &heard[heard.find("DATA\r\n").expect("DATA") + 6..];
    let wanted = "0123456789.\r\n..".repeat(100_000) + "\r\n.\r\n";
    assert!(sent == wanted, "{} octets instead of {}", sent.len(), wanted.len());
}

#[tokio::test]
async fn a_refused_recipient_leaves_the_others() {
    let peer = peer(&format!(
        "{} C: MAIL FROM:<a@example.org>\n C: RCPT TO:<b@example.net>\n C: RCPT TO:<c@example.net>
         C: RCPT TO:<d@example.net>\n C: DATA\n S: 250 ok\n S: 250 ok\n S: 550 5.1.1 no such user
         S: 451 later\n S: 354 go\n CONTENT\n S: 250 ok",
        opening(&["PIPELINING"])
    ));
    let envelope = envelope(&["b@example.net", "c@example.net", "d@example.net"]);
    let outcome = client(&peer).await.send(&envelope, CONTENT).await.expect("an outcome");
    assert_eq!(outcome.verdict(), Verdict::Partial);
    assert_eq!(statuses(&outcome), [Status::Accepted, Status::Rejected, Status::Deferred]);
    peer.join();
}

#[tokio::test]
async fn a_refused_message_leaves_the_session_usable() {
    let refused = "C: MAIL FROM:<a@example.org>\n S: 250 ok\n C: RCPT TO:<b@example.net>
        S: 550 no\n C: RSET\n S: 250 ok\n";
    let peer = peer(&format!("{}{refused}{MESSAGE}", opening(&[])));
    let mut client = client(&peer).await;
    let first = client.send(&envelope(&["b@example.net"]), CONTENT).await.expect("an outcome");
    assert_eq!(first.verdict(), Verdict::Rejected);
    assert!(client.is_reusable());
    let second = client.send(&envelope(&["b@example.net"]), CONTENT).await.expect("an outcome");
    assert!(second.is_delivered());
    peer.join();
}

#[tokio::test]
async fn what_the_server_cannot_do_is_refused_before_anything_is_written() {
    let peer = peer(&format!("{}{MESSAGE}", opening(&["SIZE 100"])));
    let mut client = client(&peer).await;
    let large = envelope(&["b@example.net"]).with_size(Some(101));
    let error = client.send(&large, CONTENT).await.expect_err("too large");
    assert!(matches!(error, Error::Refused(Refusal::MessageTooLarge { size: 101, limit: 100 })));
    let outcome = client.send(&envelope(&["b@example.net"]), CONTENT).await.expect("an outcome");
    assert!(outcome.is_delivered());
    peer.join();
}

const GROUP: &str = "C: MAIL FROM:<a@example.org>\n C: RCPT TO:<b@example.net>\n C: DATA\n";
const GO: &str = "S: 250 ok\n S: 250 ok\n S: 354 go\n";

fn three() -> Vec<(smtp_async::Envelope, &'static [u8])> {
    vec![(envelope(&["b@example.net"]), b"x\r\n"); 3]
}

#[tokio::test]
async fn nothing_follows_the_dot_before_its_verdict() {
    let message = format!("{GROUP}{GO} C: x\n C: .\n QUIET\n S: 250 ok\n");
    let peer = peer(&format!("{}{}", opening(&["PIPELINING"]), message.repeat(3)));
    let outcomes = client(&peer).await.send_all(three()).await;
    assert!(outcomes.iter().flatten().all(Outcome::is_delivered));
    assert_eq!(outcomes.len(), 3);
    peer.join();
}

#[tokio::test]
async fn run_ahead_sends_the_next_envelope_with_the_dot() {
    let and_next =
        format!("C: x\n C: .\n C: RSET\n {GROUP} S: 250 ok\n S: 250 reset\n {GO}").repeat(2);
    let peer = peer(&format!(
        "{}{GROUP}{GO}{and_next} C: x\n C: .\n S: 250 ok\n C: QUIT\n S: 221 bye",
        opening(&["PIPELINING"])
    ));
    let connector = connector(&peer).configure(|config| config.with_run_ahead(true));
    let mut client = connector.connect().await.expect("a session");
    let outcomes = client.send_all(three()).await;
    assert!(outcomes.iter().flatten().all(Outcome::is_delivered));
    assert_eq!(outcomes.len(), 3);
    client.quit().await.expect("an end");
    peer.join();
}

#[tokio::test]
async fn results_of_many_messages_keep_their_order() {
    let peer = peer(&format!(
        "{}{MESSAGE} C: MAIL FROM:<a@example.org>\n S: 421 busy",
        opening(&["SIZE 100"])
    ));
    let normal = || (envelope(&["b@example.net"]), CONTENT);
    let large = (envelope(&["b@example.net"]).with_size(Some(101)), CONTENT);
    let outcomes = client(&peer).await.send_all([normal(), large, normal(), normal()]).await;
    assert!(outcomes[0].as_ref().is_ok_and(Outcome::is_delivered));
    assert!(matches!(outcomes[1], Err(Error::Refused(Refusal::MessageTooLarge { .. }))));
    let broken = outcomes[2].as_ref().expect("an outcome");
    assert_eq!(statuses(broken), [Status::NotAttempted]);
    assert_eq!(broken.end(), Some(End::ServiceClosing(Phase::Mail)));
    let error = outcomes[3].as_ref().expect_err("the session is over");
    assert_eq!(error.end(), Some(End::ServiceClosing(Phase::Mail)));
    assert_eq!(error.reply().map(OwnedReply::text), Some(vec!["busy".to_owned()]));
    peer.join();
}

#[tokio::test]
async fn any_stream_will_do() {
    let peer = peer(&format!("{}{MESSAGE}", opening(&[])));
    let stream = TcpStream::connect(("127.0.0.1", peer.port)).await.expect("a peer");
    let config = Config::new("client.example".parse().expect("a name")).with_tls(TlsPolicy::None);
    let mut client = Client::over(stream, config);
    let outcome = client.send(&envelope(&["b@example.net"]), CONTENT).await.expect("an outcome");
    assert!(outcome.is_delivered());
    peer.join();
}

#[tokio::test]
async fn a_client_without_a_name_gives_that_of_its_machine_or_its_address() {
    let name = smtp_adapter::machine_name();
    let name = name.map_or("[127.0.0.1]".to_owned(), |name| name.to_string());
    let script = format!("S: 220 mx\n C: EHLO {name}\n S: 250 mx\n");
    let as_client = "S: 220 mx\n C: EHLO client.example\n S: 250 mx\n";
    let connector = || Connector::new("127.0.0.1", 0).with_tls(TlsPolicy::None);
    let (socket, stream, named) = (peer(&script), peer(&script), peer(as_client));
    let there = Connector::new("127.0.0.1", socket.port).with_tls(TlsPolicy::None);
    there.connect().await.expect("a session");
    let to = |peer: &support::Peer| TcpStream::connect(("127.0.0.1", peer.port));
    connector().over(to(&stream).await.expect("a peer")).open().await.expect("a session");
    // A name of the caller's is kept, however it was given.
    let client = "client.example".parse().expect("a name");
    let connector = connector().configure(|config| config.with_name(client));
    connector.over(to(&named).await.expect("a peer")).open().await.expect("a session");
    for peer in [socket, stream, named] {
        peer.join();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_a_server_too() {
    let folder = support::Folder::new();
    let path = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        stream.write_all(b"421 not now\r\n").expect("a client");
    });
    let error = Connector::unix(&path).connect().await.expect_err("no session");
    assert_eq!(error.end(), Some(End::ServiceClosing(Phase::Greeting)));
    server.join().expect("no panic");
}

#[tokio::test]
async fn a_message_to_many_goes_in_as_many_transactions_as_the_server_takes() {
    let to: Vec<_> = (0..150).map(|number| format!("r{number}@example.net")).collect();
    let whole = envelope(&to.iter().map(String::as_str).collect::<Vec<_>>());
    for (limits, expected) in
        [("LIMITS RCPTMAX=100", &[100, 50][..]), ("LIMITS RCPTMAX=60", &[60, 60, 30])]
    {
        let (store, faults) = (Store::new(), Faults::new().with_keyword(limits));
        let server = Server::bind(Server::builder().with_faults(faults), store.clone())
            .await
            .expect("a port");
        let connector = Connector::new("127.0.0.1", server.address().port());
        let mut client = connector.with_tls(TlsPolicy::None).connect().await.expect("a session");
        let mut delivery = Delivery::new(&whole, client.capabilities().limits());
        client.deliver(&mut delivery, || CONTENT).await.expect("an end");
        assert_eq!(delivery.verdict(), Verdict::Delivered, "{limits}");
        let sizes: Vec<_> = store.take().iter().map(|message| message.recipients.len()).collect();
        assert_eq!(sizes, expected, "{limits}");
    }
}
