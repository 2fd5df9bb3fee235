//! Facts that the caller declared of the message it is sending, so that a call that contradicts them is refused.

use crate::{
    client::error::{Misuse, Refusal},
    command::Mail,
};

use super::AsEnvelope;

/// The message that is being sent, as it was begun.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::client) struct Declared {
    mail: u64,
    /// The least size of the content: what the envelope declares (RFC 1870).
    size: u64,
    recipients: u32,
    /// Not all octets of the content were taken that were offered last.
    left: bool,
}

impl Declared {
    pub(in crate::client) fn new(mail: &Mail<'_>, recipients: usize) -> Self {
        let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        Self { recipients, mail: fingerprint(mail), size: mail.size().unwrap_or(0), left: false }
    }

    /// Returns whether that envelope may be the one that was begun: sender and number of recipients are compared.
    pub(super) fn is_of(&self, envelope: &(impl AsEnvelope + ?Sized)) -> bool {
        let (count, last) = (self.recipients as usize, self.recipients.saturating_sub(1) as usize);
        fingerprint(&envelope.mail()) == self.mail
            && envelope.recipient(last).is_some()
            && envelope.recipient(count).is_none()
    }

    /// Takes note of how many octets were taken of those offered.
    pub(super) const fn took(&mut self, taken: usize, offered: usize) {
        if offered > 0 {
            self.left = taken < offered;
        }
    }

    /// Checks that all that was offered of the content was taken, and that it is not smaller than declared: `size` is
    /// what it has.
    pub(in crate::client) const fn check_whole(&self, size: u64) -> Result<(), Refusal> {
        if self.left {
            Err(Refusal::Misuse(Misuse::ContentLeft))
        } else if size < self.size {
            Err(Refusal::ContentTooShort { declared: self.size, size })
        } else {
            Ok(())
        }
    }
}

/// Sender and length of the command (FNV-1a): enough to tell a mistake, not an attack.
fn fingerprint(mail: &Mail<'_>) -> u64 {
    let step = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    let hash = mail.from().as_str().bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ mail.max_encoded_len() as u64
}
