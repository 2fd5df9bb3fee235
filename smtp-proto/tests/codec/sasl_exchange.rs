//! Client against server, and both against octets that are no message of theirs.
#![cfg(all(feature = "scram", feature = "cram-md5"))]

use core::str;

use proptest::prelude::*;
use smtp_proto::sasl::{
    Anonymous, Challenge, ChannelBinding, CramMd5, External, Login, Mechanism, Nonce, OAuthBearer,
    Plain, Response, SaslName, XOAuth2,
    scram::{Hash, Scram, ScramError, ServerError, Sha1, Sha256},
    server::{
        Account, ClientBinding, ClientFirst, CramMd5Response, OAuthBearerResponse, ScramServer,
        Secrets, ServerBinding, XOAuth2Response,
    },
};
use smtp_test_support::auth_script::answer;

const SALT: &[u8] = b"0123456789abcdef";
const ITERATIONS: u32 = 3;

fn client<'a, H: Hash>(user: &'a str, password: &'a str) -> Scram<'a, H> {
    Scram::new(user, password, Nonce::new("client").unwrap()).with_iterations(1..=10)
}

/// The whole exchange with a server that has this password.
fn exchange<H: Hash>(
    client: &mut Scram<'_, H>,
    password: &str,
    binding: ServerBinding<'_>,
) -> Result<(), ServerError> {
    let secrets = Secrets::<H>::from_password(password, SALT, ITERATIONS);
    let account = Account::new(&secrets, SALT, ITERATIONS);
    let said = answer(client, b"").unwrap();
    let first = ClientFirst::parse(&said)?;
    let nonce = Nonce::new("server").unwrap();
    let mut challenge = String::new();
    let server = ScramServer::start(&first, &account, &nonce, binding, &mut challenge)?;
    let last = answer(client, challenge.as_bytes()).unwrap();
    let mut challenge = String::new();
    server.finish(&last, &mut challenge)?;
    assert_eq!(answer(client, challenge.as_bytes()), Ok(Vec::new()));
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>().prop_filter("control", |c| !c.is_ascii_control()), 1..80)
        .prop_map(|characters| characters.into_iter().collect())
}

fn both_hashes(user: &str, password: &str, authorization: &str) {
    fn with<H: Hash>(user: &str, password: &str, authorization: &str) {
        let mut scram = client::<H>(user, password).with_authorization(authorization);
        assert_eq!(exchange(&mut scram, password, ServerBinding::Unsupported), Ok(()));
        assert!(scram.is_satisfied());
    }
    with::<Sha1>(user, password, authorization);
    with::<Sha256>(user, password, authorization);
}

