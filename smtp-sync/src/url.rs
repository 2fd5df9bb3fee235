//! A server and how to reach it, in one line: `smtps://alice:s3cret@smtp.example.org`.

use core::{fmt, str::FromStr};
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use smtp_proto::{
    client::{Protocol, TlsPolicy},
    hello::EhloName,
};
use zeroize::Zeroizing;

/// A server and how to reach it.
///
/// ```text
/// url    = scheme "://" [user [":" password] "@"] host [":" port] ["/" hello] ["?" tls]
///        / "lmtp://" path                              ; a Unix socket, "lmtp:///run/lmtp"
/// scheme = "smtp" / "smtps" / "lmtp"
/// tls    = "tls=none" / "tls=opportunistic" / "tls=required"
/// ```
///
/// | scheme  | port | TLS unless said otherwise |
/// |---------|------|---------------------------|
/// | `smtp`  | 587  | required, by STARTTLS |
/// | `smtps` | 465  | from the first octet  |
/// | `lmtp`  | 24   | none |
///
/// Users and passwords are percent-encoded where they hold `:`, `@`, `/`, `?`, `#` or `%`.
///
/// ```
/// use smtp_sync::Url;
/// let url: Url = "smtp://alice%40example.org:s3cret@[2001:db8::1]:25/client.example?tls=none".parse()?;
/// assert_eq!((url.host(), url.port()), (Some("2001:db8::1"), 25));
/// assert_eq!(url.credentials(), Some(("alice@example.org", "s3cret")));
/// assert!(!format!("{url:?}").contains("s3cret"));
/// # Ok::<(), smtp_sync::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    place: Place,
    protocol: Protocol,
    tls: TlsPolicy,
    hello: Option<EhloName>,
    user: Option<String>,
    password: Option<Zeroizing<String>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    Tcp(String, u16),
    Unix(PathBuf),
}

impl Url {
    /// The host's name or address, without brackets; `None` for a Unix socket.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match &self.place {
            Place::Tcp(host, _) => Some(host),
            Place::Unix(_) => None,
        }
    }

    /// The port; 0 for a Unix socket.
    #[must_use]
    pub const fn port(&self) -> u16 {
        match &self.place {
            Place::Tcp(_, port) => *port,
            Place::Unix(_) => 0,
        }
    }

    /// The path of a Unix socket, if it is one.
    #[must_use]
    pub fn path(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Tcp(..) => None,
            Place::Unix(path) => Some(path),
        }
    }

    /// What is spoken there.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Whether and how the session is encrypted.
    #[must_use]
    pub const fn tls(&self) -> TlsPolicy {
        self.tls
    }

    /// How the client introduces itself, if the URL says so.
    #[must_use]
    pub const fn hello(&self) -> Option<EhloName> {
        self.hello
    }

    /// User and password, if there is a user; the password is empty where there is none.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &str)> {
        let password = self.password.as_ref().map_or("", |password| password.as_str());
        Some((self.user.as_deref()?, password))
    }
}

impl fmt::Debug for Url {
    /// Shows no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Url")
            .field("place", &self.place)
            .field("protocol", &self.protocol)
            .field("tls", &self.tls)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Why a URL was refused; it says nothing of what the URL holds, which may be secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UrlError {
    /// Neither `smtp://` nor `smtps://` nor `lmtp://`.
    Scheme,
    /// User or password that is no UTF-8 once decoded.
    Credentials,
    /// No host, or one with octets that no host has.
    Host,
    /// No number from 1 to 65535.
    Port,
    /// What stands behind the slash is no name to introduce oneself by.
    Hello,
    /// A parameter that is not known, or a value that it does not have.
    Parameter,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Scheme => "the URL begins with none of smtp://, smtps://, lmtp://",
            UrlError::Credentials => "the user or the password is no UTF-8",
            UrlError::Host => "the URL has no valid host",
            UrlError::Port => "the port is no number from 1 to 65535",
            UrlError::Hello => "the path is no name for EHLO",
            UrlError::Parameter => "the URL has a parameter that is not known",
        })
    }
}

