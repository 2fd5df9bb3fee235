//! MAIL, RCPT, DATA, content: what is sent, and whose replies are being read.

use crate::{
    command::{Argument, Command, Mail, Recipient},
    hello::Extension,
    parameter::Body,
    stuffing::{ContentError, Stuffer},
};

use super::{
    Client, Storage,
    error::{End, Misuse, Refusal},
    event::{Fate, Transaction},
    outbox::SpanKind,
    queue::Verb,
    state::Stage,
};

/// What MAIL and RCPT say, by position.
///
/// The client asks for recipients as its buffers have room; the same envelope has to be given until
/// the transaction has ended.
pub trait AsEnvelope {
    /// Sender and message parameters.
    fn mail(&self) -> Mail<'_>;

    /// The recipient at this position, `None` behind the last.
    fn recipient(&self, index: usize) -> Option<Recipient<'_>>;

    /// How many recipients there are.
    fn recipient_count(&self) -> usize {
        let mut count = 0;
        while self.recipient(count).is_some() {
            count += 1;
        }
        count
    }
}

impl AsEnvelope for (Mail<'_>, &[Recipient<'_>]) {
    fn mail(&self) -> Mail<'_> {
        self.0
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        self.1.get(index).copied()
    }
}

/// A question outside a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Inquiry<'a> {
    /// Is anybody there?
    Noop,
    /// Forget the transaction, if any.
    Rset,
    /// Who is this?
    Vrfy(Argument<'a>),
    /// Who is on this list?
    Expn(Argument<'a>),
    /// What can be said?
    Help(Option<Argument<'a>>),
}

impl<'a> Inquiry<'a> {
    const fn command(self) -> (Command<'a>, Verb) {
        match self {
            Inquiry::Noop => (Command::Noop, Verb::Noop),
            Inquiry::Rset => (Command::Rset, Verb::Rset),
            Inquiry::Vrfy(who) => (Command::Vrfy(who), Verb::Vrfy),
            Inquiry::Expn(list) => (Command::Expn(list), Verb::Expn),
            Inquiry::Help(topic) => (Command::Help(topic), Verb::Help),
        }
    }
}

/// The transaction being handed over.
#[derive(Clone, Debug)]
pub(super) enum Sending {
    Idle,
    /// RSET, MAIL and recipients are being queued; `blocked` until there is room again.
    Envelope {
        step: Step,
        eight_bit: bool,
        blocked: bool,
    },
    /// DATA is queued, its answer awaited.
    AwaitingGoAhead {
        eight_bit: bool,
    },
    Content(Stuffer),
    /// The content is complete; its end waits for room.
    Ending(Stuffer),
    /// Refused before DATA left; what had left is still to be answered.
    Cancelled,
}

/// The next command of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// RSET, if one is due.
    Start,
    Mail,
    Rcpt(usize),
}

impl Sending {
    pub(super) const fn is_cancelled(&self) -> bool {
        matches!(self, Sending::Cancelled)
    }

    /// Whether commands of the envelope can be queued; the first only where it `may_start`.
    pub(super) const fn wants_envelope(&self, may_start: bool) -> bool {
        match self {
            Sending::Envelope { step: Step::Start, blocked, .. } => may_start && !*blocked,
            Sending::Envelope { blocked, .. } => !*blocked,
            _ => false,
        }
    }

    pub(super) const fn wants_content(&self) -> bool {
        matches!(self, Sending::Content(_))
    }

    /// There may be room again.
    pub(super) const fn unblock(&mut self) {
        if let Sending::Envelope { blocked, .. } = self {
            *blocked = false;
        }
    }
}

/// The transaction whose replies are being read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Answering {
    begun: u32,
    ended: u32,
    fate: Option<Fate>,
    pub(super) mail_accepted: bool,
    pub(super) mail_refused: bool,
    recipients: u32,
    accepted: u32,
}

impl Answering {
    pub(super) const fn current(&self) -> Transaction {
        Transaction(self.ended)
    }

    fn begin(&mut self) -> Transaction {
        self.begun = self.begun.wrapping_add(1);
        Transaction(self.begun.wrapping_sub(1))
    }

    /// Counts the answer to one RCPT.
    pub(super) const fn next_recipient(&mut self, accepted: bool) -> u32 {
        self.accepted += accepted as u32;
        self.recipients += 1;
        self.recipients - 1
    }

