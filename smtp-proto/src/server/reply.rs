//! Replies on their way to the client.

use crate::{
    hello::{EhloName, Extension},
    reply::{Code, EnhancedCode},
    writer::Writer,
};

use super::{Server, Storage, answer::Answer, config::Config, error::End};

/// Room for the longest reply: that to EHLO, whose first line has a name of 255 octets and a text of
/// 240, whose mechanisms have up to 252, and all else less than 265 together; or an answer of several lines, see
/// [`Answer::MAX_TEXTS`].
pub(super) const LONGEST: usize = 1024;

impl<B: Storage> Server<B> {
    /// Queues an answer; the enhanced code only where it is offered.
    pub(super) fn say(&mut self, answer: Answer<'_>) {
        let enhanced = self.config.extensions.contains(Extension::EnhancedStatusCodes);
        let answer = if enhanced { answer } else { answer.plain() };
        self.queue_reply(|writer| write_answer(writer, answer, None));
    }

    /// Queues the greeting or the answer to HELO: the host's name before the text.
    pub(super) fn say_with_name(&mut self, answer: Answer<'_>) {
        let name = self.config.name;
        self.queue_reply(|writer| write_answer(writer, answer.plain(), Some(&name)));
    }

    /// Queues the answer to EHLO with what is offered now.
    pub(super) fn say_offers(&mut self, answer: Answer<'_>) {
        let (config, secure) = (self.config, self.secure);
        let (answer, _) = answer.plain().first_line();
        self.queue_reply(|writer| write_offers(writer, answer, &config, secure));
    }

    /// Queues the answer to a chunk that was taken.
    pub(super) fn say_octets(&mut self, octets: u64) {
        let enhanced = self.config.extensions.contains(Extension::EnhancedStatusCodes);
        self.queue_reply(|writer| {
            writer.push(if enhanced { b"250 2.0.0 " } else { b"250 " });
            writer.push_decimal(octets);
            writer.push(b" octets received\r\n");
        });
    }

    fn queue_reply(&mut self, write: impl FnOnce(&mut Writer<'_>)) {
        let mut writer = Writer::new(self.transmit.free());
        write(&mut writer);
        match writer.finish() {
            Some(length) => self.transmit.fill(length),
            None => self.close(End::NoRoom),
        }
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
