//! AUTH with real servers: Cyrus SASL behind Postfix, Dovecot's, aiosmtpd's. See `live/README.md`;
//! where a server is not installed its tests say `SKIPPED` and pass, unless the variable CI is set.
#![cfg(all(unix, feature = "tls", feature = "cram-md5", feature = "scram"))]
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

#[path = "live/dialogue.rs"]
mod dialogue;
#[allow(dead_code, reason = "shared with the other live tests")]
#[path = "live/server.rs"]
mod server;

use dialogue::Dialogue;
use server::{Kind, Server};
use smtp_sync::{
    Client, Error,
    proto::{
        client::{Authentication, Inquiry},
        sasl::{
            CramMd5, Login, Mechanism, Nonce, OAuthBearer, Plain, ScramSha1, ScramSha256, XOAuth2,
        },
    },
};

const USER: &str = "alice";
const PASSWORD: &str = "s3cret";

/// A caller's own would be of random octets.
fn nonce() -> Nonce {
    Nonce::new("of-a-test").expect("a nonce")
}

/// Each mechanism of a password, which Postfix offers alone on the port of its name.
fn mechanisms(password: &str) -> [Box<dyn Mechanism + '_>; 5] {
    [
        Box::new(ScramSha256::new(USER, password, nonce())),
        Box::new(ScramSha1::new(USER, password, nonce())),
        Box::new(CramMd5::new(USER, password)),
        Box::new(Login::new(USER, password)),
        Box::new(Plain::new(USER, password)),
    ]
}

/// A session, and what is said in it.
fn session(server: &Server, port: &str) -> (Client, Dialogue) {
    let (connector, dialogue) = Dialogue::of(server.connector(port));
    (connector.connect().expect("a session"), dialogue)
}

fn enter(client: &mut Client, mechanism: &mut dyn Mechanism) -> Result<usize, Error> {
    client.authenticate(&mut [mechanism][..])
}

#[track_caller]
fn assert_refused(refused: Result<usize, Error>, what: &str) {
    let error = refused.expect_err("refused");
    let Error::Authentication { verdict: Authentication::Refused(code), .. } = error else {
        panic!("{what}: {error:?}");
    };
    assert_eq!(code.value(), 535, "{what}");
}

#[test]
fn each_mechanism_alone_lets_in_and_the_next_call_works() {
    let Some(server) = Kind::Postfix.shared() else { return };
    for mut mechanism in mechanisms(PASSWORD) {
        let name = mechanism.name().to_owned();
        let (mut client, dialogue) = session(server, &name);
        let entered = enter(&mut client, &mut *mechanism);
        assert_eq!(entered.expect("to be let in"), 0, "{name}");
        assert_eq!(dialogue.count(&format!("C: AUTH {name}")), 1, "{}", dialogue.text());
        client.inquire(Inquiry::Noop).expect("an answer");
    }
}

#[test]
fn a_wrong_password_is_refused_by_each_mechanism_and_the_right_one_still_lets_in() {
    let Some(server) = Kind::Postfix.shared() else { return };
    for (mut wrong, mut right) in mechanisms("wrong").into_iter().zip(mechanisms(PASSWORD)) {
        let name = wrong.name().to_owned();
        let (mut client, _) = session(server, &name);
        assert_refused(enter(&mut client, &mut *wrong), &name);
        assert!(client.is_reusable(), "{name}");
        enter(&mut client, &mut *right).expect("to be let in");
    }
}

#[test]
fn a_wrong_password_is_not_tried_again_with_a_weaker_mechanism() {
    let Some(server) = Kind::Postfix.shared() else { return };
    for first in 0..4 {
        let mut list = mechanisms("wrong");
        let name = list[first].name().to_owned();
        let (mut client, dialogue) = session(server, "every");
        let mut list: Vec<_> = list[first..].iter_mut().map(|one| &mut **one as _).collect();
        assert_refused(client.authenticate(&mut list[..]), &name);
        let said = dialogue.text();
        assert_eq!(dialogue.count("C: AUTH"), 1, "{said}");
        assert_eq!(dialogue.count(&format!("C: AUTH {name}")), 1, "{said}");
        assert!(client.is_reusable());
    }
}

#[test]
fn a_mechanism_that_is_not_offered_gives_way_to_one_that_is() {
    let Some(server) = Kind::Postfix.shared() else { return };
    let (mut client, dialogue) = session(server, "LOGIN");
    let mut list = mechanisms(PASSWORD);
    let mut list: Vec<_> = list.iter_mut().map(|one| &mut **one as _).collect();
    assert_eq!(client.authenticate(&mut list[..]).expect("to be let in"), 3);
    assert_eq!(dialogue.count("C: AUTH"), 1, "{}", dialogue.text());
}

#[test]
fn aiosmtpd_takes_plain_and_login_and_refuses_a_wrong_password_of_either() {
    let Some(server) = Kind::Aiosmtpd.shared() else { return };
    for (wrong, right) in mechanisms("wrong").into_iter().zip(mechanisms(PASSWORD)).skip(3) {
        let name = right.name().to_owned();
        let (mut client, dialogue) = session(server, "smtps");
        for (mut mechanism, lets_in) in [(wrong, false), (right, true)] {
            let entered = enter(&mut client, &mut *mechanism);
            if lets_in {
                entered.expect("to be let in");
            } else {
                assert_refused(entered, &name);
            }
        }
        assert_eq!(dialogue.count(&format!("C: AUTH {name}")), 2, "{}", dialogue.text());
    }
}

#[test]
fn a_token_lets_in_and_another_one_is_refused_for_a_reason() {
    let Some(server) = Kind::Dovecot.shared() else { return };
    let token = server.said("token");
    // Signed by somebody else.
    let other = format!("{}{}", &token[..token.len() - 4], "AAAA");
    let tokens = |token| -> [Box<dyn Mechanism + '_>; 2] {
        [Box::new(XOAuth2::new(USER, token)), Box::new(OAuthBearer::new(token).with_user(USER))]
    };
    for (mut bad, mut good) in tokens(&other).into_iter().zip(tokens(token)) {
        let name = good.name().to_owned();
        let (mut client, dialogue) = session(server, "submission");
        assert_refused(enter(&mut client, &mut *bad), &name);
        assert!(client.is_reusable(), "{name}: {}", dialogue.text());
        enter(&mut client, &mut *good).expect("to be let in");
        assert_eq!(dialogue.count(&format!("C: AUTH {name}")), 2, "{}", dialogue.text());
        assert_eq!(dialogue.count(token), 0);
    }
}

#[test]
fn the_reason_for_which_a_token_is_refused_reaches_the_caller() {
    let Some(server) = Kind::Dovecot.shared() else { return };
    let mut xoauth2 = XOAuth2::new(USER, "no token at all");
    let mut bearer = OAuthBearer::new("bad").with_user(USER);
    let (mut client, _) = session(server, "submission");
    assert_refused(client.authenticate(&mut xoauth2), "XOAUTH2");
    assert_refused(client.authenticate(&mut bearer), "OAUTHBEARER");
    for reason in [xoauth2.error(), bearer.error()] {
        let reason: serde_json::Value =
            serde_json::from_slice(reason.expect("a reason")).expect("JSON");
        assert!(reason["status"].is_string(), "{reason}");
    }
}