    /// Whether somebody is to get the content.
    pub(super) const fn is_wanted(&self) -> bool {
        self.mail_accepted && self.accepted > 0
    }

    pub(super) const fn end(&mut self, fate: Fate) {
        self.fate = Some(fate);
    }

    pub(super) const fn has_fate(&self) -> bool {
        self.fate.is_some()
    }

    pub(super) const fn has_open_transactions(&self) -> bool {
        self.fate.is_some() || self.begun != self.ended
    }

    /// The session is over: a transaction that has no fate yet gets one.
    pub(super) fn end_if_open(&mut self, unknown: bool) {
        self.fate.get_or_insert(match (unknown, self.mail_refused) {
            (true, _) => Fate::Unknown,
            (false, true) => Fate::Refused,
            (false, false) => Fate::NotSent,
        });
    }

    /// The transaction that has ended, once; the next one's replies follow.
    pub(super) fn take_ended(&mut self) -> Option<(Transaction, Fate)> {
        let fate = self.fate.take()?;
        let transaction = self.current();
        *self = Self { begun: self.begun, ended: self.ended.wrapping_add(1), ..Self::default() };
        Some((transaction, fate))
    }
}

impl<B: Storage> Client<B> {
    /// Starts a transaction: queues MAIL, a RCPT for each recipient, and DATA, as far as there is
    /// room; the rest when [`Wants::Envelope`](super::Wants::Envelope) is wanted.
    ///
    /// May be called as soon as the content of the one before is handed over: by default the
    /// commands wait for its verdict, with [`run_ahead`](super::Config::with_run_ahead) they leave
    /// with its end.
    ///
    /// SIZE is declared only where the server offers it. Content without a declared body type is
    /// declared 8BITMIME where the server offers that, and has to be 7-bit where it does not.
    ///
    /// # Errors
    /// Nothing is written and the session is as it was: [`Refusal::NoRecipients`],
    /// [`Refusal::NotOffered`], [`Refusal::MessageTooLarge`], [`Refusal::CommandTooLong`], or a
    /// [`Misuse`].
    pub fn begin(&mut self, envelope: &(impl AsEnvelope + ?Sized)) -> Result<Transaction, Refusal> {
        self.check_ready()?;
        let eight_bit = self.check_envelope(envelope)?;
        self.sending = envelope_at(Step::Start, eight_bit);
        let transaction = self.answering.begin();
        self.fill(envelope);
        Ok(transaction)
    }

    /// Queues what is left of the envelope, as far as there is room.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless an envelope is being queued.
    pub fn continue_envelope(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
    ) -> Result<(), Misuse> {
        if !matches!(self.sending, Sending::Envelope { .. }) {
            return Err(Misuse::NotWanted);
        }
        self.fill(envelope);
        Ok(())
    }

    /// Hands over content, as a message is stored: lines, no dot-stuffing. Returns how many octets
    /// were taken, which may be none while the transmit buffer is full.
    ///
    /// # Errors
    /// [`Refusal::Content`] for octets that cannot be sent; the session is over then, the message
    /// unterminated. [`Misuse::NotWanted`] when no content is wanted: a server may refuse early.
    pub fn content(&mut self, octets: &[u8]) -> Result<usize, Refusal> {
        let (Sending::Content(stuffer), false) = (&mut self.sending, self.deaf) else {
            return Err(Misuse::NotWanted.into());
        };
        let mut result = Ok(0);
        self.outbox.push(SpanKind::Content, |output| {
            let progress = stuffer.stuff(octets, output);
            result = progress.map(|progress| progress.consumed);
            progress.ok().map(|progress| progress.produced)
        });
        self.outbox.release_all();
        result.map_err(|error| self.bad_content(error))
    }

    /// The content is complete: its end, the lone dot, leaves with what is still held.
    ///
    /// # Errors
    /// [`Refusal::Content`] when the content cannot end like this, [`Misuse::NotWanted`] when no
    /// content is wanted.
    pub fn finish(&mut self) -> Result<(), Refusal> {
        let (Sending::Content(stuffer), false) = (&mut self.sending, self.deaf) else {
            return Err(Misuse::NotWanted.into());
        };
        // Tried on a copy: an error has to come from this call.
        if let Err(error) = stuffer.clone().finish(&mut [0; MAX_ENDING]) {
            return Err(self.bad_content(error));
        }
        self.sending = Sending::Ending(stuffer.clone());
        self.make_progress();
        Ok(())
    }

