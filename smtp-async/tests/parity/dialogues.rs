//! The dialogues, in the language of the scripted peer.
#![allow(unreachable_pub, reason = "a module of a test")]

use smtp_async::{
    TlsPolicy,
    proto::client::{Chunking, Config, Protocol},
};

use crate::support::opening;

/// What the caller does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Open,
    Login,
    Token,
    Send(&'static [&'static str], &'static [u8]),
    SendLarge(usize),
    SendSized(u64),
    SendAll(usize),
    Noop,
    Vrfy(&'static str),
    Watch,
}

pub struct Dialogue {
    pub name: String,
    pub script: String,
    pub configure: fn(Config) -> Config,
    pub tls: TlsPolicy,
    pub acts: &'static [Act],
    pub quits: bool,
    /// How much is sent does not depend on what is heard when.
    pub timeless: bool,
    /// What some result has to show.
    pub known: Option<&'static str>,
}

impl Dialogue {
    fn new(name: &str, script: &str, acts: &'static [Act]) -> Self {
        Self {
            name: name.to_owned(),
            script: if script.contains("CLOSE") {
                script.to_owned()
            } else {
                format!("{script}\n REST")
            },
            configure: |config| config.with_plaintext_auth(true),
            tls: TlsPolicy::None,
            acts,
            quits: false,
            timeless: true,
            known: None,
        }
    }

    fn configured(self, configure: fn(Config) -> Config) -> Self {
        Self { configure, ..self }
    }

    fn with_tls(self, tls: TlsPolicy) -> Self {
        Self { tls, ..self }
    }

    fn quitting(self) -> Self {
        Self { quits: true, ..self }
    }

    fn showing(self, known: &'static str) -> Self {
        Self { known: Some(known), ..self }
    }
}

const ONE: &[Act] = &[Act::Send(&["b"], b"x\r\n.y"), Act::Noop];
const TWO: &[Act] = &[Act::Send(&["b", "c"], b"x\r\n.y"), Act::Noop];
const NOOP: &str = "C: NOOP\n S: 250 ok\n";
const AUTH: &str = "C: AUTH PLAIN AHVzZXIAczNjcmV0\n";

/// A message to one, each command behind the reply to the one before.
const STEPS: [&str; 7] = [
    "S: 220 mx.example ready",
    "C: EHLO client.example\n S: 250 mx.example",
    "C: MAIL FROM:<a@example.org>\n S: 250 ok",
    "C: RCPT TO:<b@example.net>\n S: 250 ok",
    "C: DATA\n S: 354 go",
    "CONTENT\n S: 250 2.0.0 queued as 1",
    NOOP,
];

fn message(final_reply: &str) -> String {
    format!("{} CONTENT\n {final_reply}\n", STEPS[2..5].join("\n") + "\n")
}

pub fn all() -> Vec<Dialogue> {
    let mut all = openings();
    all.extend(logins());
    all.extend(messages());
    all.extend(pipelined());
    all.extend(chunked());
    all.extend(broken());
    all
}