impl core::error::Error for UrlError {}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (protocol, implicit, default_port, rest) = scheme(text)?;
        let tls = match (protocol, implicit) {
            (Protocol::Lmtp, _) => TlsPolicy::None,
            (_, true) => TlsPolicy::Implicit,
            (_, false) => TlsPolicy::Required,
        };
        if protocol == Protocol::Lmtp && rest.starts_with('/') {
            let place = Place::Unix(decode(rest)?.into());
            return Ok(Self { place, protocol, tls, hello: None, user: None, password: None });
        }
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(a, b)| (a, Some(b)));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // A password may hold an `@`; a host does not.
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority),
        };
        let (user, password) = split_credentials(credentials)?;
        Ok(Self {
            place: place_of(place, default_port)?,
            protocol,
            tls: query.map_or(Ok(tls), |query| policy(query, tls))?,
            hello: hello(path)?,
            user,
            password,
        })
    }
}

fn scheme(text: &str) -> Result<(Protocol, bool, u16, &str), UrlError> {
    let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
    match () {
        () if scheme.eq_ignore_ascii_case("smtp") => Ok((Protocol::Smtp, false, 587, rest)),
        () if scheme.eq_ignore_ascii_case("smtps") => Ok((Protocol::Smtp, true, 465, rest)),
        () if scheme.eq_ignore_ascii_case("lmtp") => Ok((Protocol::Lmtp, false, 24, rest)),
        () => Err(UrlError::Scheme),
    }
}

fn decode(text: &str) -> Result<String, UrlError> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| UrlError::Credentials)?;
    Ok(decoded.into_owned())
}

type Credentials = (Option<String>, Option<Zeroizing<String>>);

fn split_credentials(text: Option<&str>) -> Result<Credentials, UrlError> {
    let Some(text) = text else { return Ok((None, None)) };
    match text.split_once(':') {
        Some((user, password)) => {
            Ok((Some(decode(user)?), Some(Zeroizing::new(decode(password)?))))
        }
        None => Ok((Some(decode(text)?), None)),
    }
}

fn place_of(text: &str, default_port: u16) -> Result<Place, UrlError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(literal) => {
            let (host, rest) = literal.split_once(']').ok_or(UrlError::Host)?;
            host.parse::<core::net::Ipv6Addr>().map_err(|_| UrlError::Host)?;
            match rest.strip_prefix(':') {
                None if !rest.is_empty() => return Err(UrlError::Port),
                port => (host, port),
            }
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = match port.map(str::parse) {
        None => default_port,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => return Err(UrlError::Port),
    };
    let is_host = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:".contains(&octet);
    if host.is_empty() || !host.bytes().all(is_host) {
        return Err(UrlError::Host);
    }
    Ok(Place::Tcp(host.to_owned(), port))
}

fn hello(path: &str) -> Result<Option<EhloName>, UrlError> {
    if path.is_empty() {
        return Ok(None);
    }
    EhloName::parse(path).map(Some).map_err(|_| UrlError::Hello)
}

fn policy(query: &str, mut tls: TlsPolicy) -> Result<TlsPolicy, UrlError> {
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        tls = match (parameter, tls) {
            ("tls=required", TlsPolicy::Implicit) => TlsPolicy::Implicit,
            ("tls=required", _) => TlsPolicy::Required,
            // What begins with TLS cannot do without.
            (_, TlsPolicy::Implicit) => return Err(UrlError::Parameter),
            ("tls=none", _) => TlsPolicy::None,
            ("tls=opportunistic", _) => TlsPolicy::Opportunistic,
            _ => return Err(UrlError::Parameter),
        };
    }
    Ok(tls)
}

#[cfg(test)]
mod tests {
    use super::{Protocol, TlsPolicy, Url, UrlError};

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
}
