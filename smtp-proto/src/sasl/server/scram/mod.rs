//! SCRAM, server side: the messages of both sides (RFC 5802).

mod account;
mod binding;
mod first;

use core::{
    fmt::{self, Write},
    str,
};

use crate::sasl::{
    base64::push_base64,
    scram::{Hash, Nonce, ServerError, Signing, Tag, digest, exclusive_or, read_tag},
    text::Sink,
};

use self::first::{ignore_extensions, required};
pub use self::{
    account::{Account, Secrets},
    binding::{ClientBinding, ServerBinding},
    first::ClientFirst,
};

/// A SCRAM exchange that waits for the proof of the client.
///
/// Use it with stored [`Secrets`]; a server that can look up passwords uses `ScramExchange`. It keeps only hashes of
/// the messages.
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
    /// Has signed both first messages.
    signing: Signing<H>,
    /// The hash of the text that the client has to send after `c=`.
    binding: Tag<H>,
    nonce: Tag<H>,
}

impl<H: Hash> ScramServer<H> {
    /// Handles the first message of the client: writes `server-first-message`, which has to be sent in a 334 reply.
    ///
    /// `nonce` has to be random and new. `out` has to accept all of the message, as a `String` does.
    ///
    /// # Errors
    /// [`ServerError`], which the server can send after `e=`, or replace by a 535 alone. It is
    /// [`ServerError::NoResources`] if `out` fails.
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

    /// Checks the last message of the client: writes `server-final-message`, which has to be sent in a 334 reply. The
    /// client responds with an empty line, and 235 follows. Compares in constant time.
    ///
    /// # Errors
    /// [`ServerError`] if the client has not proved that it knows the password; the server can send it after `e=`, or
    /// replace it by a 535 alone. It is [`ServerError::NoResources`] if `out` fails.
    pub fn finish(mut self, message: &[u8], out: &mut dyn Write) -> Result<(), ServerError> {
        let text = str::from_utf8(message).map_err(|_| ServerError::InvalidEncoding)?;
        let (unproved, proof) = text.rsplit_once(",p=").ok_or(ServerError::InvalidEncoding)?;
        let mut attributes = unproved.split(',');
        let binding = required(attributes.next(), "c=")?;
        let nonce = required(attributes.next(), "r=")?;
        ignore_extensions(attributes)?;
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

/// The hash of `base64(gs2-header [cbind-data])`.
fn digest_binding<H: Hash>(header: &str, data: &[u8]) -> Tag<H> {
    digest::<H>(|sink| {
        let message = |sink: &mut Sink<'_>| {
            sink(header.as_bytes());
            sink(data);
        };
        push_base64(message, sink);
    })
}

/// Writes `server-first-message = nonce "," salt "," iteration-count`.
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

/// Writes a message, and signs it.
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
