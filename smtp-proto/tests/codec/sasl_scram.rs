//! SCRAM (RFC 5802, RFC 7677) through whole dialogues, and against servers that cheat.
#![cfg(feature = "scram")]

use smtp_proto::{
    client::{Authentication, End, PeerError, Refusal, Wants},
    reply::Code,
    sasl::{
        CannotAnswer, ChannelBinding, Mechanism, Mechanisms, Nonce, Password, Plain, ScramSha1,
        ScramSha256,
        scram::{ScramError, ServerError},
    },
};
use smtp_test_support::auth_script::{answer, base64, open, play, play_list, script};

const USER: &str = "user";
const PASSWORD: &str = "pencil";
const NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL";
const SERVER_NONCE: &str = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";

fn sha1() -> ScramSha1<'static> {
    ScramSha1::new(USER, PASSWORD, Nonce::new(NONCE).unwrap())
}

/// The mechanism after its first message.
fn begun() -> ScramSha1<'static> {
    let mut scram = sha1();
    assert_eq!(answer(&mut scram, b"").unwrap(), format!("n,,n=user,r={NONCE}").as_bytes());
    scram
}

fn first(rest: &str) -> String {
    format!("r={SERVER_NONCE},{rest}")
}

/// RFC 5802 5, up to the proof.
const TO_THE_PROOF: &str = "C: AUTH SCRAM-SHA-1 <n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL>
    S: 334 <r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096>
    C: <c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=>";

#[test]
fn the_example_of_rfc_5802() {
    let mut scram = sha1();
    let text = format!("{TO_THE_PROOF}\nS: 334 <v=rmF9pqV8S7suAoZWja4dJRkFsKQ=>\nC:\nS: 235 ok");
    let session = play("SCRAM-SHA-1", &mut scram, &text);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    assert_eq!(scram.error(), None);
}