proptest! {
    #[test]
    fn client_and_server_agree(user in text(), password in text(), authorization in text()) {
        both_hashes(&user, &password, &authorization);
        let mut scram = client::<Sha256>(&user, &password).with_authorization(&authorization);
        let said = answer(&mut scram, b"").unwrap();
        let first = ClientFirst::parse(&said).unwrap();
        prop_assert!(first.user().matches(&user));
        prop_assert!(first.authorization().unwrap().matches(&authorization));
    }

    #[test]
    fn another_password_is_an_invalid_proof(password in text(), other in text()) {
        prop_assume!(password != other);
        let mut scram = client::<Sha256>("u", &password);
        let refused = exchange(&mut scram, &other, ServerBinding::Unsupported);
        prop_assert_eq!(refused, Err(ServerError::InvalidProof));
        prop_assert!(!scram.is_satisfied());
    }

    #[test]
    fn a_changed_octet_of_the_servers_messages_is_never_believed(at in 0..200_usize, bit in 0..7) {
        let secrets = Secrets::<Sha256>::from_password("p", SALT, ITERATIONS);
        let account = Account::new(&secrets, SALT, ITERATIONS);
        let mut scram = client::<Sha256>("u", "p");
        let said = answer(&mut scram, b"").unwrap();
        let first = ClientFirst::parse(&said).unwrap();
        let (nonce, mut message) = (Nonce::new("server").unwrap(), String::new());
        let unsupported = ServerBinding::Unsupported;
        let server =
            ScramServer::start(&first, &account, &nonce, unsupported, &mut message).unwrap();
        let mut octets = message.clone().into_bytes();
        let first_length = octets.len();
        let in_first = at < first_length;
        if in_first {
            octets[at] ^= 1_u8 << bit;
        }
        let Ok(last) = answer(&mut scram, &octets) else { return Ok(()) };
        let mut message = String::new();
        if server.finish(&last, &mut message).is_err() {
            prop_assert!(in_first);
            return Ok(());
        }
        prop_assert!(!in_first, "signed by both, so no change can go unseen");
        let mut octets = message.into_bytes();
        let at = (at - first_length) % octets.len();
        octets[at] ^= 1_u8 << bit;
        let _ = answer(&mut scram, &octets);
        prop_assert!(!scram.is_satisfied());
    }

    #[test]
    fn a_changed_octet_of_the_clients_last_message_is_refused(at in any::<prop::sample::Index>(), bit in 0..7) {
        let secrets = Secrets::<Sha1>::from_password("p", SALT, ITERATIONS);
        let account = Account::new(&secrets, SALT, ITERATIONS);
        let mut scram = client::<Sha1>("u", "p");
        let said = answer(&mut scram, b"").unwrap();
        let first = ClientFirst::parse(&said).unwrap();
        let (nonce, mut message) = (Nonce::new("server").unwrap(), String::new());
        let unsupported = ServerBinding::Unsupported;
        let server =
            ScramServer::start(&first, &account, &nonce, unsupported, &mut message).unwrap();
        let mut last = answer(&mut scram, message.as_bytes()).unwrap();
        let at = at.index(last.len());
        last[at] ^= 1_u8 << bit;
        let mut message = String::new();
        prop_assert!(server.finish(&last, &mut message).is_err());
        prop_assert_eq!(message, "");
    }

    #[test]
    fn no_challenge_makes_a_mechanism_panic(
        challenges in prop::collection::vec(prop::option::of(challenge()), 0..6),
        room in 0..200_usize,
    ) {
        let channel = ChannelBinding::TlsServerEndPoint(b"hash");
        let mechanisms: [&mut dyn Mechanism; 9] = [
            &mut client::<Sha1>("u", "p"),
            &mut client::<Sha256>("u", "p").with_channel_binding(channel),
            &mut CramMd5::new("u", "p"),
            &mut Plain::new("u", "p"),
            &mut Login::new("u", "p"),
            &mut XOAuth2::new("u", "t"),
            &mut OAuthBearer::new("t").with_user("u").with_server("h", 25),
            &mut External::new(),
            &mut Anonymous::new("trace"),
        ];
        for mechanism in mechanisms {
            for challenge in &challenges {
                let mut buffer = vec![0; room];
                let mut response = Response::new(&mut buffer);
                let _ = mechanism.respond(Challenge::new(challenge.as_deref()), &mut response);
                let _ = response.finish();
            }
            prop_assert!(!mechanism.name().starts_with("SCRAM") || !mechanism.is_satisfied());
        }
    }

    #[test]
    fn no_response_makes_the_server_panic(octets in challenge()) {
        let _ = (CramMd5Response::parse(&octets), XOAuth2Response::parse(&octets));
        let _ = OAuthBearerResponse::parse(&octets);
        if let Ok(text) = str::from_utf8(&octets) {
            let _ = SaslName::parse(text).map(|name| name.to_string());
        }
        let secrets = Secrets::<Sha1>::from_password("p", SALT, 1);
        let account = Account::new(&secrets, SALT, 1);
        let (nonce, unsupported) = (Nonce::new("n").unwrap(), ServerBinding::Unsupported);
        let good = ClientFirst::parse(b"n,,n=u,r=c").unwrap();
        for first in [ClientFirst::parse(&octets), Ok(good)].into_iter().flatten() {
            let mut out = String::new();
            let started = ScramServer::start(&first, &account, &nonce, unsupported, &mut out);
            let refused = started.and_then(|server| server.finish(&octets, &mut String::new()));
            prop_assert!(refused.is_err());
        }
    }
}

/// Octets, and what looks like a message.
fn challenge() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "r=client",
        "r=c",
        "r=cn",
        "more",
        ",",
        "s=QSXC",
        "i=1",
        "i=99",
        "v=",
        "e=",
        "m=",
        "x=1",
        "n=u",
        "n,",
        "y,",
        "p=",
        "p=tls-exporter,",
        "a=",
        "c=biws",
        ",p=",
        "AAAA",
        "=",
        "=2C",
        "\x01",
        "auth=Bearer ",
        "user=",
        "host=",
        "port=",
        " ",
        "b913a602c7eda7a495b4e6e7334d3890",
        "\u{e9}",
        "\0",
    ]);
    let message = prop::collection::vec(piece, 0..10);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        message.prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}

#[test]
fn channel_binding_is_checked_by_the_server() {
    let (ours, other) =
        (ChannelBinding::TlsExporter(b"ours"), ChannelBinding::TlsExporter(b"other"));
    let end_point = ChannelBinding::TlsServerEndPoint(b"ours");
    let bound = |channel| client::<Sha256>("u", "p").with_channel_binding(channel);
    let unoffered = || client::<Sha256>("u", "p").with_channel_binding_unoffered();
    let unable = || client::<Sha256>("u", "p");
    for (mut scram, binding, expected) in [
        (bound(ours), ServerBinding::Bound(ours), Ok(())),
        (bound(other), ServerBinding::Bound(ours), Err(ServerError::ChannelBindingsDontMatch)),
        (
            bound(end_point),
            ServerBinding::Bound(ours),
            Err(ServerError::UnsupportedChannelBindingType),
        ),
        (bound(ours), ServerBinding::NotChosen, Err(ServerError::ChannelBindingNotSupported)),
        (bound(ours), ServerBinding::Unsupported, Err(ServerError::ChannelBindingNotSupported)),
        (unoffered(), ServerBinding::Unsupported, Ok(())),
        (unoffered(), ServerBinding::NotChosen, Err(ServerError::ServerDoesSupportChannelBinding)),
        (unoffered(), ServerBinding::Bound(ours), Err(ServerError::ChannelBindingsDontMatch)),
        (unable(), ServerBinding::Unsupported, Ok(())),
        (unable(), ServerBinding::NotChosen, Ok(())),
        (unable(), ServerBinding::Bound(ours), Err(ServerError::ChannelBindingsDontMatch)),
    ] {
        let case = format!("{scram:?} {binding:?} {expected:?}");
        assert_eq!(exchange(&mut scram, "p", binding), expected, "{case}");
        assert_eq!(scram.is_satisfied(), expected.is_ok(), "{case}");
    }
}

