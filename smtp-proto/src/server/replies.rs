//! Replies on their way to the client.

use crate::{
    hello::{EhloName, Extension},
    reply::{Code, EnhancedCode},
    transport::Outgoing,
    writer::Writer,
};

use super::{Octets, answer::Answer, config::Config};

/// Before and behind the text of a challenge.
const CODE: &[u8; 4] = b"334 ";
const END: &[u8; 2] = b"\r\n";

/// Room for the longest reply: that to EHLO, whose first line has a name of 255 octets and a text of
/// 240, whose mechanisms have up to 252, and all else less than 265 together; or an answer of several lines, see
/// [`Answer::MAX_TEXTS`].
pub(super) const LONGEST: usize = 1024;

/// The replies that wait to leave. Those to a group of commands leave together (RFC 2920 3.2).
#[derive(Debug)]
pub(super) struct Replies<B> {
    octets: Outgoing<B>,
    /// Enhanced codes are offered (RFC 2034).
    enhanced: bool,
    /// The queued replies have to leave before the next command is taken.
    urgent: bool,
    /// A reply did not fit, which the configured buffer is too small for.
    overflown: bool,
}

impl<B: Octets> Replies<B> {
    pub(super) const fn new(storage: B, config: &Config) -> Self {
        let enhanced = config.extensions.contains(Extension::EnhancedStatusCodes);
        Self { octets: Outgoing::new(storage), enhanced, urgent: false, overflown: false }
    }

    // --- transport ---

    /// Octets that may be written now.
    pub(super) fn ready(&self) -> &[u8] {
        self.octets.ready()
    }

    /// The first `n` octets have left.
    pub(super) fn transmitted(&mut self, n: usize) {
        self.octets.transmitted(n);
        self.urgent &= !self.octets.is_empty();
    }

    pub(super) const fn flushed(&mut self) {
        self.octets.flushed();
    }

