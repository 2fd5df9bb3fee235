//! Messages as builders make them.

use smtp_sync::{
    Connector, Envelope, Error, Mail, TlsPolicy,
    server::{Server, Store},
};

#[allow(dead_code, reason = "each feature uses its part")]
fn received(mail: impl TryInto<Mail, Error: Into<Error>>) -> smtp_sync::server::Message {
    let store = Store::new();
    let server = Server::bind(Server::builder(), store.clone()).expect("a port");
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
    use mail_builder::{
        MessageBuilder,
        headers::{address::Address, content_type::ContentType, raw::Raw, text::Text, url::URL},
        mime::MimePart,
    };
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
        let bad = builder().cc("a@x>DATA");
        assert!(matches!(Mail::try_from(bad), Err(MailError::Address(_))));
    }

    fn message() -> MessageBuilder<'static> {
        MessageBuilder::new().from("from@x").to("a@x").text_body("x")
    }

    /// Every place that a value can stand in.
    fn with_value(value: &str) -> Vec<(&'static str, MessageBuilder<'_>)> {
        let named = || Address::new_address(Some(value), "b@x");
        let typed = |of| ContentType::new(of).attribute("name", "x");
        let part = || MimePart::new("text/plain", "x");
        let nested = |part| message().body(MimePart::new("multipart/mixed", vec![part]));
        vec![
            ("Subject", message().subject(value)),
            ("From", MessageBuilder::new().from((value, "from@x")).to("a@x").text_body("x")),
            ("To", message().to((value, "b@x"))),
            ("Cc", message().cc(Address::new_list(vec![named()]))),
            ("Reply-To", message().reply_to(Address::new_group(Some(value), vec![]))),
            ("Reply-To", message().reply_to(Address::new_group(None::<&str>, vec![named()]))),
            ("Reply-To", message().reply_to(Address::new_address(None::<&str>, value))),
            ("Message-ID", message().message_id(value)),
            ("References", message().references(vec!["a", value])),
            ("In-Reply-To", message().in_reply_to(value)),
            ("X-Own", message().header("X-Own", Text::new(value))),
            ("X-Own", message().header("X-Own", Raw::new(value))),
            ("List-Archive", message().header("List-Archive", URL::new(value))),
            ("Content-Disposition", message().attachment("text/plain", value, "x")),
            ("Content-Type", message().attachment(value, "x", "x")),
            ("Content-ID", message().inline("image/png", value, "x")),
            ("Content-Type", nested(MimePart::new(typed(value), "x"))),
            (
                "Content-Type",
                nested(MimePart::new(ContentType::new("a/b").attribute(value, "x"), "x")),
            ),
            ("Content-Language", nested(part().language(value))),
            ("Content-Location", nested(part().location(value))),
            ("X-Own", nested(part().header("X-Own", Text::new(value)))),
        ]
    }

    #[test]
    fn a_value_that_would_not_stay_on_its_line_is_refused_wherever_it_stands() {
        for value in
            ["Hi\r\nBcc: c@x", "Hi\r\n\r\nbody", "Hi\rBcc: c@x", "Hi\nBcc: c@x", "Hi\0", "\n"]
        {
            for (name, builder) in with_value(value) {
                match Mail::try_from(builder) {
                    Err(MailError::Header(field)) => assert_eq!(field, name, "{value:?}"),
                    other => panic!("{name} {value:?}: {other:?}"),
                }
            }
        }
        let refused = Mail::try_from(message().subject("a\nb")).expect_err("two lines");
        let said = "header field Subject cannot be sent: remove CR, LF and NUL from it";
        assert_eq!(refused.to_string(), said);
        for (name, builder) in with_value("J\u{f8}rgen") {
            assert!(Mail::try_from(builder).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        for name in ["", "X:", "X\r\nBcc", "Bcc ", "X Y", "X\0"] {
            let builder = message().header(name, Text::new("x"));
            assert!(matches!(Mail::try_from(builder), Err(MailError::Header(_))), "{name:?}");
        }
    }

    #[test]
    fn what_was_folded_before_stays_folded() {
        let builder = message().header("DKIM-Signature", Raw::new("v=1;\r\n\tb=abc"));
        let text = String::from_utf8(received(builder).content).expect("UTF-8");
        assert!(text.contains("DKIM-Signature: v=1;\r\n\tb=abc\r\n"), "{text}");
    }

    #[test]
    fn lists_that_the_builder_cannot_write_are_refused() {
        let one = || Address::new_address(None::<&str>, "b@x");
        let list = Address::new_list(vec![Address::new_list(vec![one()])]);
        let group = |inner| Address::new_group(Some("g"), vec![inner]);
        for address in [list, group(group(one())), group(Address::new_list(vec![one()]))] {
            let refused = Mail::try_from(message().to(address));
            assert!(matches!(refused, Err(MailError::Header(name)) if name == "To"));
        }
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

#[cfg(feature = "lettre")]
mod built_by_lettre {
    use lettre::{
        Message,
        message::{
            Attachment, MessageBuilder, SinglePart,
            header::{ContentType, Header, HeaderName, HeaderValue},
        },
    };
    use smtp_sync::{Mail, MailError};

    use super::received;

    fn builder() -> MessageBuilder {
        let address = || "a@x.org".parse().expect("a mailbox");
        Message::builder().from(address()).to(address())
    }

    fn message(builder: MessageBuilder) -> Message {
        builder.body("text".to_owned()).expect("a message")
    }

    /// Encoded by its maker, so written as it is.
    #[derive(Clone)]
    struct Own(&'static str, &'static str);

    impl Header for Own {
        fn name() -> HeaderName {
            HeaderName::new_from_ascii_str("X-Own")
        }

        fn parse(_: &str) -> Result<Self, Box<dyn core::error::Error + Send + Sync>> {
            Err("not read".into())
        }

        fn display(&self) -> HeaderValue {
            let name = HeaderName::new_from_ascii(self.0.to_owned()).expect("ASCII");
            HeaderValue::dangerous_new_pre_encoded(name, self.1.to_owned(), self.1.to_owned())
        }
    }

    #[test]
    fn what_is_encoded_by_the_library_stays_on_its_line() {
        let mail = received(&message(builder().subject("Hi\r\nBcc: c@x.org\r\n\r\nbody")));
        let text = String::from_utf8(mail.content).expect("UTF-8");
        assert!(!text.contains("\nBcc:") && text.ends_with("\r\n\r\ntext\r\n"), "{text}");
        let attached = Attachment::new("a\r\nX-Own: b".to_owned());
        let part: SinglePart = attached.body("x".to_owned(), ContentType::TEXT_PLAIN);
        let mail = received(&builder().singlepart(part).expect("a message"));
        let text = String::from_utf8(mail.content).expect("UTF-8");
        assert!(!text.contains("\nX-Own"), "{text}");
    }

    #[test]
    fn what_would_not_stay_on_its_line_is_refused() {
        for (name, value) in [
            ("X-Own", "a\r\nBcc: c@x.org"),
            ("X-Own", "a\r\nTo: c@x.org"),
            ("X-Own", "a\r\n\r\nbody"),
            ("X-Own", "a\r\nbody"),
            ("X-Own", "a\nBcc: c@x.org"),
            ("X-Own", "a\rb"),
            ("X-Own", "a\0"),
            ("X-Own", "a\r\n \r\n b"),
            ("X\r\nBcc", "c@x.org"),
            ("X-Own\r\nX", "c@x.org"),
        ] {
            let refused = Mail::try_from(&message(builder().header(Own(name, value))));
            assert!(
                matches!(refused, Err(MailError::Header(_))),
                "{name:?} {value:?}: {refused:?}"
            );
        }
        assert!(Mail::try_from(&message(builder().header(Own("X-Own", "a\r\n\tb")))).is_ok());
    }
}
