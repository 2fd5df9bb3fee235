//! The published dialogues that this library comes from, command by command.

use base64::{Engine, engine::general_purpose::STANDARD};
use smtp_proto::{
    client::{Client, Config, HelloCommand, Phase, TlsPolicy, Wants},
    envelope::Envelope,
    hello::EhloName,
    parameter::Body,
    sasl::Login,
};
use smtp_test_support::session::Session;

const PASSWORD: &str = "correct horse";

/// What a dialogue leaves open: its placeholders, and the content where it is not shown.
struct Dialogue {
    file: &'static str,
    config: Config,
    user: Option<&'static str>,
    password: &'static str,
    from: &'static str,
    to: &'static [&'static str],
    content: &'static str,
}

fn config(name: &str, tls: TlsPolicy) -> Config {
    Config::new(EhloName::parse(name).unwrap()).with_tls(tls).with_plaintext_auth(true)
}

/// Fills the placeholders in; the content goes before the lone dot.
fn script(dialogue: &Dialogue) -> String {
    let path = format!("{}/tests/dialogues/{}", env!("CARGO_MANIFEST_DIR"), dialogue.file);
    let text = std::fs::read_to_string(path).unwrap();
    let shown = text.contains("C: --My-Boundary");
    let content: String = if shown {
        String::new()
    } else {
        dialogue.content.split_inclusive('\n').flat_map(|line| ["C: ", line]).collect()
    };
    let mut lines = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let line = match line {
            "C: ." => format!("{content}C: ."),
            "C: MAIL FROM:<...>" => format!("C: MAIL FROM:<{}>", dialogue.from),
            "C: RCPT TO:<...>" => format!("C: RCPT TO:<{}>", dialogue.to[0]),
            _ if line.starts_with("C: <base64 user") => {
                format!("C: {}", STANDARD.encode(dialogue.user.unwrap()))
            }
            _ if line.starts_with("C: <base64") => {
                format!("C: {}", STANDARD.encode(dialogue.password))
            }
            _ => line.to_string(),
        };
        lines += &line;
        lines.push('\n');
    }
    lines
}

/// Plays a dialogue; the transcript as a person reads it.
fn play(dialogue: &Dialogue) -> String {
    let mut session = Session::with_client(Client::new(dialogue.config), &script(dialogue));
    session.peer.be_patient();
    if session.pump() == Wants::Tls {
        session.client.tls_established().unwrap();
    }
    assert_eq!(session.pump(), Wants::Command, "{}", dialogue.file);
    if let Some(user) = dialogue.user {
        let mut login = Login::new(user, dialogue.password);
        assert_eq!(session.authenticate(&mut login), Wants::Command);
    }
    let envelope = dialogue
        .to
        .iter()
        .try_fold(Envelope::new(dialogue.from).unwrap(), |envelope, to| envelope.to(to))
        .unwrap()
        .with_body(Body::SevenBit);
    let wants = session.send(&envelope, dialogue.content.replace('\n', "\r\n").as_bytes());
    assert_eq!(wants, Wants::Command, "{}", dialogue.file);
    assert!(session.events.iter().any(|event| event == "ended[0] Answered"));
    assert_eq!(session.quit(), Wants::Nothing);
    assert!(session.peer.is_done(), "{}", dialogue.file);
    assert!(!session.text.contains(&STANDARD.encode(dialogue.password)));
    session.text
}

const CONTENT: &str = "From: =?utf-8?B?5byg5LiJ?= <a@example.org>
Subject: =?utf-8?B?5L2g5aW9?=

text
";

#[test]
fn tls_465_login() {
    let transcript = play(&Dialogue {
        file: "tls-465-login.txt",
        config: config("smtp.qq.com", TlsPolicy::Implicit),
        user: Some("59419979"),
        password: PASSWORD,
        from: "59419979@qq.com",
        to: &["123456@qq.com"],
        content: CONTENT,
    });
    assert!(
        transcript.starts_with("S: 220 smtp.qq.com Esmtp QQ Mail Server\nC: EHLO smtp.qq.com\n")
    );
    assert!(transcript.contains(
        "C: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\nC: ***\nS: 334 UGFzc3dvcmQ6\nC: ***\nS: 235"
    ));
    assert!(
        transcript.ends_with("S: 250 Ok: queued as 12345\nC: QUIT\nS: 221 Bye\n"),
        "{transcript}"
    );
}

