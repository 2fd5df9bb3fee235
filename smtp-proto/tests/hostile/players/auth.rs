//! AUTH: challenges that cannot be answered, and refusals.

use smtp_proto::{
    client::{Authentication, BufferSizes, Client, Wants},
    reply::Code,
    sasl::{CramMd5, Login, Mechanism, Nonce, Plain, ScramSha256, XOAuth2, scram::ScramError},
};

use super::{Row, Taken};
use smtp_test_support::session::{Session, plain_config};

/// A server that takes credentials in the clear, and the first command of the dialogue.
fn open(mechanisms: &str, first: &str) -> Session {
    let config = plain_config().with_plaintext_auth(true);
    // The sizes of the adapters.
    let client = Client::with_sizes(config, BufferSizes::LARGE);
    Session::open_with(client, &format!("AUTH_{mechanisms}")).then(first)
}

/// The challenge is answered with `*`; then this is said, and the dialogue ends so.
fn cancelled(
    row: &Row,
    mut session: Session,
    list: &mut [&mut dyn Mechanism],
    behind: &str,
) -> Authentication {
    assert_eq!(session.authenticate(list), Wants::Read, "{}", row.name);
    session.peer.extend(&format!("S+ {}\nC: *\nS: 501 cancelled\n{behind}", script(row)));
    assert_eq!(session.authenticate_further(list), Wants::Command, "{}", row.name);
    assert!(session.peer.is_done(), "{}", row.name);
    session.client.authentication()
}

fn script(row: &Row) -> String {
    row.text().replace('\r', "\\r").replace('\n', "\\n")
}

/// LOGIN does not read its prompts; a mechanism that has to read the challenge cancels.
pub fn exchange(row: &Row) -> Taken {
    let mut login = Login::new("u", "p");
    let mut session = open("LOGIN", "C: AUTH LOGIN");
    assert_eq!(session.authenticate(&mut login), Wants::Read);
    let wants = session.hear(&row.octets);
    match row.name.as_str() {
        "auth-334-huge" => {
            assert_eq!(wants, Wants::Credentials);
            session.peer.extend("C: *\nS: 501 cancelled");
            assert_eq!(session.authenticate_further(&mut login), Wants::Command);
            assert_eq!(session.client.authentication(), Authentication::BadChallenge);
            return Taken::Refused;
        }
        "auth-334-12288" => {}
        "auth-334-notbase64" => {
            let (mut cram, mut plain) = (CramMd5::new("u", "p"), Plain::new("u", "p"));
            let refused = cancelled(
                row,
                open("CRAM-MD5", "C: AUTH CRAM-MD5"),
                &mut [&mut cram, &mut plain],
                "",
            );
            assert_eq!(refused, Authentication::BadChallenge);
            assert_eq!(scram(row), ScramError::Malformed);
        }
        _ => row.unknown(),
    }
    assert_eq!(wants, Wants::Credentials, "{}", row.name);
    session.peer.extend("C: dQ==\nS: 334\nC: cA==\nS: 235 ok");
    assert_eq!(session.authenticate_further(&mut login), Wants::Command);
    assert_eq!(session.client.authentication(), Authentication::Done(0));
    Taken::Accepted
}

/// The password left with AUTH; nobody gets it a second time.
pub fn challenge_behind_plain(row: &Row) -> Taken {
    let session = open("PLAIN", "C: AUTH PLAIN AHUAcA==");
    let verdict = cancelled(row, session, &mut [&mut Plain::new("u", "p")], "");
    assert_eq!(verdict, Authentication::BadChallenge);
    Taken::Refused
}

/// An empty challenge would give a digest that can be replayed. The next mechanism is tried.
pub fn cram_md5(row: &Row) -> Taken {
    let (mut cram, mut plain) = (CramMd5::new("u", "p"), Plain::new("u", "p"));
    let session = open("CRAM-MD5_PLAIN", "C: AUTH CRAM-MD5");
    let behind = "C: AUTH PLAIN AHUAcA==\nS: 235 ok";
    let verdict = cancelled(row, session, &mut [&mut cram, &mut plain], behind);
    assert_eq!(verdict, Authentication::Done(1), "{}", row.name);
    Taken::Refused
}

/// Why SCRAM stops at this challenge; PLAIN, which is offered too, is not tried.
fn scram(row: &Row) -> ScramError {
    let nonce = Nonce::new("nonce").unwrap();
    let mut scram = ScramSha256::new("u", "p", nonce);
    let mut plain = Plain::new("u", "p");
    // n,,n=u,r=nonce
    let session = open("SCRAM-SHA-256_PLAIN", "C: AUTH SCRAM-SHA-256 biwsbj11LHI9bm9uY2U=");
    let verdict = cancelled(row, session, &mut [&mut scram, &mut plain], "");
    assert_eq!(verdict, Authentication::BadChallenge, "{}", row.name);
    scram.error().expect("it says why")
}

pub fn scram_server_first(row: &Row) -> Taken {
    let expected = match row.name.as_str() {
        "auth-scram-i-1" => ScramError::TooFewIterations { count: 1, limit: 4096 },
        "auth-scram-i-huge" => ScramError::TooManyIterations { count: u32::MAX, limit: 100_000 },
        "auth-scram-nonce-mismatch" => ScramError::Nonce,
        _ => row.unknown(),
    };
    assert_eq!(scram(row), expected, "{}", row.name);
    Taken::Refused
}

/// The 334 with JSON wants an empty line; then the refusal comes, and the caller gets the JSON.
pub fn xoauth2(row: &Row) -> Taken {
    let mut mechanism = XOAuth2::new("u", "t");
    let end = row.octets.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    let (json, refusal) = row.octets.split_at(end);
    // user=u, auth=Bearer t, each behind a ^A
    let mut session = open("XOAUTH2", "C: AUTH XOAUTH2 dXNlcj11AWF1dGg9QmVhcmVyIHQBAQ==");
    assert_eq!(session.authenticate(&mut mechanism), Wants::Read);
    assert_eq!(session.hear(json), Wants::Credentials);
    session.peer.extend("C:");
    assert_eq!(session.authenticate_further(&mut mechanism), Wants::Read);
    assert_eq!(session.hear(refusal), Wants::Command);
    assert!(session.peer.is_done());
    assert_eq!(session.client.authentication(), Authentication::Refused(Code::BAD_CREDENTIALS));
    assert_eq!(mechanism.error(), Some(&br#"{"status":"400","schemes":"Bearer"}"#[..]));
    Taken::Accepted
}

pub fn refusal(row: &Row) -> Taken {
    let mut session = open("PLAIN_LOGIN", "C: AUTH PLAIN AHUAcA==");
    let (mut plain, mut login) = (Plain::new("u", "p"), Login::new("u", "p"));
    let mut both: [&mut dyn Mechanism; 2] = [&mut plain, &mut login];
    assert_eq!(session.authenticate(&mut both[..]), Wants::Read);
    assert_eq!(session.hear(&row.octets), Wants::Command);
    let code = Code::new(538).unwrap();
    assert_eq!(session.client.authentication(), Authentication::Refused(code), "{}", row.name);
    assert!(session.peer.is_done(), "no weaker mechanism is tried");
    Taken::Refused
}
