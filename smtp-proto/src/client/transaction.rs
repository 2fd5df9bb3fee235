//! MAIL, RCPT, DATA, content: what is sent, and whose replies are being read.

use crate::{
    command::{Command, Mail, Recipient},
    stuffing::{ContentError, Stuffer},
};

use super::{
    Client, Storage,
    begun::Begun,
    chunking::Chunks,
    config::Chunking,
    error::{End, Misuse, Refusal},
    event::Transaction,
    queue::Verb,
    spans::SpanKind,
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

impl<E: AsEnvelope + ?Sized> AsEnvelope for &E {
    fn mail(&self) -> Mail<'_> {
        (**self).mail()
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        (**self).recipient(index)
    }

    fn recipient_count(&self) -> usize {
        (**self).recipient_count()
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

/// The transaction being handed over.
#[derive(Clone, Debug)]
pub(super) enum Sending {
    Idle,
    /// The envelope is being queued; `blocked` until there is room again.
    Envelope {
        step: Step,
        transfer: Transfer,
        blocked: bool,
    },
    /// The envelope is queued. The answer to DATA is awaited, or, with BDAT, those to RCPT.
    AwaitingGoAhead(Transfer),
    /// Content leaves by DATA.
    Content(Stuffer),
    /// The content is complete; its end waits for room.
    Ending(Stuffer),
    /// Content leaves by BDAT.
    Chunks(Chunks),
    /// The content is complete; the last chunk waits for room.
    EndingChunks(Chunks),
    /// Refused before the content left; what had left is still to be answered.
    Cancelled,
}

/// What the content may hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Transfer {
    SevenBit,
    EightBit,
    /// Anything, octet for octet (BINARYMIME, RFC 3030 3).
    Binary,
}

/// The next command of an envelope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// RSET, if one is due.
    Start,
    Mail,
    Rcpt(usize),
}