fn openings() -> Vec<Dialogue> {
    const OPEN: &[Act] = &[Act::Open, Act::Noop];
    let helo =
        "S: 220 mx\n C: EHLO client.example\n S: 502 what?\n C: HELO client.example\n S: 250 mx";
    vec![
        Dialogue::new("EHLO", &format!("{}{NOOP}", opening(&["SIZE 9", "X-1"])), OPEN),
        Dialogue::new("HELO", &format!("{helo}\n{NOOP}"), OPEN),
        Dialogue::new(
            "a long greeting",
            &format!("S: 220-mx\n S: 220-a\n {}{NOOP}", opening(&[])),
            OPEN,
        ),
        Dialogue::new("a refused greeting", "S: 554 5.7.1 not you\n C: QUIT\n S: 221 bye", OPEN)
            .showing("not you"),
        Dialogue::new(
            "a refused EHLO",
            "S: 220 mx\n C: EHLO client.example\n S: 550 no\n C: HELO client.example\n S: 550 no\n C: QUIT\n S: 221 bye",
            OPEN,
        ),
        Dialogue::new("no SMTP", "S: SSH-2.0-x", OPEN).showing("Malformed"),
        Dialogue::new(
            "an octet at a time",
            "S+ 2\n S+ 20 mx\\r\n S+ \\n\n C? EHLO\n S+ 25\n S+ 0 mx\\r\\n\n C: NOOP\n S+ 250\\n",
            OPEN,
        ),
        Dialogue::new(
            "STARTTLS",
            &format!(
                "{} C: STARTTLS\n S: 220 go\n TLS\n C: EHLO client.example\n S: 250 mx\n {NOOP}",
                opening(&["STARTTLS"])
            ),
            OPEN,
        )
        .with_tls(TlsPolicy::Required),
        Dialogue::new("TLS from the start", &format!("TLS\n {}{NOOP}", opening(&[])), OPEN)
            .with_tls(TlsPolicy::Implicit),
        Dialogue::new(
            "a refused STARTTLS",
            &format!("{} C: STARTTLS\n S: 454 no\n C: QUIT\n S: 221 bye", opening(&["STARTTLS"])),
            OPEN,
        )
        .with_tls(TlsPolicy::Required),
        Dialogue::new(
            "a STARTTLS that may be refused",
            &format!("{} C: STARTTLS\n S: 454 no\n {NOOP}", opening(&["STARTTLS"])),
            OPEN,
        )
        .with_tls(TlsPolicy::Opportunistic),
        Dialogue::new("no STARTTLS", &format!("{} C: QUIT\n S: 221 bye", opening(&[])), OPEN)
            .with_tls(TlsPolicy::Required)
            .showing("TlsUnavailable"),
        Dialogue::new(
            "plaintext behind STARTTLS",
            &format!("{} C: STARTTLS\n S+ 220 go\\r\\n250 evil\\r\\n\n", opening(&["STARTTLS"])),
            OPEN,
        )
        .with_tls(TlsPolicy::Required)
        .showing("PlaintextBehindStartTls"),
    ]
}

fn logins() -> Vec<Dialogue> {
    const LOGIN: &[Act] = &[Act::Login, Act::Noop, Act::Login];
    const TOKEN: &[Act] = &[Act::Token, Act::Noop];
    let plain = opening(&["AUTH PLAIN"]);
    let login = "C: AUTH LOGIN\n S: 334 VXNlcg==\n C: dXNlcg==\n S: 334\n C: czNjcmV0\n";
    vec![
        Dialogue::new("PLAIN", &format!("{plain}{AUTH} S: 235 ok\n {NOOP}"), LOGIN)
            .showing("AlreadyAuthenticated"),
        Dialogue::new(
            "a wrong password",
            &format!("{plain}{AUTH} S: 535 no\n {NOOP}{AUTH} S: 235 ok"),
            LOGIN,
        )
        .showing("Authentication"),
        Dialogue::new(
            "LOGIN",
            &format!("{}{login} S: 235 ok\n {NOOP}", opening(&["AUTH LOGIN"])),
            LOGIN,
        ),
        Dialogue::new(
            "a 421 in LOGIN",
            &format!("{} C: AUTH LOGIN\n S: 421 busy", opening(&["AUTH LOGIN"])),
            LOGIN,
        )
        .showing("ServiceClosing(Auth)"),
        Dialogue::new("no mechanism", &format!("{}{NOOP}", opening(&["AUTH X"])), LOGIN)
            .showing("NoMechanism"),
        Dialogue::new("credentials in the clear", &format!("{plain}{NOOP}"), LOGIN)
            .configured(|config| config)
            .showing("PlaintextAuth"),
        Dialogue::new(
            "a refused token",
            &format!(
                "{} C? AUTH XOAUTH2 \n S: 334 eyJzdGF0dXMiOiI0MDEifQ==\n C: \n S: 535 no\n {NOOP}",
                opening(&["AUTH XOAUTH2"])
            ),
            TOKEN,
        )
        .showing("401"),
    ]
}