#[test]
fn the_example_of_rfc_7677_behind_an_empty_challenge_and_octet_by_octet() {
    let text = "C: AUTH SCRAM-SHA-256 <n,,n=user,r=rOprNGfwEbeRWgbNEkqO>
        S: 334 <r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096>
        C: <c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=>
        S: 334 <v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=>\nC:\nS: 235 ok";
    let mut session = open("SCRAM-SHA-256").then(&script(text));
    (session.read_size, session.write_size) = (1, 1);
    let nonce = Nonce::new("rOprNGfwEbeRWgbNEkqO").unwrap();
    let mut scram = ScramSha256::new(USER, PASSWORD, nonce);
    assert_eq!(session.authenticate(&mut scram), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    assert!(session.peer.is_done());
}

/// Plays the exchange to the proof, then this; with PLAIN behind SCRAM, which must not be tried.
fn ends_with(rest: &str) -> (Authentication, Option<ScramError>) {
    let (mut scram, mut plain) = (sha1(), Plain::new(USER, PASSWORD));
    let text = format!("{TO_THE_PROOF}\n{rest}");
    let session = play_list("SCRAM-SHA-1 PLAIN", &mut [&mut scram, &mut plain], &text);
    (session.client.authentication(), scram.error())
}

#[test]
fn success_without_the_servers_signature_is_not_believed() {
    assert_eq!(ends_with("S: 235 ok"), (Authentication::Unproven, None));
    // Additional data of a success comes in a 334 only (RFC 4954 4).
    let text = format!("S: 235 {}", base64("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
    assert_eq!(ends_with(&text), (Authentication::Unproven, None));

    let (mut scram, mut plain) = (sha1(), Plain::new(USER, PASSWORD));
    let text = format!("C: AUTH SCRAM-SHA-1 <n,,n=user,r={NONCE}>\nS: 235 welcome");
    let session = play_list("SCRAM-SHA-1 PLAIN", &mut [&mut scram, &mut plain], &text);
    assert_eq!(session.client.authentication(), Authentication::Unproven);
    assert_eq!(session.end(), Some(End::Peer(PeerError::Unproven)));
    assert!(!session.client.can_begin());
}

#[test]
fn a_wrong_signature_is_cancelled_and_nothing_else_is_tried() {
    for signature in [
        "v=RmF9pqV8S7suAoZWja4dJRkFsKQ=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKR=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQA",
        "v=rmF9pqV8S7suAoZWja4dJRkF",
        "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "v=x",
    ] {
        let rest = format!("S: 334 <{signature}>\nC: *\nS: 501 cancelled");
        let expected = (Authentication::BadChallenge, Some(ScramError::Signature));
        assert_eq!(ends_with(&rest), expected, "{signature}");
    }
    for last in ["", "v=", "V=rmF9pqV8S7suAoZWja4dJRkFsKQ=", "x=1"] {
        let rest = format!("S: 334 <{last}>\nC: *\nS: 501 cancelled");
        let expected = (Authentication::BadChallenge, Some(ScramError::Malformed));
        assert_eq!(ends_with(&rest), expected, "{last}");
    }
    let rest = "S: 334 no base64!\nC: *\nS: 501 cancelled";
    let expected = (Authentication::BadChallenge, Some(ScramError::Malformed));
    assert_eq!(ends_with(rest), expected);
}

#[test]
fn a_challenge_behind_the_signature_takes_success_back() {
    let rest = "S: 334 <v=rmF9pqV8S7suAoZWja4dJRkFsKQ=>\nC:\nS: 334 <more>\nC: *\nS: 501 no";
    let expected = (Authentication::BadChallenge, Some(ScramError::Malformed));
    assert_eq!(ends_with(rest), expected);
}

#[test]
fn the_servers_error_reaches_the_caller_and_the_server_has_the_last_word() {
    for (value, error) in [
        ("invalid-proof", ServerError::InvalidProof),
        ("channel-bindings-dont-match", ServerError::ChannelBindingsDontMatch),
        ("unknown-user,x=1", ServerError::UnknownUser),
        ("something new", ServerError::Other),
        ("", ServerError::Other),
    ] {
        let rest = format!("S: 334 <e={value}>\nC:\nS: 535 5.7.8 no");
        let refused = Authentication::Refused(Code::new(535).unwrap());
        assert_eq!(ends_with(&rest), (refused, Some(ScramError::Server(error))), "{value}");
    }
    // An error is no signature, whatever follows.
    let (authentication, _) = ends_with("S: 334 <e=other-error>\nC:\nS: 235 ok");
    assert_eq!(authentication, Authentication::Unproven);
    let (authentication, _) = ends_with("S: 334 <e=a>\nC:\nS: 334 <e=b>\nC: *\nS: 501 ok");
    assert_eq!(authentication, Authentication::BadChallenge);
}

#[test]
fn the_server_may_refuse_instead_of_its_first_message() {
    let mut scram = begun();
    assert_eq!(answer(&mut scram, b"e=unknown-user").unwrap(), b"");
    assert_eq!(scram.error(), Some(ScramError::Server(ServerError::UnknownUser)));
    assert_eq!(answer(&mut scram, b"e=unknown-user"), Err(CannotAnswer::Stop));
    assert!(!scram.is_satisfied());
}

#[test]
fn first_messages_that_are_refused() {
    use ScramError::{Extension, Malformed};
    let too_few = |count| ScramError::TooFewIterations { count, limit: 4096 };
    let too_many = |count| ScramError::TooManyIterations { count, limit: 100_000 };
    for (message, error) in [
        (first("s=QSXCR+Q6sek8bf92,i=1"), too_few(1)),
        (first("s=QSXCR+Q6sek8bf92,i=4095"), too_few(4095)),
        (first("s=QSXCR+Q6sek8bf92,i=100001"), too_many(100_001)),
        (first("s=QSXCR+Q6sek8bf92,i=4294967295"), too_many(u32::MAX)),
        (first("s=QSXCR+Q6sek8bf92,i=4294971392"), too_many(u32::MAX)),
        (first("s=QSXCR+Q6sek8bf92,i=99999999999999999999"), too_many(u32::MAX)),
        (first("s=QSXCR+Q6sek8bf92,i=04096"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i=+4096"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i=-1"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i="), Malformed),
        (first("s=QSXCR+Q6sek8bf92"), Malformed),
        (first("i=4096"), Malformed),
        (first("i=4096,s=QSXCR+Q6sek8bf92"), Malformed),
        (first("s=,i=4096"), Malformed),
        (first("s=Q,i=4096"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i=4096,"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i=4096,nonsense"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i=4096,1=x"), Malformed),
        (first("s=QSXCR+Q6sek8bf92,i=4096,m=1"), Extension),
        (first("s=QSXCR+Q6sek8bf92,i=4096,x=1,m=1"), Extension),
        (format!("m=1,{}", first("s=QSXCR+Q6sek8bf92,i=4096")), Extension),
        ("s=QSXCR+Q6sek8bf92,i=4096".to_owned(), Malformed),
        ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=".to_owned(), Malformed),
        (String::new(), Malformed),
    ] {
        let mut scram = begun();
        let answered = answer(&mut scram, message.as_bytes());
        assert_eq!((answered, scram.error()), (Err(CannotAnswer::Stop), Some(error)), "{message}");
        assert!(!scram.is_satisfied());
    }
    let mut scram = begun();
    assert_eq!(answer(&mut scram, b"r=\xff\xff,s=QSXC,i=4096"), Err(CannotAnswer::Stop));
}

#[test]
fn a_nonce_that_does_not_continue_the_clients_is_refused() {
    for nonce in ["XXXX", NONCE, "fyko", "fyko+d2lbbFgONRv9qkxdawM3rfc", &format!("{NONCE}a b"), ""]
    {
        let mut scram = begun();
        let message = format!("r={nonce},s=QSXCR+Q6sek8bf92,i=4096");
        assert_eq!(answer(&mut scram, message.as_bytes()), Err(CannotAnswer::Stop), "{nonce}");
    }
}

#[test]
fn optional_extensions_are_ignored_and_signed() {
    let mut scram = begun();
    let message = first("s=QSXCR+Q6sek8bf92,i=4096,x=1,Y=a=b");
    let proof = answer(&mut scram, message.as_bytes()).unwrap();
    let proof = String::from_utf8(proof).unwrap();
    assert!(proof.starts_with(&format!("c=biws,r={SERVER_NONCE},p=")));
    assert!(!proof.ends_with("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="), "the signature covers them");
}

#[test]
fn the_iterations_accepted_are_the_callers() {
    let mut scram = sha1().with_iterations(1..=10);
    answer(&mut scram, b"").unwrap();
    assert!(answer(&mut scram, first("s=QSXCR+Q6sek8bf92,i=10").as_bytes()).is_ok());
    let mut scram = sha1().with_iterations(1..=10);
    answer(&mut scram, b"").unwrap();
    assert!(answer(&mut scram, first("s=QSXCR+Q6sek8bf92,i=11").as_bytes()).is_err());
}

#[test]
fn a_nonce_serves_for_one_proof() {
    let mut scram = begun();
    answer(&mut scram, first("s=QSXCR+Q6sek8bf92,i=4096").as_bytes()).unwrap();
    scram.restart();
    assert_eq!(answer(&mut scram, b""), Err(CannotAnswer::Stop));
    assert_eq!(scram.error(), Some(ScramError::NonceUsed));
    scram.renew(Nonce::from_random([1; 18]));
    assert_eq!(answer(&mut scram, b"").unwrap(), b"n,,n=user,r=AQEBAQEBAQEBAQEBAQEBAQEB");
}

#[test]
fn headers_say_who_acts_and_what_binds() {
    let (exporter, end_point) = ([7; 32], [8; 64]);
    for (scram, name, header) in [
        (sha1(), "SCRAM-SHA-1", "n,,"),
        (sha1().with_channel_binding_unoffered(), "SCRAM-SHA-1", "y,,"),
        (
            sha1().with_channel_binding(ChannelBinding::TlsExporter(&exporter)),
            "SCRAM-SHA-1-PLUS",
            "p=tls-exporter,,",
        ),
        (
            sha1().with_channel_binding(ChannelBinding::TlsServerEndPoint(&end_point)),
            "SCRAM-SHA-1-PLUS",
            "p=tls-server-end-point,,",
        ),
        (sha1().with_authorization("a=b,c"), "SCRAM-SHA-1", "n,a=a=3Db=2Cc,"),
    ] {
        let mut scram = scram;
        assert_eq!(scram.name(), name);
        let said = answer(&mut scram, b"").unwrap();
        assert_eq!(said, format!("{header}n=user,r={NONCE}").as_bytes());
        let said = answer(&mut scram, first("s=QSXCR+Q6sek8bf92,i=4096").as_bytes()).unwrap();
        let data: &[u8] = match header {
            "p=tls-exporter,," => &exporter,
            "p=tls-server-end-point,," => &end_point,
            _ => &[],
        };
        let binding = base64([header.as_bytes(), data].concat());
        let said = String::from_utf8(said).unwrap();
        assert!(said.starts_with(&format!("c={binding},r={SERVER_NONCE},p=")), "{said}");
    }
}

#[test]
fn names_of_the_256_bit_mechanisms_are_known_to_the_client() {
    let nonce = Nonce::new("n").unwrap();
    let data = [0; 32];
    let mut plus = ScramSha256::new(USER, PASSWORD, nonce)
        .with_channel_binding(ChannelBinding::TlsExporter(&data));
    let text = "C: AUTH SCRAM-SHA-256-PLUS <p=tls-exporter,,n=user,r=n>\nS: 535 no";
    play("SCRAM-SHA-256 SCRAM-SHA-256-PLUS", &mut plus, text);
}

#[test]
fn user_names_are_escaped() {
    let mut scram = ScramSha256::new("a=b,c\u{e9}", PASSWORD, Nonce::new("n").unwrap());
    assert_eq!(answer(&mut scram, b"").unwrap(), "n,,n=a=3Db=2Cc\u{e9},r=n".as_bytes());
}

#[test]
fn credentials_that_scram_cannot_carry_say_nothing() {
    let nonce = Nonce::new(NONCE).unwrap();
    for mut scram in [
        ScramSha1::new("", PASSWORD, nonce),
        ScramSha1::new(USER, "", nonce),
        ScramSha1::new("us\0er", PASSWORD, nonce),
        ScramSha1::new(USER, "pen\ncil", nonce),
        sha1().with_authorization("\x7f"),
        sha1().with_channel_binding(ChannelBinding::TlsExporter(&[])),
    ] {
        let offered = scram.name().to_owned();
        assert_eq!(answer(&mut scram, b""), Err(CannotAnswer::Stop));
        assert_eq!(scram.error(), Some(ScramError::Credentials));
        assert_refused(&offered, &mut scram);
        assert_eq!(scram.error(), Some(ScramError::Credentials));
    }
}

/// Nothing leaves, and PLAIN, which could carry them, is not tried.
#[track_caller]
fn assert_refused(offered: &str, scram: &mut dyn Mechanism) {
    let mut session = open(&format!("{offered} PLAIN"));
    let mut plain = Plain::new(USER, PASSWORD);
    let list: &mut [&mut dyn Mechanism] = &mut [scram, &mut plain];
    assert_eq!(session.client.authenticate(list), Err(Refusal::Credentials));
    assert_eq!(session.client.transmit(), b"");
    assert!(session.client.is_reusable());
}

#[test]
fn a_nonce_that_was_used_is_refused_before_anything_leaves() {
    let mut scram = begun();
    answer(&mut scram, first("s=QSXCR+Q6sek8bf92,i=4096").as_bytes()).unwrap();
    assert_refused("SCRAM-SHA-1", &mut scram);
    assert_eq!(scram.error(), Some(ScramError::NonceUsed));
}

/// The mechanism that a list for a password begins with, and what it says first of its TLS session.
fn chosen(mechanisms: &mut (impl Mechanisms + ?Sized), offered: &str) -> (String, String) {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let mut session = open(offered);
    session.client.authenticate(mechanisms).unwrap();
    let line = String::from_utf8(session.client.transmit().to_vec()).unwrap();
    let [_, name, response] = line.split_whitespace().collect::<Vec<_>>()[..] else {
        panic!("{line}")
    };
    let said = String::from_utf8(STANDARD.decode(response).unwrap()).unwrap();
    (name.to_owned(), said.split(',').next().unwrap().to_owned())
}

#[test]
fn c89_what_binds_comes_before_what_does_not() {
    let data = [7; 32];
    let nonce = Nonce::new(NONCE).unwrap();
    for (offered, name, flag) in [
        ("SCRAM-SHA-256 SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "p=tls-exporter"),
        ("SCRAM-SHA-1-PLUS SCRAM-SHA-256-PLUS", "SCRAM-SHA-256-PLUS", "p=tls-exporter"),
        ("SCRAM-SHA-256 SCRAM-SHA-1 SCRAM-SHA-1-PLUS", "SCRAM-SHA-1-PLUS", "p=tls-exporter"),
        ("SCRAM-SHA-1 SCRAM-SHA-256", "SCRAM-SHA-256", "y"),
        ("SCRAM-SHA-1", "SCRAM-SHA-1", "y"),
        // One that nobody here can bind with is no offer.
        ("SCRAM-SHA-512-PLUS SCRAM-SHA-256", "SCRAM-SHA-256", "y"),
    ] {
        let channel = ChannelBinding::TlsExporter(&data);
        let mut password = Password::new(USER, PASSWORD).with_channel_binding(nonce, channel);
        let (chosen_name, said) = chosen(&mut password, offered);
        assert_eq!((&*chosen_name, &*said), (name, flag), "{offered}");
    }
    let mut password = Password::new(USER, PASSWORD).with_nonce(nonce);
    let (name, flag) = chosen(&mut password, "SCRAM-SHA-256 SCRAM-SHA-256-PLUS");
    assert_eq!((&*name, &*flag), ("SCRAM-SHA-256", "n"), "a client that cannot bind");
}

#[test]
fn c89_who_leaves_an_offer_to_bind_out_does_not_say_that_there_is_none() {
    for (offered, flag) in [
        ("SCRAM-SHA-1", "y"),
        ("SCRAM-SHA-1 SCRAM-SHA-1-PLUS", "n"),
        ("SCRAM-SHA-1 SCRAM-SHA-256-PLUS", "n"),
    ] {
        let mut alone = sha1().with_channel_binding_unoffered();
        assert_eq!(chosen(&mut alone, offered), ("SCRAM-SHA-1".into(), flag.into()), "{offered}");
    }
    // The proof is made for the same flag.
    let mut scram = sha1().with_channel_binding_unoffered();
    let text = TO_THE_PROOF.to_owned() + "\nS: 334 <v=rmF9pqV8S7suAoZWja4dJRkFsKQ=>\nC:\nS: 235 ok";
    let session = play("SCRAM-SHA-1-PLUS SCRAM-SHA-1", &mut scram, &text);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
}

#[test]
fn the_iterations_that_a_list_for_a_password_accepts_are_the_callers() {
    let nonce = Nonce::new(NONCE).unwrap();
    let password = || Password::new(USER, PASSWORD);
    for mut password in [
        password().with_nonce(nonce).with_iterations(1..=10),
        password().with_iterations(1..=10).with_nonce(nonce),
    ] {
        let scram = password.mechanism(1).unwrap();
        assert_eq!(scram.name(), "SCRAM-SHA-1");
        answer(scram, b"").unwrap();
        answer(scram, first("s=QSXCR+Q6sek8bf92,i=11").as_bytes()).unwrap_err();
        let error = ScramError::TooManyIterations { count: 11, limit: 10 };
        assert_eq!(password.scram_error(), Some(error));
    }
}

#[test]
fn nonces_are_printable_without_a_comma() {
    for nonce in ["", "a,b", "a b", "a\n", "\u{e9}", &"n".repeat(65)] {
        assert!(Nonce::new(nonce).is_err(), "{nonce:?}");
    }
    assert!(Nonce::new(&"n".repeat(64)).is_ok());
}

#[test]
fn a_list_for_a_password_tells_the_error_of_its_scram() {
    let mut password = Password::new(USER, PASSWORD).with_nonce(Nonce::new(NONCE).unwrap());
    assert_eq!(password.scram_error(), None);
    let scram = password.mechanism(0).unwrap();
    assert!(scram.name().starts_with("SCRAM-"), "{}", scram.name());
    answer(scram, b"").unwrap();
    answer(scram, b"r=other,s=QSXCR+Q6sek8bf92,i=4096").unwrap_err();
    assert_eq!(password.scram_error(), Some(ScramError::Nonce));
}