impl Step {
    const fn next(self) -> Step {
        match self {
            Step::Start => Step::Mail,
            Step::Mail => Step::Rcpt(0),
            Step::Rcpt(index) => Step::Rcpt(index + 1),
        }
    }
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
        matches!(self, Sending::Content(_) | Sending::Chunks(_))
    }

    /// There may be room again.
    pub(super) const fn unblock(&mut self) {
        if let Sending::Envelope { blocked, .. } = self {
            *blocked = false;
        }
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
    /// A parameter leaves only where the server offers its extension. SIZE is left out where it is
    /// not offered, DSN parameters too if [so configured](super::Config::with_optional_dsn); whatever
    /// else the message needs has to be offered. Content without a declared body type is declared
    /// 8BITMIME where the server offers that, and has to be 7-bit where it does not.
    ///
    /// # Errors
    /// Nothing is written and the session is as it was: [`Refusal::NoRecipients`],
    /// [`Refusal::NotOffered`], [`Refusal::InsecureSession`], [`Refusal::OutsideLimit`],
    /// [`Refusal::MessageTooLarge`], [`Refusal::CommandTooLong`], or a [`Misuse`].
    pub fn begin(&mut self, envelope: &(impl AsEnvelope + ?Sized)) -> Result<Transaction, Refusal> {
        self.check_ready()?;
        let (transfer, recipients) = self.check_envelope(envelope)?;
        self.begun = Begun::new(&envelope.mail(), recipients);
        self.outbox.forget_secret();
        self.sending = envelope_at(Step::Start, transfer);
        let transaction = self.answering.begin();
        self.fill(envelope);
        Ok(transaction)
    }

    /// Queues what is left of the envelope, as far as there is room.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless an envelope is being queued; [`Misuse::OtherEnvelope`] for one with another MAIL
    /// or another number of recipients than the one that was begun, which changes nothing.
    pub fn continue_envelope(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
    ) -> Result<(), Misuse> {
        if !matches!(self.sending, Sending::Envelope { .. }) {
            return Err(Misuse::NotWanted);
        }
        if !self.begun.is_of(envelope) {
            return Err(Misuse::OtherEnvelope);
        }
        self.fill(envelope);
        Ok(())
    }

    /// Takes octets of the content, as a message is stored: lines, no dot-stuffing. Returns the number of octets
    /// taken, which may be none while the transmit buffer is full: the rest has to be passed again.
    ///
    /// # Errors
    /// [`Refusal::Content`] for octets that cannot be sent; the session is over then, the message
    /// unterminated. [`Misuse::NotWanted`] when no content is wanted: a server may refuse early.
    pub fn content(&mut self, octets: &[u8]) -> Result<usize, Refusal> {
        let taken = match &mut self.sending {
            _ if self.outbox.is_closed() => return Err(Misuse::NotWanted.into()),
            Sending::Content(_) => self.stuff(octets),
            Sending::Chunks(_) => self.chunk(octets),
            _ => return Err(Misuse::NotWanted.into()),
        };
        if let Ok(taken) = taken {
            self.begun.took(taken, octets.len());
        }
        taken
    }

    fn stuff(&mut self, octets: &[u8]) -> Result<usize, Refusal> {
        let Sending::Content(stuffer) = &mut self.sending else { return Ok(0) };
        let mut result = Ok(0);
        self.outbox.push(SpanKind::Content, |output| {
            let progress = stuffer.stuff(octets, output);
            result = progress.map(|progress| progress.consumed);
            progress.ok().map(|progress| progress.produced)
        });
        self.outbox.release_all();
        result.map_err(|error| self.bad_content(error))
    }

    /// Ends the content: its end, the lone dot, leaves with what is still held.
    ///
    /// # Errors
    /// [`Refusal::Content`] when the content cannot end like this, [`Misuse::NotWanted`] when no
    /// content is wanted. Nothing is changed by [`Misuse::ContentLeft`], where the last call of
    /// [`content`](Self::content) did not take all, and by [`Refusal::ContentTooShort`].
    pub fn finish(&mut self) -> Result<(), Refusal> {
        // Tried on a copy: an error has to come from this call.
        let (size, tried, ending) = match &self.sending {
            _ if self.outbox.is_closed() => return Err(Misuse::NotWanted.into()),
            Sending::Content(stuffer) => {
                (stuffer.size(), ended(stuffer), Sending::Ending(stuffer.clone()))
            }
            Sending::Chunks(chunks) => {
                (chunks.size(), chunks.ended(), Sending::EndingChunks(chunks.clone()))
            }
            _ => return Err(Misuse::NotWanted.into()),
        };
        self.begun.check_whole(size)?;
        tried.map_err(|error| self.bad_content(error))?;
        self.sending = ending;
        self.make_progress();
        Ok(())
    }

    /// Says that the caller cannot give the rest of the content. The session ends, the message unterminated.
    ///
    /// Messages that were transmitted before it over BDAT are still answered.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless a transaction is being handed over.
    pub fn content_failed(&mut self) -> Result<(), Misuse> {
        match self.sending {
            Sending::Idle | Sending::Cancelled => Err(Misuse::NotWanted),
            _ => {
                self.end_unfinished(End::ContentFailed);
                Ok(())
            }
        }
    }

    pub(super) fn check_ready(&self) -> Result<(), Misuse> {
        match (self.stage, &self.sending) {
            (Stage::Ready, Sending::Idle) if !self.auth.is_active() && !self.outbox.is_closed() => {
                Ok(())
            }
            (Stage::Ready, _) if !self.outbox.is_closed() => Err(Misuse::Busy),
            _ => Err(Misuse::NotOpen),
        }
    }

    /// Queues the envelope from where it stands until there is no room or no more.
    fn fill(&mut self, envelope: &(impl AsEnvelope + ?Sized)) {
        let ascii = self.is_ascii(envelope);
        while self.wants_envelope() {
            let Sending::Envelope { step, transfer, .. } = self.sending else { return };
            let queued = match step {
                Step::Start if self.reset_is_due() => self.issue(&Command::Rset, Verb::Rset),
                Step::Start => Ok(()),
                Step::Mail => {
                    let mail = self.adapted(envelope.mail());
                    let mail = if ascii { mail } else { mail.with_smtp_utf8() };
                    self.issue(&Command::Mail(mail), Verb::Mail)
                }
                Step::Rcpt(index) => match envelope.recipient(index) {
                    Some(recipient) => {
                        let recipient = self.adapted_recipient(recipient);
                        self.issue(&Command::Rcpt(recipient), Verb::Rcpt)
                    }
                    None => match self.end_envelope(transfer) {
                        Ok(()) => return,
                        full => full,
                    },
                },
            };
            self.sending = match queued {
                Ok(()) => envelope_at(step.next(), transfer),
                Err(_) => Sending::Envelope { step, transfer, blocked: true },
            };
        }
    }

    /// All recipients are queued: DATA, or the content itself.
    fn end_envelope(&mut self, transfer: Transfer) -> Result<(), Refusal> {
        match self.chunking() {
            Chunking::Off if self.queue.is_empty() && !self.answering.is_wanted() => {
                // All was answered before there was room for DATA: it need not be said.
                self.sending = Sending::Cancelled;
                self.end_cancelled();
            }
            Chunking::Off => {
                self.issue(&Command::Data, Verb::Data)?;
                self.sending = Sending::AwaitingGoAhead(transfer);
            }
            Chunking::AfterRecipients => {
                self.sending = Sending::AwaitingGoAhead(transfer);
                self.chunks_if_answered();
            }
            Chunking::InFlight => self.start_chunks(transfer),
        }
        Ok(())
    }

    /// Whether commands of an envelope can be queued.
    pub(super) fn wants_envelope(&self) -> bool {
        self.may_ask_more() && self.sending.wants_envelope(self.may_start())
    }

    /// Not very much is unanswered: a driver that cannot read while it writes would wait for a server
    /// that waits for its replies to be read, and nobody would hear of a refusal.
    pub(super) const fn may_ask_more(&self) -> bool {
        self.queue.outstanding() <= MOST_UNREAD
    }

    /// Whether an envelope may be started: by default only when all before it is answered, for then
    /// it is known whether RSET is due.
    pub(super) fn may_start(&self) -> bool {
        let window = self.window();
        self.queue.is_empty() || (window > 1 && self.answering.in_flight() <= window)
    }

    /// How many messages may be handed over, or being so, before the first of them is answered.
    pub(super) fn window(&self) -> u32 {
        match self.chunking() {
            Chunking::InFlight => self.config.window,
            _ if self.config.run_ahead && self.pipelining() => 2,
            _ => 1,
        }
    }

    /// RSET, where the server may still be in a transaction. Postfix keeps one open after it has
    /// refused the content, so an envelope that runs ahead of a verdict has to start afresh.
    fn reset_is_due(&self) -> bool {
        self.reset_needed || !self.queue.is_empty()
    }

    pub(super) fn start_content(&mut self) {
        if let Sending::AwaitingGoAhead(transfer) = self.sending {
            let eight_bit = transfer != Transfer::SevenBit;
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

    /// The transaction is refused: takes back what has not left; what has left is still to be
    /// answered. Once the last of it has been released, its own answer ends the transaction.
    ///
    /// Only what was begun last is being handed over: with chunks in flight that may be a message
    /// behind the one whose replies are being read, and it has a fate of its own.
    pub(super) fn cancel_envelope(&mut self) {
        let held = match self.sending {
            _ if self.answering.in_flight() > 1 => false,
            Sending::Envelope { .. }
            | Sending::AwaitingGoAhead(_)
            | Sending::Chunks(_)
            | Sending::EndingChunks(_) => true,
            _ => false,
        };
        if held {
            self.outbox.cancel_unreleased();
            self.queue.cancel_unreleased();
            self.sending = Sending::Cancelled;
        }
    }

    /// Everyone is refused, and the content, or what asks for it, has not wholly left: it need not.
    pub(super) fn is_for_nobody(&self) -> bool {
        let complete = matches!(
            self.sending,
            Sending::AwaitingGoAhead(_) | Sending::Chunks(_) | Sending::EndingChunks(_)
        );
        complete && !self.answering.is_wanted() && !self.queue.contains(Verb::Rcpt)
    }

    /// Puts the end of the content behind the content as soon as there is room for all of it.
    pub(super) fn write_ending(&mut self) {
        if self.outbox.room() < MAX_ENDING {
            return;
        }
        let Sending::Ending(stuffer) = &mut self.sending else { return };
        // CRs at the end of the content are lines, and may need more room than there is.
        self.outbox.push(SpanKind::Content, |output| Some(stuffer.finish_lines(output)));
        if self.outbox.room() >= MAX_ENDING {
            self.outbox.push(SpanKind::EndOfContent, |output| {
                stuffer.finish(output).ok().map(|end| end.produced)
            });
            self.sending = Sending::Idle;
        }
        self.outbox.release_all();
    }

    pub(super) fn bad_content(&mut self, error: ContentError) -> Refusal {
        self.end_unfinished(End::BadContent(error));
        Refusal::Content(error)
    }

    /// Ends the session before the content of the last message is complete. Behind whole chunks QUIT can be said, so
    /// that those before it get their replies; inside DATA it would be content.
    fn end_unfinished(&mut self, end: End) {
        if matches!(self.sending, Sending::Chunks(_) | Sending::EndingChunks(_)) {
            self.outbox.cancel_unreleased();
            self.queue.cancel_unreleased();
            self.sending = Sending::Idle;
            self.stop(end);
            self.release();
        } else {
            self.close(end);
        }
    }
}

/// Replies that fit every socket buffer, which has 64 KiB at least: RFC 5321 4.5.3.1.5 gives them 512 octets a line.
const MOST_UNREAD: usize = 128;

/// CRLF, dot, CRLF.
pub(super) const MAX_ENDING: usize = 5;

const fn envelope_at(step: Step, transfer: Transfer) -> Sending {
    Sending::Envelope { step, transfer, blocked: false }
}

/// Whether the content can end here.
pub(super) fn ended(stuffer: &Stuffer) -> Result<(), ContentError> {
    stuffer.clone().finish(&mut [0; MAX_ENDING]).map(|_| ())
}