fn messages() -> Vec<Dialogue> {
    let open = opening(&["SIZE 100"]);
    let delivered = message("S: 250 2.0.0 queued as 1");
    let no_rcpt =
        "C: MAIL FROM:<a@example.org>\n S: 250 ok\n C: RCPT TO:<b@example.net>\n S: 550 no\n";
    vec![
        Dialogue::new("a message", &format!("{open}{delivered}{NOOP} C: QUIT\n S: 221 bye"), ONE).quitting(),
        Dialogue::new("a refused sender", &format!("{open} C? MAIL\n S: 550 5.1.8 no\n {NOOP}"), ONE),
        Dialogue::new("a refused recipient", &format!("{open}{no_rcpt}{NOOP}"), ONE).showing("Refused"),
        Dialogue::new("refused DATA", &format!("{open}{} C: DATA\n S: 451 later\n {NOOP}", STEPS[2..4].join("\n") + "\n"), ONE),
        Dialogue::new("refused content", &format!("{open}{}{NOOP}", message("S: 554 5.6.0 no")), ONE),
        Dialogue::new("too large", &format!("{open}{delivered}"), &[Act::SendSized(101), Act::Send(&["b"], b"x")])
            .showing("MessageTooLarge"),
        Dialogue::new("a large message", &format!("{}{delivered}{NOOP}", opening(&[])), &[Act::SendLarge(300_000), Act::Noop]),
        Dialogue::new("bad content", &format!("{}{}", opening(&[]), STEPS[2..5].join("\n")), &[Act::Send(&["b"], b"x\0y"), Act::Noop])
            .showing("BadContent"),
        Dialogue::new("questions", &format!("{open} C: VRFY bob\n S: 252 who?\n C: VRFY eve\n S: 550 no\n {NOOP}"), &[Act::Vrfy("bob"), Act::Vrfy("eve"), Act::Noop]),
        Dialogue::new("a watch", &format!("{open}{NOOP}"), &[Act::Watch, Act::Noop]),
        Dialogue::new("LMTP", &format!("S: 220 mx\n C: LHLO client.example\n S: 250-mx\n S: 250 PIPELINING\n {GROUP}{GO} CONTENT\n S: 250 b\n S: 452 c is full\n {NOOP}"), TWO)
            .configured(|config| config.with_protocol(Protocol::Lmtp))
            .showing("c is full"),
    ]
}

const GROUP: &str = "C: MAIL FROM:<a@example.org>\n C: RCPT TO:<b@example.net>\n C: RCPT TO:<c@example.net>\n C: DATA\n";
const GO: &str = "S: 250 ok\n S: 250 ok\n S: 250 ok\n S: 354 go\n";

fn pipelined() -> Vec<Dialogue> {
    let open = opening(&["PIPELINING"]);
    let small = "C: MAIL FROM:<a@example.org>\n C: RCPT TO:<b@example.net>\n C: DATA\n";
    let go = "S: 250 ok\n S: 250 ok\n S: 354 go\n";
    let ahead =
        format!("C: x\n C: .\n C: RSET\n {small} S: 250 ok\n S: 250 reset\n {go}").repeat(2);
    let behind = format!("{small}{go} C: x\n C: .\n S: 250 ok\n").repeat(3);
    vec![
        Dialogue::new("a group", &format!("{open}{GROUP}{GO} CONTENT\n S: 250 ok\n {NOOP}"), TWO),
        Dialogue::new(
            "a group, one refused",
            &format!(
                "{open}{GROUP} S: 250 ok\n S: 550 b\n S: 250 ok\n S: 354 go\n CONTENT\n S: 250 ok\n {NOOP}"
            ),
            TWO,
        ),
        Dialogue::new(
            "a group, all refused",
            &format!("{open}{GROUP} S: 250 ok\n S: 550 b\n S: 450 c\n S: 554 nobody\n {NOOP}"),
            TWO,
        ),
        Dialogue::new(
            "all refused, and a go-ahead",
            &format!(
                "{open}{GROUP} S: 250 ok\n S: 550 b\n S: 450 c\n S: 354 go\n C: .\n S: 554 nobody\n {NOOP}"
            ),
            TWO,
        ),
        Dialogue::new(
            "a refused sender, and a go-ahead",
            &format!("{open}{GROUP} S: 550 a\n S: 503 b\n S: 503 c\n S: 354 go"),
            TWO,
        )
        .showing("GoAheadAfterRefusal"),
        Dialogue::new("a 421 in a group", &format!("{open}{GROUP} S: 250 ok\n S: 421 busy"), TWO)
            .showing("ServiceClosing(Rcpt)"),
        Dialogue::new(
            "a cut group",
            &format!("{open}{GROUP} S: 250 ok\n S: 250 ok\n S+ 25\n CLOSE"),
            TWO,
        )
        .showing("Lost(Rcpt)"),
        Dialogue::new("three messages", &format!("{open}{behind}"), &[Act::SendAll(3)]),
        Dialogue::new(
            "three that run ahead",
            &format!("{open}{small}{go}{ahead} C: x\n C: .\n S: 250 ok"),
            &[Act::SendAll(3)],
        )
        .configured(|config| config.with_run_ahead(true)),
        Dialogue::new(
            "a reply too many",
            &format!("{open}{GROUP}{GO} CONTENT\n S+ 250 ok\\r\\n250 what?\\r\\n"),
            TWO,
        )
        .showing("Unsolicited"),
    ]
}

