//! AUTH exchanges in readable form: `C: ` and `S: ` lines whose base64 is decoded.

use base64::{Engine, engine::general_purpose::STANDARD};
use smtp_proto::{
    client::{Authentication, BufferSizes, Client, Wants},
    sasl::{CannotAnswer, Challenge, Mechanism, Response},
};

use crate::session::{Session, plain_config};

/// The base64 of these octets.
pub fn base64(octets: impl AsRef<[u8]>) -> String {
    STANDARD.encode(octets)
}

/// Opens a session in which the server offers these mechanisms, in the clear.
pub fn open(mechanisms: &str) -> Session {
    let extensions = format!("AUTH_{}", mechanisms.replace(' ', "_"));
    // The sizes of the adapters.
    let config = plain_config().with_plaintext_auth(true);
    Session::open_with(Client::with_sizes(config, BufferSizes::LARGE), &extensions)
}

/// A script from lines `C: AUTH NAME <text>`, `C: <text>`, `S: 334 <text>`, with what stands in `<>`
/// in base64.
pub fn script(text: &str) -> String {
    let line = |line: &str| match line.trim().split_once('<') {
        Some((before, rest)) => format!("{before}{}\n", base64(rest.strip_suffix('>').unwrap())),
        None => format!("{}\n", line.trim()),
    };
    text.lines().map(line).collect()
}

/// Plays the whole exchange with a server that offers these mechanisms.
pub fn play(mechanisms: &str, mechanism: &mut dyn Mechanism, text: &str) -> Session {
    play_list(mechanisms, &mut [mechanism], text)
}

/// Plays the whole exchange for a client that has several mechanisms.
pub fn play_list(mechanisms: &str, list: &mut [&mut dyn Mechanism], text: &str) -> Session {
    let mut session = open(mechanisms).then(&script(text));
    let wants = session.authenticate(list);
    let unproven = session.client.authentication() == Authentication::Unproven;
    let expected = if unproven { Wants::Nothing } else { Wants::Command };
    assert_eq!(wants, expected, "{:?}", session.events);
    assert!(session.peer.is_done(), "{:?}", session.peer);
    session
}

/// The mechanism's response to this challenge, decoded.
pub fn answer(mechanism: &mut dyn Mechanism, challenge: &[u8]) -> Result<Vec<u8>, CannotAnswer> {
    let mut output = vec![0; 16 * 1024];
    let mut response = Response::new(&mut output);
    mechanism.respond(Challenge::new(Some(challenge)), &mut response)?;
    let length = response.finish().unwrap();
    Ok(STANDARD.decode(&output[..length]).unwrap())
}
