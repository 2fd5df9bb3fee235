//! One message: the replies about it, and the truth about each recipient that follows.

use smtp_proto::client::{End, Phase, Retry, Status};

/// The replies about one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Recipient {
    /// The code of the reply to RCPT.
    pub reply: Option<u16>,
    /// The code of the reply to the content: the same for all with SMTP, one for each with LMTP.
    pub verdict: Option<u16>,
}

/// The facts about one message that the wire has shown.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Evidence {
    /// The code of the reply to MAIL.
    pub mail: Option<u16>,
    /// The recipients whose RCPT has left.
    pub recipients: Vec<Recipient>,
    /// The code of the reply to DATA, or of one to a chunk that decides nothing.
    pub data: Option<u16>,
    /// The content and its end have left whole.
    pub is_sent: bool,
    /// While the message was open, a reply came that cannot have been one to what was asked (C87).
    pub is_shifted: bool,
    /// Such a reply came right behind the message: its refusals are in doubt unless they were taken before.
    pub is_doubted: bool,
}

/// The truth about one recipient.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Truth {
    /// The server took the message.
    Accepted,
    /// The server refused it for good (5yz).
    RefusedForGood,
    /// The server refused it for now (4yz).
    RefusedForNow,
    /// The content left whole, and no reply to it came.
    Unknown,
    /// The content did not leave whole, and nothing was refused.
    NotAttempted,
}

/// The end of a session, as far as it changes the advice.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Ending {
    /// The session goes on.
    None,
    /// It ended while the reply to this message's MAIL was awaited.
    AtMail,
    /// It ended since the content cannot be sent.
    BadContent,
    /// It ended for any other reason.
    Elsewhere,
}

/// Returns whether the code is 2yz.
pub(super) const fn is_yes(reply: Option<u16>) -> bool {
    matches!(reply, Some(200..=299))
}

/// Returns whether the code is 4yz or 5yz.
pub(super) const fn is_no(reply: Option<u16>) -> bool {
    matches!(reply, Some(400..))
}

impl Evidence {
    /// Returns whether MAIL and at least one RCPT were accepted.
    pub fn is_wanted(&self) -> bool {
        is_yes(self.mail) && self.recipients.iter().any(|recipient| is_yes(recipient.reply))
    }

    /// Returns whether every RCPT that has left has a reply.
    pub fn is_answered(&self) -> bool {
        self.recipients.iter().all(|recipient| recipient.reply.is_some())
    }

    /// Recipients that were accepted and have no verdict.
    pub(super) fn waiting(&mut self) -> impl Iterator<Item = &mut Recipient> {
        self.recipients
            .iter_mut()
            .filter(|recipient| is_yes(recipient.reply) && recipient.verdict.is_none())
    }

    /// Returns whether every reply has come that the client waits for where no command is unanswered; `count` is the
    /// number of recipients of the envelope.
    pub(super) fn is_complete(&self, count: usize) -> bool {
        let answered = self.recipients.len() == count && self.is_answered();
        is_no(self.mail)
            || is_no(self.data)
            || self.is_sent
            || (!self.is_wanted() && (answered || self.data == Some(354)))
    }

    /// The truth about the recipient at this place of the envelope, once its session or its transaction has ended.
    pub fn truth(&self, recipient: usize) -> Truth {
        let open = if self.is_sent { Truth::Unknown } else { Truth::NotAttempted };
        let Recipient { reply, verdict } =
            self.recipients.get(recipient).copied().unwrap_or_default();
        // What was refused may have been somebody else (C87), unless a 354 has shown that all was in step. What was
        // accepted stands (D34).
        if self.is_shifted && !is_yes(verdict) && self.data != Some(354) {
            return open;
        }
        let refusal = [self.mail, reply, self.data].into_iter().find(|&code| is_no(code));
        match refusal.unwrap_or(verdict) {
            Some(400..=499) => Truth::RefusedForNow,
            Some(500..) => Truth::RefusedForGood,
            Some(200..=299) if is_yes(reply) => Truth::Accepted,
            _ => open,
        }
    }

    /// The truth about each of the `count` recipients of the envelope.
    pub fn truths(&self, count: usize) -> Vec<Truth> {
        (0..count).map(|recipient| self.truth(recipient)).collect()
    }

    /// The truths that may stand in place of [`truths`](Self::truths), where the refusals were not taken in time.
    pub fn doubtful_truths(&self, count: usize) -> Option<Vec<Truth>> {
        let shifted = Self { is_shifted: true, ..self.clone() };
        self.is_doubted.then(|| shifted.truths(count))
    }

    /// Returns whether a client may claim this that has read no more than what is known here, and perhaps less: a
    /// refusal or an acceptance is in the replies, and where there is none, the content has left whole or it has not.
    pub fn bears(&self, recipient: usize, claim: Truth) -> bool {
        match claim {
            Truth::Unknown => self.is_sent,
            Truth::NotAttempted => !self.is_sent,
            Truth::Accepted | Truth::RefusedForGood | Truth::RefusedForNow => {
                // A proof that replies are out of step may have come later.
                let unshifted = Self { is_shifted: false, ..self.clone() };
                unshifted.truth(recipient) == claim
            }
        }
    }

    /// Returns whether this advice may be given on a recipient of whom this is true (D33).
    pub fn allows(&self, truth: Truth, advice: Option<Retry>, ending: Ending) -> bool {
        let soon = matches!(advice, Some(Retry::NewConnectionNow | Retry::Later));
        match truth {
            Truth::Accepted => advice.is_none(),
            Truth::RefusedForGood => advice == Some(Retry::Never),
            Truth::RefusedForNow => soon || advice == Some(Retry::SameConnection),
            Truth::Unknown => advice == Some(Retry::MayDuplicate),
            Truth::NotAttempted => match ending {
                Ending::None => false,
                Ending::BadContent => soon || advice == Some(Retry::Never),
                // Nothing was said of the message: it is none the worse for what ended the session.
                Ending::Elsewhere if self.mail.is_none() => advice == Some(Retry::NewConnectionNow),
                Ending::AtMail | Ending::Elsewhere => soon,
            },
        }
    }
}

impl Ending {
    /// The ending that the client reports. Judges that know it from the wire say so themselves.
    pub fn reported(end: Option<End>) -> Self {
        match end {
            None => Self::None,
            Some(End::BadContent(_)) => Self::BadContent,
            Some(end) if end.phase() == Phase::Mail => Self::AtMail,
            Some(_) => Self::Elsewhere,
        }
    }
}

impl Truth {
    /// The truth that the client claims by this status.
    pub const fn reported(status: Status) -> Self {
        match status {
            Status::Accepted => Self::Accepted,
            Status::Rejected => Self::RefusedForGood,
            Status::Deferred => Self::RefusedForNow,
            Status::Unknown => Self::Unknown,
            Status::NotAttempted => Self::NotAttempted,
        }
    }

    /// The status by which the client has to report it.
    pub const fn status(self) -> Status {
        match self {
            Self::Accepted => Status::Accepted,
            Self::RefusedForGood => Status::Rejected,
            Self::RefusedForNow => Status::Deferred,
            Self::Unknown => Status::Unknown,
            Self::NotAttempted => Status::NotAttempted,
        }
    }
}