    /// Asks something outside a transaction.
    ///
    /// # Errors
    /// A [`Misuse`] unless nothing is being handed over; [`Refusal::CommandTooLong`].
    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Result<(), Refusal> {
        self.check_ready()?;
        let (command, verb) = inquiry.command();
        self.issue(&command, verb)
    }

    pub(super) fn check_ready(&self) -> Result<(), Misuse> {
        match (self.stage, &self.sending) {
            (Stage::Ready, Sending::Idle) if !self.auth.is_active() && !self.deaf => Ok(()),
            (Stage::Ready, _) if !self.deaf => Err(Misuse::Busy),
            _ => Err(Misuse::NotOpen),
        }
    }

    /// Checks all that can be known before anything is written; says whether 8-bit content may be
    /// sent.
    fn check_envelope(&self, envelope: &(impl AsEnvelope + ?Sized)) -> Result<bool, Refusal> {
        let mail = envelope.mail();
        let mut ascii = mail.from().is_ascii() && !mail.smtp_utf8();
        let mut longest = self.adapted(mail).max_encoded_len();
        if envelope.recipient(0).is_none() {
            return Err(Refusal::NoRecipients);
        }
        for recipient in (0..).map_while(|index| envelope.recipient(index)) {
            ascii &= recipient.address().is_ascii();
            longest = longest.max(recipient.max_encoded_len());
        }
        let limit = self.outbox.capacity();
        if longest > limit {
            return Err(Refusal::CommandTooLong { limit });
        }
        if !ascii && !self.offered.offers(Extension::SmtpUtf8) {
            return Err(Refusal::NotOffered(Extension::SmtpUtf8));
        }
        self.check_size(mail)?;
        self.check_body(mail)
    }

    fn check_size(&self, mail: Mail<'_>) -> Result<(), Refusal> {
        match (mail.size(), self.offered.size_limit()) {
            (Some(size), Some(limit)) if size > limit => {
                Err(Refusal::MessageTooLarge { size, limit })
            }
            _ => Ok(()),
        }
    }

    fn check_body(&self, mail: Mail<'_>) -> Result<bool, Refusal> {
        let offered = self.offered.offers(Extension::EightBitMime);
        match mail.body() {
            None => Ok(offered),
            Some(Body::SevenBit) => Ok(false),
            Some(Body::EightBitMime) if offered => Ok(true),
            Some(Body::EightBitMime) => Err(Refusal::NotOffered(Extension::EightBitMime)),
            // Needs BDAT, which is not spoken yet.
            Some(Body::BinaryMime) => Err(Refusal::NotOffered(Extension::BinaryMime)),
        }
    }