fn chunked() -> Vec<Dialogue> {
    let open = opening(&["CHUNKING", "PIPELINING"]);
    let group = "C: MAIL FROM:<a@example.org>\n C: RCPT TO:<b@example.net>\n";
    // What follows BDAT has no end of line of its own.
    let last = "C: BDAT 7 LAST\n C: x\n C? .y\n";
    vec![
        Dialogue::new(
            "a chunk behind its recipients",
            &format!("{open}{group} S: 250 ok\n S: 250 ok\n {last} S: 250 ok"),
            &[Act::Send(&["b"], b"x\r\n.y\r\n")],
        )
        .configured(|config| config.with_chunking(Chunking::AfterRecipients)),
        Dialogue::new(
            "a chunk with its recipients",
            &format!("{open}{group}{last} S: 250 ok\n S: 250 ok\n S: 250 ok"),
            &[Act::Send(&["b"], b"x\r\n.y\r\n")],
        )
        .configured(|config| config.with_chunking(Chunking::InFlight)),
        Dialogue::new(
            "a refused chunk",
            &format!("{open}{group} S: 250 ok\n S: 250 ok\n {last} S: 554 no\n"),
            &[Act::Send(&["b"], b"x\r\n.y\r\n")],
        )
        .configured(|config| config.with_chunking(Chunking::AfterRecipients)),
        Dialogue::new(
            "a 421 to a chunk",
            &format!("{open}{group} S: 250 ok\n S: 250 ok\n {last} S: 421 busy\n"),
            &[Act::Send(&["b"], b"x\r\n.y\r\n"), Act::Noop],
        )
        .configured(|config| config.with_chunking(Chunking::AfterRecipients)),
        Dialogue {
            timeless: false,
            ..Dialogue::new(
                "content refused before its end",
                &format!(
                    "{}{} C? 0\n S: 552 5.3.4 enough\n CLOSE",
                    opening(&[]),
                    STEPS[2..5].join("\n") + "\n"
                ),
                &[Act::SendLarge(50_000_000), Act::Noop],
            )
            .showing("ContentRefused")
        },
    ]
}

/// A server that says 421, or closes, or says what makes no sense, at each step.
fn broken() -> Vec<Dialogue> {
    let mut all = Vec::new();
    for step in 0..STEPS.len() {
        let before = STEPS[..step].join("\n");
        let (heard, _) = STEPS[step].split_once("S:").expect("a reply");
        let phases = ["Greeting", "Hello", "Mail", "Rcpt", "Data", "Final", "Noop"];
        for (what, fault) in [
            ("421", "S: 421 4.3.2 busy"),
            ("the end", "CLOSE"),
            ("half a reply", "S+ 250-x\\r\\n25\n CLOSE"),
            ("355", "S: 355 what?"),
            ("no reply", "S: what?"),
        ] {
            let name = format!("{what} in place of the answer in {}", phases[step]);
            let rest = if fault.contains("CLOSE") { "" } else { "REST" };
            let script = format!("{before}\n {heard}\n {fault}\n {rest}");
            all.push(Dialogue { script, ..Dialogue::new(&name, "", ONE) });
        }
    }
    all
}
