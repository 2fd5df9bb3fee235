//! Replies on their way to the client.

use crate::{
    hello::{EhloName, Extension},
    reply::{Code, EnhancedCode},
    writer::Writer,
};

use super::{Server, Storage, answer::Answer, config::Config, error::End};

/// Room for the longest reply, that to EHLO: 9 lines of less than 100 octets, the first with a name
/// of 255.
pub(super) const LONGEST: usize = 1024;

impl<B: Storage> Server<B> {
    /// Queues an answer; the enhanced code only where it is offered.
    pub(super) fn say(&mut self, answer: Answer<'_>) {
        let enhanced = self.config.extensions.contains(Extension::EnhancedStatusCodes);
        let answer = if enhanced { answer } else { answer.plain() };
        self.queue_reply(|writer| write_line(writer, answer, b" ", None));
    }

    /// Queues the greeting or the answer to HELO: the host's name before the text.
    pub(super) fn say_with_name(&mut self, answer: Answer<'_>) {
        let name = self.config.name;
        self.queue_reply(|writer| write_line(writer, answer.plain(), b" ", Some(&name)));
    }

    /// Queues the answer to EHLO with what is offered now.
    pub(super) fn say_offers(&mut self, answer: Answer<'_>) {
        let (config, secure) = (self.config, self.secure);
        self.queue_reply(|writer| write_offers(writer, answer.plain(), &config, secure));
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
            Extension::Auth => writer.push(b" PLAIN LOGIN"),
            _ => {}
        }
        writer.push(b"\r\n");
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