    /// MAIL with the parameters that this server understands.
    fn adapted<'m>(&self, mail: Mail<'m>) -> Mail<'m> {
        let size = mail.size().filter(|_| self.offered.offers(Extension::Size));
        let eight_bit = self.offered.offers(Extension::EightBitMime);
        let body = match mail.body() {
            // What goes without saying.
            Some(Body::SevenBit) => None,
            body if eight_bit => body.or(Some(Body::EightBitMime)),
            _ => None,
        };
        mail.adapted(size, body)
    }

    /// Queues the envelope from where it stands until there is no room or no more.
    fn fill(&mut self, envelope: &(impl AsEnvelope + ?Sized)) {
        let ascii = self.is_ascii(envelope);
        while self.sending.wants_envelope(self.may_start()) {
            let Sending::Envelope { step, eight_bit, .. } = self.sending else { return };
            if step == Step::Start && !self.reset_is_due() {
                self.sending = envelope_at(Step::Mail, eight_bit);
                continue;
            }
            let recipient = match step {
                Step::Rcpt(index) => envelope.recipient(index),
                _ => None,
            };
            let (command, verb, next) = match (step, recipient) {
                (Step::Start, _) => (Command::Rset, Verb::Rset, envelope_at(Step::Mail, eight_bit)),
                (Step::Mail, _) => {
                    let mail = self.adapted(envelope.mail());
                    let mail = if ascii { mail } else { mail.with_smtp_utf8() };
                    (Command::Mail(mail), Verb::Mail, envelope_at(Step::Rcpt(0), eight_bit))
                }
                (Step::Rcpt(index), Some(recipient)) => {
                    let next = envelope_at(Step::Rcpt(index + 1), eight_bit);
                    (Command::Rcpt(recipient), Verb::Rcpt, next)
                }
                (Step::Rcpt(_), None) if self.queue.is_empty() && !self.answering.is_wanted() => {
                    // All was answered before there was room for DATA: it need not be said.
                    self.sending = Sending::Cancelled;
                    self.end_cancelled();
                    return;
                }
                (Step::Rcpt(_), None) => {
                    (Command::Data, Verb::Data, Sending::AwaitingGoAhead { eight_bit })
                }
            };
            if self.issue(&command, verb).is_err() {
                self.sending = Sending::Envelope { step, eight_bit, blocked: true };
                return;
            }
            self.sending = next;
        }
    }

    /// Whether an envelope may be started: by default only when all before it is answered, for
    /// then it is known whether RSET is due.
    pub(super) fn may_start(&self) -> bool {
        (self.config.run_ahead && self.pipelining()) || self.queue.is_empty()
    }

    /// RSET, where the server may still be in a transaction. Postfix keeps one open after it has
    /// refused the content, so an envelope that runs ahead of a verdict has to start afresh.
    fn reset_is_due(&self) -> bool {
        self.reset_needed || !self.queue.is_empty()
    }

    fn is_ascii(&self, envelope: &(impl AsEnvelope + ?Sized)) -> bool {
        // Only MAIL says SMTPUTF8; behind it there is nothing to decide.
        let Sending::Envelope { step: Step::Start | Step::Mail, .. } = self.sending else {
            return true;
        };
        let mail = envelope.mail();
        let mut recipients = (0..).map_while(|index| envelope.recipient(index));
        !mail.smtp_utf8()
            && mail.from().is_ascii()
            && recipients.all(|recipient| recipient.address().is_ascii())
    }

    pub(super) fn start_content(&mut self) {
        if let Sending::AwaitingGoAhead { eight_bit } = self.sending {
            self.sending = Sending::Content(Stuffer::new(self.config.newlines, eight_bit));
            self.queue.push_outstanding(Verb::Content);
        }
    }

    /// Nobody is to get the content, but the server waits for it: an empty one ends the wait.
    pub(super) fn send_lone_dot(&mut self) {
        self.sending = Sending::Idle;
        self.outbox.push(SpanKind::Command, |output| {
            output.get_mut(..3)?.copy_from_slice(b".\r\n");
            Some(3)
        });
        self.queue.push(Verb::LoneDot);
    }

    /// Takes back what has not left; what has left is still to be answered.
    pub(super) fn cancel_envelope(&mut self) {
        let queueing = matches!(self.sending, Sending::Envelope { .. });
        let held =
            matches!(self.sending, Sending::AwaitingGoAhead { .. }) && self.queue.holds_back();
        if queueing || held {
            self.outbox.cancel_unreleased();
            self.queue.cancel_unreleased();
            self.sending = Sending::Cancelled;
        }
    }

    pub(super) fn only_data_is_held(&self) -> bool {
        matches!(self.sending, Sending::AwaitingGoAhead { .. }) && self.queue.only_holds_back(1)
    }

    /// Puts the end of the content behind the content as soon as there is room for all of it.
    pub(super) fn write_ending(&mut self) {
        if self.outbox.room() < MAX_ENDING {
            return;
        }
        if let Sending::Ending(stuffer) = &mut self.sending {
            self.outbox.push(SpanKind::EndOfContent, |output| {
                stuffer.finish(output).ok().map(|end| end.produced)
            });
            self.outbox.release_all();
            self.sending = Sending::Idle;
        }
    }

    fn bad_content(&mut self, error: ContentError) -> Refusal {
        self.close(End::BadContent(error));
        Refusal::Content(error)
    }
}

/// A doubled dot that had no room, CRLF, dot, CRLF.
const MAX_ENDING: usize = 7;

const fn envelope_at(step: Step, eight_bit: bool) -> Sending {
    Sending::Envelope { step, eight_bit, blocked: false }
}
