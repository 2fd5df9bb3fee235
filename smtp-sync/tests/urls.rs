//! URLs of servers: what they say, and what is none.

use smtp_sync::{TlsPolicy, Url, UrlError, proto::client::Protocol};

fn parse(text: &str) -> Result<Url, UrlError> {
    text.parse()
}

#[test]
fn schemes_have_their_ports_and_policies() {
    for (text, port, protocol, tls) in [
        ("smtp://h", 587, Protocol::Smtp, TlsPolicy::Required),
        ("SMTPS://h", 465, Protocol::Smtp, TlsPolicy::Implicit),
        ("lmtp://h", 24, Protocol::Lmtp, TlsPolicy::None),
        ("smtp://h:25?tls=none", 25, Protocol::Smtp, TlsPolicy::None),
        ("smtp://h/?tls=opportunistic", 587, Protocol::Smtp, TlsPolicy::Opportunistic),
        ("lmtp://h?tls=required", 24, Protocol::Lmtp, TlsPolicy::Required),
        ("smtps://h?tls=required", 465, Protocol::Smtp, TlsPolicy::Implicit),
    ] {
        let url = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((url.host(), url.port()), (Some("h"), port), "{text}");
        assert_eq!((url.protocol(), url.tls()), (protocol, tls), "{text}");
    }
}

#[test]
fn what_is_no_url_says_what_is_wrong() {
    for (text, error) in [
        ("h", UrlError::Scheme),
        ("http://h", UrlError::Scheme),
        ("smtp://", UrlError::Host),
        ("smtp://u@", UrlError::Host),
        ("smtp://h h", UrlError::Host),
        ("smtp://[::1", UrlError::Host),
        ("smtp://[h]", UrlError::Host),
        ("smtp://h:", UrlError::Port),
        ("smtp://h:0", UrlError::Port),
        ("smtp://h:65536", UrlError::Port),
        ("smtp://[::1]25", UrlError::Port),
        ("smtp://%FF@h", UrlError::Credentials),
        ("smtp://h/a\r\nDATA", UrlError::Hello),
        ("smtp://h?tls=maybe", UrlError::Parameter),
        ("smtp://h?x=1", UrlError::Parameter),
        ("smtps://h?tls=none", UrlError::Parameter),
    ] {
        assert_eq!(parse(text).err(), Some(error), "{text:?}");
    }
}

#[test]
fn nothing_is_taken_that_is_not_written_as_it_should_be() {
    for (text, error) in [
        ("smtp://u:p#ss@h", UrlError::Fragment),
        ("smtp://h#x", UrlError::Fragment),
        ("smtp://h/client#x", UrlError::Fragment),
        ("lmtp:///run/lmtp#x", UrlError::Fragment),
        ("smtp://h:+25", UrlError::Port),
        ("smtp://h:-25", UrlError::Port),
        ("smtp://h: 25", UrlError::Port),
        ("smtp://h:25 ", UrlError::Port),
        ("smtp://h:25:25", UrlError::Port),
        ("smtp://h:0x19", UrlError::Port),
        ("smtp://h:000025", UrlError::Port),
        ("smtp://h:\u{662}\u{665}", UrlError::Port),
        ("smtp://[::1]:+25", UrlError::Port),
        ("smtp://h?tls=none&tls=none", UrlError::Parameter),
        ("smtp://h?tls=none&tls=required", UrlError::Parameter),
        ("smtps://h?tls=required&tls=required", UrlError::Parameter),
        ("smtp://h?tls=none&", UrlError::Parameter),
        ("smtp://h?&tls=none", UrlError::Parameter),
        ("smtp://h?", UrlError::Parameter),
        ("smtp://h?TLS=none", UrlError::Parameter),
        ("smtp://h?tls=none?", UrlError::Parameter),
        ("lmtp:///run/lmtp?tls=none", UrlError::Parameter),
        ("lmtp:///run/%", UrlError::Path),
        ("lmtp:///run/%FF", UrlError::Path),
        ("lmtp:///run/%00", UrlError::Path),
        ("smtp://@h", UrlError::Credentials),
        ("smtp://:p@h", UrlError::Credentials),
        ("smtp://u:100%@h", UrlError::Credentials),
        ("smtp://u:%4@h", UrlError::Credentials),
        ("smtp://u:%+4@h", UrlError::Credentials),
        ("smtp://u:%zz@h", UrlError::Credentials),
        ("smtp://u:a b@h", UrlError::Credentials),
        ("smtp://u:a\r\nb@h", UrlError::Credentials),
        ("smtp://u\t:b@h", UrlError::Credentials),
        ("smtp://.", UrlError::Host),
        ("smtp://a..b", UrlError::Host),
        ("smtp://%68", UrlError::Host),
        ("smtp://::1", UrlError::Host),
        ("smtp://2130706433", UrlError::Host),
        ("smtp://0x7f.1", UrlError::Host),
        ("smtp://127.0.1", UrlError::Host),
        ("smtp://127.0.0.01", UrlError::Host),
        ("smtp://127.0.0.256", UrlError::Host),
        ("smtp://[::1%25eth0]", UrlError::Host),
        (" smtp://h", UrlError::Scheme),
        ("smtp:/h", UrlError::Scheme),
        ("smtp:h", UrlError::Scheme),
    ] {
        assert_eq!(parse(text).err(), Some(error), "{text:?}");
    }
    for text in ["smtp://my_host.example.", "smtp://127.0.0.1:25", "smtp://1.example"] {
        assert!(parse(text).is_ok(), "{text}");
    }
}

#[test]
fn an_error_repeats_nothing_of_the_url() {
    for text in [
        "alice:s3cret@host",
        "alice:s3cret@host:25",
        "alice:s3cret@host/x://y",
        "s3cret://host",
        "smtp://alice:s3cret@",
        "smtp://alice:s3cret",
        "smtp://alice:s3cret#@host",
        "smtp://alice:s3cret/@host",
        "smtp://alice:s3cret?@host",
        "smtp://alice:25/s3cret@host",
        "smtp://alice:25?s3cret@host",
        "smtp://alice:s3cret%@host",
        "smtp://alice@s3cret:x@[host",
        "lmtp:///s3cret?",
    ] {
        let error = parse(text).expect_err(text);
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{text}");
    }
}

#[test]
fn users_and_passwords_are_decoded() {
    for (text, expected) in [
        ("smtp://h", None),
        ("smtp://u@h", Some(("u", ""))),
        ("smtp://u:@h", Some(("u", ""))),
        ("smtp://u:p@h", Some(("u", "p"))),
        ("smtp://a@b:p@h", Some(("a@b", "p"))),
        ("smtp://a%40b:%3A%2F%25@h", Some(("a@b", ":/%"))),
    ] {
        assert_eq!(parse(text).ok().as_ref().and_then(Url::credentials), expected, "{text}");
    }
}

#[test]
fn lmtp_may_be_a_unix_socket() {
    let url = parse("lmtp:///run/my%20socket").ok();
    let path = url.as_ref().and_then(Url::path);
    assert_eq!(path, Some(std::path::Path::new("/run/my socket")));
}
