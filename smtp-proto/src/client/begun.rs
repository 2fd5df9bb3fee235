//! What the caller has said of the message that it is handing over, to hold it to that.

use crate::command::Mail;

use super::{
    AsEnvelope,
    error::{Misuse, Refusal},
};

/// The message that is being handed over, as it was begun.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Begun {
    recipients: usize,
    mail: u64,
    /// The size that the envelope declares (RFC 1870).
    size: Option<u64>,
    /// Octets of the content that [`take`](Self::took) was offered last and did not take.
    left: usize,
}

impl Begun {
    pub(super) fn new(mail: &Mail<'_>, recipients: usize) -> Self {
        Self { recipients, mail: fingerprint(mail), size: mail.size(), left: 0 }
    }

    /// Whether that envelope may be the one that was begun, at a glance.
    pub(super) fn is_of(&self, envelope: &(impl AsEnvelope + ?Sized)) -> bool {
        let last = self.recipients.saturating_sub(1);
        fingerprint(&envelope.mail()) == self.mail
            && envelope.recipient(last).is_some()
            && envelope.recipient(self.recipients).is_none()
    }

    /// So many octets were taken of those offered.
    pub(super) const fn took(&mut self, taken: usize, offered: usize) {
        if offered > 0 {
            self.left = offered - taken;
        }
    }

    /// Checks that all that was offered of the content was taken, and that it is not smaller than declared: `size` is
    /// what it has.
    pub(super) const fn check_whole(&self, size: u64) -> Result<(), Refusal> {
        match self.size {
            _ if self.left > 0 => Err(Refusal::Misuse(Misuse::ContentLeft)),
            Some(declared) if size < declared => Err(Refusal::ContentTooShort { declared, size }),
            _ => Ok(()),
        }
    }
}

/// Sender and length of the command (FNV-1a): enough to tell a mistake, not an attack.
fn fingerprint(mail: &Mail<'_>) -> u64 {
    let step = |hash: u64, octet: u8| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
    let hash = mail.from().as_str().bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ mail.max_encoded_len() as u64
}
