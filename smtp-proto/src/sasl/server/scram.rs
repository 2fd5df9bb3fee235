//! The server's side of SCRAM (RFC 5802).

use core::{
    fmt::{self, Write},
    str,
};

use crate::sasl::{
    scram::{
        ChannelBinding, Hash, Nonce, SaltedPassword, ServerError, Signing, Tag, attribute,
        check_extensions, digest, exclusive_or, read_tag, to_tag,
    },
    text::{SaslName, Sink, push_base64},
};

/// What a server keeps of a password, for one salt and number of iterations (RFC 5802 3).
///
/// Whoever has it can play the server, and guess passwords, but cannot log in. It is wiped when
/// dropped.
pub struct Secrets<H: Hash> {
    stored_key: Tag<H>,
    server_key: Tag<H>,
}

impl<H: Hash> Secrets<H> {
    /// Hashes a password. `salt` is random, and an account's own.
    #[must_use]
    pub fn from_password(password: &str, salt: &[u8], iterations: u32) -> Self {
        let mut salted = SaltedPassword::<H>::new(password);
        salted.salt(salt);
        let keys = salted.finish(iterations);
        Self { stored_key: keys.stored(), server_key: keys.server }
    }

    /// What was kept: `StoredKey` and `ServerKey`; `None` when they have not the hash's length.
    #[must_use]
    pub fn from_keys(stored_key: &[u8], server_key: &[u8]) -> Option<Self> {
        Some(Self { stored_key: to_tag::<H>(stored_key)?, server_key: to_tag::<H>(server_key)? })
    }

    /// `StoredKey`, to be kept.
    #[must_use]
    pub fn stored_key(&self) -> &[u8] {
        self.stored_key.as_bytes()
    }

    /// `ServerKey`, to be kept.
    #[must_use]
    pub fn server_key(&self) -> &[u8] {
        self.server_key.as_bytes()
    }
}

/// What a server keeps of an account for SCRAM.
#[derive(Clone, Copy, Debug)]
pub struct Account<'a, H: Hash> {
    secrets: &'a Secrets<H>,
    salt: &'a [u8],
    iterations: u32,
}

impl<'a, H: Hash> Account<'a, H> {
    /// Secrets, and the salt and iterations that they were made with.
    ///
    /// For a user that does not exist, an account that is the same each time keeps that from being
    /// seen.
    #[must_use]
    pub const fn new(secrets: &'a Secrets<H>, salt: &'a [u8], iterations: u32) -> Self {
        Self { secrets, salt, iterations }
    }
}

impl<H: Hash> fmt::Debug for Secrets<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(***)")
    }
}

/// What the client says about channel binding (`gs2-cbind-flag`, RFC 5802 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientBinding<'a> {
    /// It cannot.
    Unsupported,
    /// It could, and believes that the server cannot.
    Unoffered,
    /// It does, in the way of this name: `tls-exporter`, ...
    Bound(&'a str),
}

/// What the server knows about channel binding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerBinding<'a> {
    /// It offers no `-PLUS` mechanism.
    Unsupported,
    /// It offers `-PLUS`, but the client chose the mechanism without.
    NotChosen,
    /// The client chose `-PLUS`; this is the session's binding of the name that the client gives.
    Bound(ChannelBinding<'a>),
}

impl ServerBinding<'_> {
    /// Holds what the client says against it (RFC 5802 6).
    fn check(&self, client: ClientBinding<'_>) -> Result<(), ServerError> {
        match (self, client) {
            (Self::Bound(ours), ClientBinding::Bound(name)) if ours.name() == name => Ok(()),
            (Self::Bound(_), ClientBinding::Bound(_)) => {
                Err(ServerError::UnsupportedChannelBindingType)
            }
            (Self::NotChosen, ClientBinding::Unoffered) => {
                Err(ServerError::ServerDoesSupportChannelBinding)
            }
            (_, ClientBinding::Bound(_)) => Err(ServerError::ChannelBindingNotSupported),
            (Self::Bound(_), _) => Err(ServerError::ChannelBindingsDontMatch),
            _ => Ok(()),
        }
    }

    const fn data(&self) -> &[u8] {
        match self {
            Self::Bound(channel) => channel.data(),
            _ => &[],
        }
    }
}

/// A client's first message.
#[derive(Clone, Copy, Debug)]
pub struct ClientFirst<'a> {
    binding: ClientBinding<'a>,
    authorization: Option<SaslName<'a>>,
    user: SaslName<'a>,
    nonce: &'a str,
    header: &'a str,
    bare: &'a str,
}

