//! Messages as builders make them.

use smtp_sync::{Connector, Envelope, Error, Mail, Server, Store, TlsPolicy};

#[allow(dead_code, reason = "each feature uses its part")]
fn received(mail: impl TryInto<Mail, Error: Into<Error>>) -> smtp_sync::Message {
    let store = Store::new();
    let server = Server::builder().bind(store.clone()).expect("a port");
    let connector = Connector::new("127.0.0.1", server.address().port());
    let mut client = connector.with_tls(TlsPolicy::None).connect().expect("a session");
    let mail: Mail = mail.try_into().map_err(Into::into).expect("a message");
    assert!(client.send_mail(mail).expect("an outcome").is_delivered());
    store.take().pop().expect("a message")
}

#[test]
fn a_mail_says_how_large_it_is_and_what_it_is_made_of() {
    let envelope = Envelope::new("a@b").and_then(|e| e.to("c@d")).expect("addresses");
    let message = received(Mail::new(envelope, "Subject: \u{e9}\n\nx\n"));
    assert_eq!(message.content, "Subject: \u{e9}\r\n\r\nx\r\n".as_bytes());
    assert_eq!((message.from.as_str(), &message.recipients[..]), ("a@b", &["c@d".to_owned()][..]));
}

#[cfg(feature = "mail-builder")]
mod built_by_mail_builder {
    use mail_builder::{MessageBuilder, headers::address::Address};
    use smtp_sync::{Mail, MailError};

    use super::received;

    #[test]
    fn everyone_gets_it_once_and_bcc_is_not_shown() {
        let group = Address::new_group(Some("g"), vec![Address::new_address(None::<&str>, "g@x")]);
        let message = received(
            MessageBuilder::new()
                .from(("J\u{f8}rgen", "from@x"))
                .to(vec!["a@x", "b@x"])
                .cc(Address::new_list(vec![Address::new_address(None::<&str>, "a@x"), group]))
                .bcc("secret@x")
                .subject("Hi")
                .text_body("text"),
        );
        assert_eq!(message.from, "from@x");
        assert_eq!(message.recipients, ["a@x", "b@x", "g@x", "secret@x"]);
        let text = String::from_utf8(message.content).expect("UTF-8");
        assert!(!text.contains("secret"), "{text}");
        assert!(text.contains("Subject: Hi\r\n"), "{text}");
    }

    #[test]
    fn the_sender_goes_before_from_and_has_to_be_there() {
        let builder = || MessageBuilder::new().from("from@x").to("a@x").text_body("x");
        let sender = builder().header("Sender", Address::new_address(None::<&str>, "sender@x"));
        assert_eq!(received(sender).from, "sender@x");
        let nobody = MessageBuilder::new().to("a@x").text_body("x");
        assert!(matches!(Mail::try_from(nobody), Err(MailError::NoSender)));
        let bad = builder().cc("a@x>\r\nDATA");
        assert!(matches!(Mail::try_from(bad), Err(MailError::Address(_))));
    }
}

#[cfg(feature = "lettre")]
#[test]
fn lettres_envelope_is_taken_as_it_is() {
    let message = lettre::Message::builder()
        .from("from@x.org".parse().expect("a mailbox"))
        .to("a@x.org".parse().expect("a mailbox"))
        .bcc("secret@x.org".parse().expect("a mailbox"))
        .subject("Hi")
        .body("text".to_owned())
        .expect("a message");
    let message = received(&message);
    assert_eq!((message.from.as_str(), message.recipients.len()), ("from@x.org", 2));
    let text = String::from_utf8(message.content).expect("UTF-8");
    assert!(!text.contains("secret"), "{text}");
}
