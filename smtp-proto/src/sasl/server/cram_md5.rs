//! The response of a client to a `CRAM-MD5` challenge (RFC 2195).

use core::{fmt, str};

use hmac::Mac;
use md5::Md5;

use crate::{hex, sasl::hash::keyed};

/// The response of a client to a `CRAM-MD5` challenge: a user name and a digest.
///
/// ```
/// use smtp_proto::sasl::server::CramMd5Response;
/// // RFC 2195 2.
/// let response = CramMd5Response::parse(b"tim b913a602c7eda7a495b4e6e7334d3890").unwrap();
/// let challenge = b"<1896.697170952@postoffice.reston.mci.net>";
/// assert_eq!(response.user(), "tim");
/// assert!(response.is_right(challenge, "tanstaaftanstaaf"));
/// assert!(!response.is_right(challenge, "another password"));
/// ```
#[derive(Clone, Copy)]
pub struct CramMd5Response<'a> {
    user: &'a str,
    digest: [u8; 16],
}

impl<'a> CramMd5Response<'a> {
    /// Parses `user SP 32HEXDIG`. Returns `None` if it is anything else.
    #[must_use]
    pub fn parse(octets: &'a [u8]) -> Option<Self> {
        let (user, text) = str::from_utf8(octets).ok()?.rsplit_once(' ')?;
        let mut digest = [0; 16];
        if user.is_empty() || text.len() != 2 * digest.len() {
            return None;
        }
        for (octet, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
            *octet = hex::octet(pair)?;
        }
        Some(Self { user, digest })
    }

    /// The user name that the client claims.
    #[must_use]
    pub const fn user(&self) -> &'a str {
        self.user
    }

    /// Returns whether the client knows the password. Compares in constant time. Use each challenge once; an empty
    /// one is always wrong.
    #[must_use]
    pub fn is_right(&self, challenge: &[u8], password: &str) -> bool {
        let mac = keyed::<Md5>(password.as_bytes()).chain_update(challenge);
        !challenge.is_empty() && mac.verify_slice(&self.digest).is_ok()
    }
}

impl fmt::Debug for CramMd5Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CramMd5Response").field("user", &self.user).finish_non_exhaustive()
    }
}