impl<'a> ClientFirst<'a> {
    /// Reads `client-first-message` (RFC 5802 7).
    ///
    /// # Errors
    /// What is to be said behind `e=`, or by a 535 alone.
    pub fn parse(octets: &'a [u8]) -> Result<Self, ServerError> {
        let text = str::from_utf8(octets).map_err(|_| ServerError::InvalidEncoding)?;
        let (flag, rest) = text.split_once(',').ok_or(ServerError::InvalidEncoding)?;
        let (identity, bare) = rest.split_once(',').ok_or(ServerError::InvalidEncoding)?;
        let mut attributes = bare.split(',');
        let user = required(attributes.next(), "n=")?;
        let nonce = required(attributes.next(), "r=")?;
        check_extensions(attributes).map_err(|_| ServerError::ExtensionsNotSupported)?;
        let authorization = match identity {
            "" => None,
            identity => Some(name(required(Some(identity), "a=")?)?),
        };
        Nonce::new(nonce).map_err(|_| ServerError::InvalidEncoding)?;
        let header = &text[..text.len() - bare.len()];
        let (binding, user) = (read_flag(flag)?, name(user)?);
        Ok(Self { binding, authorization, user, nonce, header, bare })
    }

    /// Who the client says it is.
    #[must_use]
    pub const fn user(&self) -> SaslName<'a> {
        self.user
    }

    /// Who the client wants to act as, if that is somebody else. Whether it may is the caller's to
    /// decide.
    #[must_use]
    pub const fn authorization(&self) -> Option<SaslName<'a>> {
        self.authorization
    }

    /// What the client says about channel binding.
    #[must_use]
    pub const fn binding(&self) -> ClientBinding<'a> {
        self.binding
    }
}

fn required<'a>(text: Option<&'a str>, key: &str) -> Result<&'a str, ServerError> {
    match text {
        Some(text) if text.starts_with("m=") => Err(ServerError::ExtensionsNotSupported),
        Some(text) => attribute(text, key).ok_or(ServerError::InvalidEncoding),
        None => Err(ServerError::InvalidEncoding),
    }
}

fn name(text: &str) -> Result<SaslName<'_>, ServerError> {
    SaslName::parse(text).ok_or(ServerError::InvalidUsernameEncoding)
}

/// `gs2-cbind-flag = ("p=" cb-name) / "n" / "y"`.
fn read_flag(flag: &str) -> Result<ClientBinding<'_>, ServerError> {
    match flag {
        "n" => Ok(ClientBinding::Unsupported),
        "y" => Ok(ClientBinding::Unoffered),
        _ => {
            let name = attribute(flag, "p=").ok_or(ServerError::InvalidEncoding)?;
            Ok(ClientBinding::Bound(name))
        }
    }
}

/// An exchange that waits for the client's proof. Of the messages it keeps hashes only.
///
/// ```
/// use smtp_proto::sasl::{Nonce, scram::Sha256};
/// use smtp_proto::sasl::server::{Account, ClientFirst, ScramServer, Secrets, ServerBinding};
/// // RFC 7677 3; the salt and what comes of the password are the account's.
/// let salt = [91, 109, 153, 104, 157, 18, 53, 142, 236, 160, 75, 20, 18, 54, 250, 129];
/// let secrets = Secrets::<Sha256>::from_password("pencil", &salt, 4096);
/// let first = ClientFirst::parse(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO").unwrap();
/// assert!(first.user().matches("user"));
///
/// let nonce = Nonce::new("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0").unwrap();
/// let mut challenge = String::new();
/// let account = Account::new(&secrets, &salt, 4096);
/// let binding = ServerBinding::Unsupported;
/// let server = ScramServer::start(&first, &account, &nonce, binding, &mut challenge).unwrap();
/// assert_eq!(
///     challenge,
///     "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
/// );
///
/// let last = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
///     p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
/// let mut challenge = String::new();
/// server.finish(last, &mut challenge).unwrap();
/// assert_eq!(challenge, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
/// ```
pub struct ScramServer<H: Hash> {
    stored_key: Tag<H>,
    /// Has taken both first messages.
    signing: Signing<H>,
    /// Hashes of what the client has to say behind `c=` and `r=`.
    binding: Tag<H>,
    nonce: Tag<H>,
}

