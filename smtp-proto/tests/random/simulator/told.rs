//! What was said of a transaction, and what follows from it for each recipient.

use smtp_proto::client::Status;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Recipient {
    pub(super) reply: Option<u16>,
    pub(super) verdict: Option<u16>,
}

/// What was said of one transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) message: usize,
    /// What has to be on the wire: lines in chunks, lines with dots doubled behind DATA.
    pub(super) content: Vec<u8>,
    pub(super) stuffed: Vec<u8>,
    pub(super) mail: Option<u16>,
    pub(super) recipients: Vec<Recipient>,
    pub(super) data: Option<u16>,
    /// Octets of its content that have left in chunks.
    pub(super) chunked: usize,
    /// The end of its content has left.
    pub(super) handed_over: bool,
    /// While it was open, something was said that cannot have been a reply to what was asked.
    pub(super) shifted: bool,
    /// That was said right behind it: its refusals are in doubt unless they were told before.
    pub(super) doubted: bool,
}

pub(super) const fn is_yes(reply: Option<u16>) -> bool {
    matches!(reply, Some(200..=299))
}

pub(super) const fn is_no(reply: Option<u16>) -> bool {
    matches!(reply, Some(400..))
}

impl Told {
    pub(super) fn is_wanted(&self) -> bool {
        is_yes(self.mail) && self.recipients.iter().any(|recipient| is_yes(recipient.reply))
    }

    /// Recipients who were accepted and have no verdict.
    pub(super) fn waiting(&mut self) -> impl Iterator<Item = &mut Recipient> {
        self.recipients
            .iter_mut()
            .filter(|recipient| is_yes(recipient.reply) && recipient.verdict.is_none())
    }

    /// Whether all is said of it that the client waits for, where nothing is asked: `count` are its recipients.
    pub(super) fn is_complete(&self, count: usize) -> bool {
        let answered = self.recipients.len() == count
            && self.recipients.iter().all(|recipient| recipient.reply.is_some());
        let go_ahead = self.data == Some(354);
        is_no(self.mail)
            || is_no(self.data)
            || self.handed_over
            || (!self.is_wanted() && (answered || go_ahead))
    }

    /// What has become of this recipient, when the session has ended or all is answered.
    pub(super) fn status(&self, recipient: usize) -> Status {
        let in_doubt = if self.handed_over { Status::Unknown } else { Status::NotAttempted };
        // What was refused may have been somebody else (C87), unless a 354 has shown that all was in step. What was
        // accepted stands (D34).
        let is_accepted = self.recipients.get(recipient).is_some_and(|to| is_yes(to.verdict));
        if self.shifted && !is_accepted && self.data != Some(354) {
            return in_doubt;
        }
        let Recipient { reply, verdict } =
            self.recipients.get(recipient).copied().unwrap_or_default();
        let refusal = [self.mail, reply, self.data].into_iter().find(|&said| is_no(said));
        let verdict = verdict.filter(|code| code / 100 != 3);
        match refusal.flatten().or(verdict) {
            Some(400..=499) => Status::Deferred,
            Some(500..) => Status::Rejected,
            Some(_) if is_yes(reply) => Status::Accepted,
            _ => in_doubt,
        }
    }
}