#[test]
fn socket_cc_html() {
    let helo = config("Alone", TlsPolicy::None).with_hello(HelloCommand::Helo);
    let transcript = play(&Dialogue {
        file: "socket-cc-html.txt",
        config: helo.with_unoffered_auth(true),
        user: Some("alonedistian"),
        password: PASSWORD,
        from: "alonedistian@gmail.com",
        to: &["alonedistian@gmail.com", "distian.alone@gmail.com", "distian@eyou.com"],
        content: "MIME-Version: 1.0\nContent-Type: text/html\nCc: x@example.org\n\n<b>hi</b>\n",
    });
    assert!(transcript.contains("C: HELO Alone\n"));
    assert!(!transcript.contains("YWxvbmVkaXN0aWFu"), "the user name is a credential too");
}

#[test]
fn phpmailer_submission() {
    play(&Dialogue {
        file: "phpmailer-submission.txt",
        config: config("heqian-pc", TlsPolicy::None),
        user: Some("user"),
        password: PASSWORD,
        from: "a@example.org",
        to: &["b@example.org"],
        content: CONTENT,
    });
}

#[test]
fn phpmailer_relay() {
    let transcript = play(&Dialogue {
        file: "phpmailer-relay.txt",
        config: config("heqian-pc", TlsPolicy::None),
        user: None,
        password: PASSWORD,
        from: "a@example.org",
        to: &["b@example.org"],
        content: CONTENT,
    });
    assert!(!transcript.contains("AUTH"));
}

#[test]
fn telnet_coremail() {
    play(&Dialogue {
        file: "telnet-coremail.txt",
        config: config("mail.xx.com", TlsPolicy::None),
        user: Some("123456@xx.com"),
        password: "abcdefg",
        from: "123456@xx.com",
        to: &["654321@yy.org"],
        content: "To:654321@yy.org
From:123456@xx.com
Subject:Test mail from telnet
Mime-Version:1.0
Content-Type:Multipart/Mixed;boundary=My-Boundary
Content-Transfer-Encoding:base64

--My-Boundary
Content-Type:Text/Plain;charset=utf-8
Content-Transfer-Encoding:base64

VGhpcyBpcyBhIHRlc3QgbWFpbCBmcm9tIHRlbG5ldCBjb21tYW5kLg==

",
    });
}

/// The stages of the explicit client, one for each command, visible at any time.
#[test]
fn the_stage_is_visible_at_each_step() {
    let mut session = Session::new(
        config("mail.xx.com", TlsPolicy::None),
        "S: 220 hi\nC: EHLO mail.xx.com\nS: 250 mail\nC: MAIL FROM:<a@xx.com>\nS: 250 ok
         C: RCPT TO:<b@yy.org>\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 ok\nC: QUIT\nS: 221 bye",
    );
    assert_eq!(session.client.phase(), Phase::Greeting);
    assert_eq!(session.pump(), Wants::Command);
    let envelope = smtp_test_support::session::envelope("a@xx.com", &["b@yy.org"]);
    assert_eq!(session.send(&envelope, b""), Wants::Command);
    assert_eq!(session.quit(), Wants::Nothing);
    session.expect_events(&[
        "greeting 220",
        "hello 250",
        "mail[0] 250",
        "rcpt[0.0] 250",
        "data[0] 354",
        "final[0] 250",
        "ended[0] Answered",
        "quit 221",
    ]);
}

/// Submission with AUTH to one's own server, relay without to somebody else's.
#[test]
fn roles() {
    let path = format!("{}/tests/dialogues/roles.txt", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains("C: MAIL FROM:<jack@abc.com>\nC: RCPT TO:<rose@xyz.com>\n"));
    let envelope = smtp_test_support::session::envelope("jack@abc.com", &["rose@xyz.com"]);
    let commands = "C: MAIL FROM:<jack@abc.com>\nS: 250 ok\nC: RCPT TO:<rose@xyz.com>\nS: 250 ok\nC: DATA\nS: 354 go\nC: .\nS: 250 ok";
    for role in ["AUTH_LOGIN", ""] {
        let config = smtp_test_support::session::plain_config().with_plaintext_auth(true);
        let mut session = Session::open(config, role);
        if !role.is_empty() {
            session.peer.extend("C: AUTH LOGIN\nS: 334\nC: amFjaw==\nS: 334\nC: cHc=\nS: 235 ok");
            assert_eq!(session.authenticate(&mut Login::new("jack", "pw")), Wants::Command);
        }
        session.peer.extend(commands);
        assert_eq!(session.send(&envelope, b""), Wants::Command);
        assert!(session.peer.is_done());
    }
}