impl<H: Hash> ScramServer<H> {
    /// Answers the client's first message: writes `server-first-message`, which goes into a 334.
    ///
    /// `nonce` is random and new. `out` has to take all; a `String` does.
    ///
    /// # Errors
    /// What is to be said behind `e=`, or by a 535 alone; [`ServerError::NoResources`] when `out`
    /// fails.
    pub fn start(
        first: &ClientFirst<'_>,
        account: &Account<'_, H>,
        nonce: &Nonce,
        binding: ServerBinding<'_>,
        out: &mut dyn Write,
    ) -> Result<Self, ServerError> {
        binding.check(first.binding)?;
        let mut signing = Signing::new(&account.secrets.stored_key, &account.secrets.server_key);
        signing.update(first.bare.as_bytes());
        signing.update(b",");
        let mut challenge = Tee { signing: &mut signing, out };
        write_first(&mut challenge, first.nonce, nonce, account).map_err(unwritten)?;
        signing.update(b",");
        Ok(Self {
            stored_key: account.secrets.stored_key.as_bytes().into(),
            signing,
            binding: digest_binding::<H>(first.header, binding.data()),
            nonce: digest::<H>(|sink| {
                sink(first.nonce.as_bytes());
                sink(nonce.as_str().as_bytes());
            }),
        })
    }

    /// Checks the client's last message: writes `server-final-message`, which goes into a 334 that
    /// is answered with an empty line; then 235. Compares in constant time.
    ///
    /// # Errors
    /// What is to be said behind `e=`, or by a 535 alone; the client is not who it says it is.
    /// [`ServerError::NoResources`] when `out` fails.
    pub fn finish(mut self, message: &[u8], out: &mut dyn Write) -> Result<(), ServerError> {
        let text = str::from_utf8(message).map_err(|_| ServerError::InvalidEncoding)?;
        let (unproved, proof) = text.rsplit_once(",p=").ok_or(ServerError::InvalidEncoding)?;
        let mut attributes = unproved.split(',');
        let binding = required(attributes.next(), "c=")?;
        let nonce = required(attributes.next(), "r=")?;
        check_extensions(attributes).map_err(|_| ServerError::ExtensionsNotSupported)?;
        if digest::<H>(|sink| sink(binding.as_bytes())) != self.binding {
            return Err(ServerError::ChannelBindingsDontMatch);
        }
        if digest::<H>(|sink| sink(nonce.as_bytes())) != self.nonce {
            return Err(ServerError::Other);
        }
        self.signing.update(unproved.as_bytes());
        let signatures = self.signing.finish();
        let proof = read_tag::<H>(proof).ok_or(ServerError::InvalidProof)?;
        let client_key = exclusive_or::<H>(&proof, &signatures.client);
        if digest::<H>(|sink| sink(client_key.as_bytes())) != self.stored_key {
            return Err(ServerError::InvalidProof);
        }
        let verifier = out.write_str("v=");
        let written = verifier.and_then(|()| write_base64(out, signatures.server.as_bytes()));
        written.map_err(unwritten)
    }
}

/// The digest of `base64(gs2-header [cbind-data])`.
fn digest_binding<H: Hash>(header: &str, data: &[u8]) -> Tag<H> {
    digest::<H>(|sink| {
        let message = |sink: &mut Sink<'_>| {
            sink(header.as_bytes());
            sink(data);
        };
        push_base64(message, sink);
    })
}

/// `server-first-message = nonce "," salt "," iteration-count`.
fn write_first<H: Hash>(
    out: &mut dyn Write,
    client_nonce: &str,
    nonce: &Nonce,
    account: &Account<'_, H>,
) -> fmt::Result {
    write!(out, "r={client_nonce}{},s=", nonce.as_str())?;
    write_base64(out, account.salt)?;
    write!(out, ",i={}", account.iterations)
}

const fn unwritten(_: fmt::Error) -> ServerError {
    ServerError::NoResources
}

/// Writes a message and signs it.
struct Tee<'a, H: Hash> {
    signing: &'a mut Signing<H>,
    out: &'a mut dyn Write,
}

impl<H: Hash> Write for Tee<'_, H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.signing.update(text.as_bytes());
        self.out.write_str(text)
    }
}

fn write_base64(out: &mut dyn Write, octets: &[u8]) -> fmt::Result {
    let mut result = Ok(());
    push_base64(|sink| sink(octets), &mut |piece| {
        let text = str::from_utf8(piece).map_err(|_| fmt::Error);
        result = result.and_then(|()| out.write_str(text?));
    });
    result
}

impl<H: Hash> fmt::Debug for ScramServer<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScramServer(***)")
    }
}
