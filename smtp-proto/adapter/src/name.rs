//! Hosts' names as the network has them.

use std::borrow::Cow;

use smtp_proto::address::DomainName;

/// The host's name in A-labels, where it is beyond ASCII: what is looked up, sent as SNI and verified. Whatever is ASCII, an
/// address among it, stands as it is; so does what is no name, for those who look it up to say so.
#[must_use]
pub fn in_ascii(host: &str) -> Cow<'_, str> {
    if host.is_ascii() {
        return Cow::Borrowed(host);
    }
    DomainName::new(host).map_or(Cow::Borrowed(host), |name| Cow::Owned(name.into()))
}