/// Whoever stands between the two learns nothing from a proof that is not asked for.
#[test]
fn a_client_that_does_not_bind_is_refused_before_it_proves_anything() {
    let secrets = Secrets::<Sha256>::from_password("p", SALT, ITERATIONS);
    let account = Account::new(&secrets, SALT, ITERATIONS);
    let binding = ServerBinding::Bound(ChannelBinding::TlsExporter(b"ours"));
    for message in ["n,,n=u,r=c", "y,,n=u,r=c"] {
        let (first, mut challenge) =
            (ClientFirst::parse(message.as_bytes()).unwrap(), String::new());
        let nonce = Nonce::new("n").unwrap();
        let started = ScramServer::start(&first, &account, &nonce, binding, &mut challenge);
        assert_eq!(started.map(|_| ()), Err(ServerError::ChannelBindingsDontMatch), "{message}");
        assert_eq!(challenge, "", "{message}");
    }
}

#[test]
fn kept_keys_serve_as_the_password_does() {
    let made = Secrets::<Sha256>::from_password("p", SALT, ITERATIONS);
    let kept = Secrets::<Sha256>::from_keys(made.stored_key(), made.server_key()).unwrap();
    assert_eq!((made.stored_key(), made.server_key()), (kept.stored_key(), kept.server_key()));
    assert!(Secrets::<Sha1>::from_keys(made.stored_key(), made.server_key()).is_none());
    assert!(Secrets::<Sha256>::from_keys(&[0; 31], &[0; 32]).is_none());
}

#[test]
fn first_messages_that_the_server_refuses() {
    for (message, error) in [
        ("", ServerError::InvalidEncoding),
        ("n,,n=u", ServerError::InvalidEncoding),
        ("n,,n=u,r=", ServerError::InvalidEncoding),
        ("n,,n=u,r=a b", ServerError::InvalidEncoding),
        ("n,,r=c,n=u", ServerError::InvalidEncoding),
        ("n,,n=u,r=c,", ServerError::InvalidEncoding),
        ("x,,n=u,r=c", ServerError::InvalidEncoding),
        ("p=,,n=u,r=c", ServerError::InvalidEncoding),
        ("n,b=x,n=u,r=c", ServerError::InvalidEncoding),
        ("n,,m=1,n=u,r=c", ServerError::ExtensionsNotSupported),
        ("n,,n=u,r=c,m=1", ServerError::ExtensionsNotSupported),
        ("n,,n=u=,r=c", ServerError::InvalidUsernameEncoding),
        ("n,a==,n=u,r=c", ServerError::InvalidUsernameEncoding),
    ] {
        assert_eq!(ClientFirst::parse(message.as_bytes()).unwrap_err(), error, "{message}");
    }
    let first = ClientFirst::parse(b"p=tls-unique,a=x,n=u,r=c,e=1").unwrap();
    assert_eq!(first.binding(), ClientBinding::Bound("tls-unique"));
}

#[test]
fn every_error_of_the_server_is_read_as_it_is_written() {
    for name in ["invalid-proof", "no-resources", "other-error", "unsupported-channel-binding-type"]
    {
        assert_eq!(ServerError::parse(name).to_string(), name);
    }
    let error = ScramError::Server(ServerError::InvalidProof);
    assert_eq!(error.to_string(), "the server reports a SCRAM error: invalid-proof");
}

/// Has room for so many octets.
struct Room(usize);

impl core::fmt::Write for Room {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(core::fmt::Error)?;
        Ok(())
    }
}

#[test]
fn a_challenge_without_room_is_no_resources() {
    let secrets = Secrets::<Sha1>::from_password("p", SALT, ITERATIONS);
    let account = Account::new(&secrets, SALT, ITERATIONS);
    let (first, nonce) = (ClientFirst::parse(b"n,,n=u,r=c").unwrap(), Nonce::new("n").unwrap());
    let start = |room: &mut dyn core::fmt::Write| {
        ScramServer::start(&first, &account, &nonce, ServerBinding::Unsupported, room).map(|_| ())
    };
    let mut whole = String::new();
    start(&mut whole).unwrap();
    assert_eq!(start(&mut Room(whole.len())), Ok(()));
    for room in 0..whole.len() {
        assert_eq!(start(&mut Room(room)), Err(ServerError::NoResources), "{room}");
    }
}
