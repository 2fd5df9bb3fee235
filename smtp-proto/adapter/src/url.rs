//! A server and how to reach it, in one line: `smtps://alice:s3cret@smtp.example.org`.

use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use smtp_proto::{
    address::DomainName,
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
/// Users and passwords are percent-encoded where they hold `:`, `@`, `/`, `?`, `#`, `%`, blanks or
/// controls, paths of sockets where they hold `?`, `#` or `%`. A parameter stands once.
///
/// ```
/// use smtp_adapter::Url;
/// let url: Url = "smtp://alice%40example.org:s3cret@[2001:db8::1]:25/client.example?tls=none".parse()?;
/// assert_eq!((url.host(), url.port()), (Some("2001:db8::1"), 25));
/// assert_eq!(url.credentials(), Some(("alice@example.org", "s3cret")));
/// assert!(!format!("{url:?}").contains("s3cret"));
/// # Ok::<(), smtp_adapter::UrlError>(())
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

    /// Returns the protocol of the server.
    #[must_use]
    pub const fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Returns the TLS policy: whether and how the session is encrypted.
    #[must_use]
    pub const fn tls(&self) -> TlsPolicy {
        self.tls
    }

    /// Returns the name that the client gives in `EHLO`, if the URL contains one.
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

/// The reason why a URL was refused. It contains no part of the URL, which may hold a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum UrlError {
    /// Neither `smtp://` nor `smtps://` nor `lmtp://`.
    Scheme,
    /// A `#`: part of a password that is not percent-encoded, or a fragment, which no server has.
    Fragment,
    /// An empty user, or a user or password that has blanks or controls, a `%` without two digits, or is
    /// not UTF-8 once decoded.
    Credentials,
    /// A path of a socket that is not percent-encoded UTF-8, or holds a NUL.
    Path,
    /// No host, or one with octets that no host has.
    Host,
    /// A port that is not a number from 1 to 65535, in digits alone.
    Port,
    /// The text after the slash is not a valid name for `EHLO`.
    Hello,
    /// A parameter that is not known, is there twice or is empty, or a value that it does not have.
    Parameter,
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UrlError::Scheme => "the URL begins with none of smtp://, smtps://, lmtp://",
            UrlError::Fragment => "the URL has a #, which is written %23 in users and passwords",
            UrlError::Credentials => {
                "the user is missing, or user or password is no percent-encoded UTF-8"
            }
            UrlError::Path => "the path of the socket is not percent-encoded",
            UrlError::Host => "the URL has no valid host",
            UrlError::Port => "the port is no number from 1 to 65535",
            UrlError::Hello => "the path is no name for EHLO",
            UrlError::Parameter => "the URL has a parameter that is not known, or one twice",
        })
    }
}

impl core::error::Error for UrlError {}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let (protocol, implicit, default_port, rest) = scheme(text)?;
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let tls = match (protocol, implicit) {
            (Protocol::Lmtp, _) => TlsPolicy::None,
            (_, true) => TlsPolicy::Implicit,
            (_, false) => TlsPolicy::Required,
        };
        if protocol == Protocol::Lmtp && rest.starts_with('/') {
            let place = Place::Unix(socket(rest)?);
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

/// Decodes percent-encoding; `None` if a `%` lacks its two digits, or if the result is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let encoded = |rest: &str| {
        rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !text.split('%').skip(1).all(encoded) {
        return None;
    }
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

/// The path of a socket. `?` is refused: a parameter behind the path is not part of a file's name.
fn socket(path: &str) -> Result<PathBuf, UrlError> {
    if path.contains('?') {
        return Err(UrlError::Parameter);
    }
    let path = decode(path).filter(|path| !path.contains('\0'));
    path.map(PathBuf::from).ok_or(UrlError::Path)
}

type Credentials = (Option<String>, Option<Zeroizing<String>>);

fn split_credentials(text: Option<&str>) -> Result<Credentials, UrlError> {
    let Some(text) = text else { return Ok((None, None)) };
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(Zeroizing::new(credential(password)?))),
        None => (text, None),
    };
    let user = credential(user)?;
    if user.is_empty() { Err(UrlError::Credentials) } else { Ok((Some(user), password)) }
}

fn credential(text: &str) -> Result<String, UrlError> {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    decode(text).filter(|_| !text.contains(blank)).ok_or(UrlError::Credentials)
}

fn place_of(text: &str, default_port: u16) -> Result<Place, UrlError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(literal) => {
            let (host, rest) = literal.split_once(']').ok_or(UrlError::Host)?;
            host.parse::<Ipv6Addr>().map_err(|_| UrlError::Host)?;
            match rest.strip_prefix(':') {
                None if !rest.is_empty() => return Err(UrlError::Port),
                port => (host.to_owned(), port),
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host_of(host)?, Some(port)),
            None => (host_of(text)?, None),
        },
    };
    Ok(Place::Tcp(host, port.map_or(Ok(default_port), port_of)?))
}

/// A host name as it stands, or its A-labels. A name that ends in a number has to be an IPv4 address in
/// its usual form: the system's resolver would read `0x7f.1` and `2130706433` as addresses.
fn host_of(text: &str) -> Result<String, UrlError> {
    let name = DomainName::new(text).map_err(|_| UrlError::Host)?;
    let last = name.as_str().rsplit('.').next().unwrap_or_default();
    let numeric = last.starts_with("0x") || last.bytes().all(|octet| octet.is_ascii_digit());
    if numeric && text.parse::<Ipv4Addr>().is_err() {
        return Err(UrlError::Host);
    }
    Ok(if text.is_ascii() { text.to_owned() } else { name.into() })
}

/// A port in digits alone: `parse` would accept a sign.
fn port_of(text: &str) -> Result<u16, UrlError> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    let port = text.parse().ok().filter(|&port| digits && port > 0);
    port.ok_or(UrlError::Port)
}

fn hello(path: &str) -> Result<Option<EhloName>, UrlError> {
    if path.is_empty() {
        return Ok(None);
    }
    EhloName::parse(path).map(Some).map_err(|_| UrlError::Hello)
}

/// The TLS policy of a query, which is one parameter.
fn policy(query: &str, tls: TlsPolicy) -> Result<TlsPolicy, UrlError> {
    match (query, tls) {
        ("tls=required", TlsPolicy::Implicit) => Ok(TlsPolicy::Implicit),
        ("tls=required", _) => Ok(TlsPolicy::Required),
        // What begins with TLS cannot do without.
        (_, TlsPolicy::Implicit) => Err(UrlError::Parameter),
        ("tls=none", _) => Ok(TlsPolicy::None),
        ("tls=opportunistic", _) => Ok(TlsPolicy::Opportunistic),
        _ => Err(UrlError::Parameter),
    }
}