    pub(super) const fn is_unflushed(&self) -> bool {
        self.octets.is_unflushed()
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// Returns whether all replies have left and the transport was flushed.
    pub(super) const fn are_done(&self) -> bool {
        self.octets.is_empty() && !self.octets.is_unflushed()
    }

    /// Returns whether replies have to leave before anything else happens.
    pub(super) fn are_congested(&self) -> bool {
        let longest = LONGEST.min(self.octets.capacity());
        self.urgent || self.octets.room() < longest
    }

    pub(super) const fn have_overflown(&self) -> bool {
        self.overflown
    }

    /// Holds the next command back until what is queued has left, if `urgent`.
    pub(super) const fn hurry(&mut self, urgent: bool) {
        self.urgent |= urgent;
    }

    /// Drops what is queued: the session is over.
    pub(super) fn clear(&mut self) {
        self.octets.truncate(0);
        self.octets.flushed();
    }

    // --- replies ---

    /// Queues an answer; the enhanced code only where it is offered.
    pub(super) fn say(&mut self, answer: Answer<'_>) {
        let answer = if self.enhanced { answer } else { answer.plain() };
        self.queue(|writer| write_answer(writer, answer, None));
    }

    /// Queues the greeting or the answer to HELO: the host's name before the text.
    pub(super) fn say_with_name(&mut self, answer: Answer<'_>, name: EhloName) {
        self.queue(|writer| write_answer(writer, answer.plain(), Some(&name)));
    }

    /// Queues the answer to EHLO with what is offered now.
    pub(super) fn say_offers(&mut self, answer: Answer<'_>, config: &Config, secure: bool) {
        let (answer, _) = answer.plain().first_line();
        self.queue(|writer| write_offers(writer, answer, config, secure));
    }

    /// Queues the answer to a chunk that was taken.
    pub(super) fn say_octets(&mut self, octets: u64) {
        let code: &[u8] = if self.enhanced { b"250 2.0.0 " } else { b"250 " };
        self.queue(|writer| {
            writer.push(code);
            writer.push_decimal(octets);
            writer.push(b" octets received\r\n");
        });
    }

    /// Queues a challenge: lets `write` put its text, in base64, behind the code; it returns the text's length. `false`
    /// when it does not fit.
    pub(super) fn challenge(&mut self, write: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
        let space = self.octets.free();
        let text = space.get_mut(CODE.len()..).unwrap_or_default();
        let framed = write(text).and_then(|length| {
            let behind = CODE.len() + length;
            let whole = behind + END.len();
            space.get_mut(behind..whole)?.copy_from_slice(END);
            space[..CODE.len()].copy_from_slice(CODE);
            Some(whole)
        });
        if let Some(length) = framed {
            self.add(length);
        }
        framed.is_some()
    }

    fn queue(&mut self, write: impl FnOnce(&mut Writer<'_>)) {
        let mut writer = Writer::new(self.octets.free());
        write(&mut writer);
        match writer.finish() {
            Some(length) => self.add(length),
            None => self.overflown = true,
        }
    }

    fn add(&mut self, length: usize) {
        self.octets.fill(length);
        self.octets.release(length);
    }
}

/// All lines of an answer, the name in the first.
fn write_answer(writer: &mut Writer<'_>, answer: Answer<'_>, mut name: Option<&EhloName>) {
    let mut rest = Some(answer);
    while let Some(answer) = rest {
        let (line, others) = answer.first_line();
        let separator = if others.is_some() { b"-" } else { b" " };
        write_line(writer, line, separator, name.take());
        rest = others;
    }
}

fn write_line(
    writer: &mut Writer<'_>,
    answer: Answer<'_>,
    separator: &[u8],
    name: Option<&EhloName>,
) {
    write_code(writer, answer.code(), separator);
    if let Some(enhanced) = answer.enhanced() {
        write_enhanced(writer, enhanced);
        writer.push(b" ");
    }
    if let Some(name) = name {
        writer.push(name.as_bytes());
        writer.push(if answer.text().is_empty() { b"" } else { b" " });
    }
    writer.push(answer.text().as_bytes());
    writer.push(b"\r\n");
}

fn write_offers(writer: &mut Writer<'_>, answer: Answer<'_>, config: &Config, secure: bool) {
    let mut offers = config.offers(secure).iter().peekable();
    let separator = |last: bool| if last { b" " } else { b"-" };
    write_line(writer, answer, separator(offers.peek().is_none()), Some(&config.name));
    while let Some(extension) = offers.next() {
        write_code(writer, answer.code(), separator(offers.peek().is_none()));
        writer.push(extension.keyword().as_bytes());
        match extension {
            Extension::Size => {
                writer.push(b" ");
                writer.push_decimal(config.limits.content);
            }
            Extension::Auth => {
                for mechanism in config.mechanisms(secure) {
                    writer.push(b" ");
                    writer.push(mechanism.as_bytes());
                }
            }
            Extension::Limits => {
                write_limit(writer, b" MAILMAX=", config.limits.mails);
                write_limit(writer, b" RCPTMAX=", config.limits.recipients);
            }
            _ => {}
        }
        writer.push(b"\r\n");
    }
}

/// A limit has at most six digits and is not 0 (RFC 9422 4); one that is larger than told harms
/// nobody.
fn write_limit(writer: &mut Writer<'_>, name: &[u8], limit: u32) {
    if limit > 0 {
        writer.push(name);
        writer.push_decimal(limit.min(999_999).into());
    }
}

fn write_code(writer: &mut Writer<'_>, code: Code, separator: &[u8]) {
    writer.push_decimal(code.value().into());
    writer.push(separator);
}

fn write_enhanced(writer: &mut Writer<'_>, enhanced: EnhancedCode) {
    writer.push_decimal(enhanced.class().into());
    writer.push(b".");
    writer.push_decimal(enhanced.subject().into());
    writer.push(b".");
    writer.push_decimal(enhanced.detail().into());
}
