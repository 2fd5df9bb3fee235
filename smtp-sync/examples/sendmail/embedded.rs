//! The server that takes the message when no other is named.

/// The server named, or an embedded one on loopback.
pub(crate) fn unless(named: Option<String>) -> Result<String, String> {
    named.ok_or_else(|| "no server: give --server HOST:PORT or set $SMTP_SERVER".to_owned())
}
