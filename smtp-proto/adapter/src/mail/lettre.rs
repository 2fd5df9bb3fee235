//! Messages of `lettre`, which encodes their parts unless its settings turn that off.

use std::collections::HashSet;

use lettre::Message;
use smtp_proto::envelope::Envelope;

use super::{
    Mail, MailError,
    header::{is_folded_text, is_name},
};

/// The envelope of `lettre` is taken as it is: it has the recipients of Bcc, the content has not. A field that would not
/// stay on its line is refused.
impl TryFrom<&Message> for Mail {
    type Error = MailError;

    fn try_from(message: &Message) -> Result<Self, MailError> {
        check(message)?;
        let from = message.envelope().from().map(AsRef::<str>::as_ref);
        let mut envelope = Envelope::new(from.unwrap_or_default())?;
        for to in message.envelope().to() {
            envelope.push(to.as_ref())?;
        }
        Ok(Self::new(envelope, message.formatted()))
    }
}

/// Reads what is written back: each field has to be one of the message's, and there once. One that has come out of the name
/// or the value of another is not.
fn check(message: &Message) -> Result<(), MailError> {
    let (written, mut seen) = (message.headers().to_string(), HashSet::new());
    for field in fields(&written) {
        let (name, value) = field.split_once(':').unwrap_or((field, ""));
        let is_own = is_name(name) && message.headers().get_raw(name).is_some();
        if !is_own || !is_folded_text(value) || !seen.insert(name.to_ascii_lowercase()) {
            return Err(MailError::Header(name.to_owned()));
        }
    }
    Ok(())
}

/// Cuts before each line that folds no other.
fn fields(written: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(written.strip_suffix("\r\n").unwrap_or(written));
    core::iter::from_fn(move || {
        let text = rest?;
        let ends = text.match_indices("\r\n").map(|(at, _)| at);
        let end = ends.into_iter().find(|at| !text[at + 2..].starts_with([' ', '\t']));
        let (field, behind) = end.map_or((text, None), |at| (&text[..at], Some(&text[at + 2..])));
        rest = behind;
        Some(field)
    })
}
