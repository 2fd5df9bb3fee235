//! Octets from the client: which commands they are.

use std::collections::VecDeque;

use super::replies::{Oracle, Rules, Turn, Verb};

/// An oracle that reads commands from the octets that leave.
#[derive(Clone, Debug)]
pub struct Wire {
    oracle: Oracle,
    place: Place,
    /// Octets of a line that is not complete.
    line: Vec<u8>,
    /// Numbers of recipients of the envelopes whose MAIL has not left.
    begun: VecDeque<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Commands,
    /// Lines of content behind 354, which a lone dot ends.
    Lines,
    LoneDot,
    Chunk {
        left: usize,
        last: bool,
    },
}

impl Wire {
    /// A session that has not begun.
    pub fn new(rules: Rules) -> Self {
        Self {
            oracle: Oracle::new(rules),
            place: Place::Commands,
            line: Vec::new(),
            begun: VecDeque::new(),
        }
    }

    /// The facts so far.
    pub const fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    /// A message to so many recipients begins: the next MAIL is its own.
    pub fn begun(&mut self, recipients: usize) {
        self.begun.push_back(recipients);
    }

    /// The TLS handshake is done.
    pub const fn shook_hands(&mut self) {
        self.oracle.shook_hands();
    }

    /// The session starts with the TLS handshake.
    pub const fn expect_handshake(&mut self) {
        self.oracle.expect_handshake();
    }

    /// The stream has ended, or the driver has given up.
    pub const fn ended(&mut self) {
        self.oracle.ended();
    }

    /// The client ends the session, for its caller's content cannot be sent.
    pub const fn gave_up(&mut self) {
        self.oracle.gave_up();
    }

    /// These octets have arrived.
    pub fn received(&mut self, octets: &[u8]) {
        self.oracle.received(octets);
        match self.oracle.take_turn() {
            Some(Turn::Content) => self.place = Place::Lines,
            Some(Turn::LoneDot) => self.place = Place::LoneDot,
            Some(Turn::Handshake) | None => {}
        }
    }

    /// These octets have left.
    pub fn sent(&mut self, mut octets: &[u8]) {
        while !octets.is_empty() {
            let n = match self.place {
                Place::Chunk { left, last } => self.sent_of_chunk(left, last, octets.len()),
                _ => self.sent_of_line(octets),
            };
            octets = &octets[n..];
        }
    }

    fn sent_of_chunk(&mut self, left: usize, last: bool, octets: usize) -> usize {
        let n = left.min(octets);
        self.enter_chunk(left - n, last);
        n
    }

    fn enter_chunk(&mut self, left: usize, last: bool) {
        self.place = if left > 0 { Place::Chunk { left, last } } else { Place::Commands };
        if left == 0 && last {
            self.oracle.sent_content();
        }
    }

    fn sent_of_line(&mut self, octets: &[u8]) -> usize {
        let end = octets.iter().position(|&octet| octet == b'\n');
        let n = end.map_or(octets.len(), |end| end + 1);
        self.line.extend_from_slice(&octets[..n]);
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.line_left(&line);
        }
        n
    }

    fn line_left(&mut self, line: &[u8]) {
        match self.place {
            Place::Lines if line == b".\r\n" => {
                self.place = Place::Commands;
                self.oracle.sent_content();
            }
            Place::LoneDot => {
                self.place = Place::Commands;
                self.oracle.sent(Verb::LoneDot);
            }
            Place::Lines | Place::Chunk { .. } => {}
            Place::Commands => self.command_left(line),
        }
    }

    fn command_left(&mut self, line: &[u8]) {
        if self.oracle.is_challenged() {
            let verb = if line == b"*\r\n" { Verb::Cancel } else { Verb::Auth };
            return self.oracle.sent(verb);
        }
        let line = line.trim_ascii_end();
        let end = line.iter().position(|&octet| octet == b' ').unwrap_or(line.len());
        match &line[..end] {
            b"EHLO" => self.oracle.sent(Verb::Ehlo),
            b"LHLO" => {
                self.oracle.speaks_lmtp();
                self.oracle.sent(Verb::Ehlo);
            }
            b"HELO" => self.oracle.sent(Verb::Helo),
            b"STARTTLS" => self.oracle.sent(Verb::StartTls),
            b"AUTH" => self.oracle.sent(Verb::Auth),
            b"MAIL" => {
                let recipients = self.begun.pop_front().expect("MAIL of a message that was begun");
                self.oracle.sent_mail(recipients);
            }
            b"RCPT" => {
                self.oracle.sent_recipient().expect("RCPT behind MAIL");
            }
            b"DATA" => self.oracle.sent(Verb::Data),
            b"BDAT" => self.chunk_announced(&line[end..]),
            b"RSET" => self.oracle.sent(Verb::Rset),
            b"QUIT" => self.oracle.sent(Verb::Quit),
            // NOOP, VRFY, EXPN, HELP: no reply to them is about a recipient.
            _ => self.oracle.sent(Verb::Noop),
        }
    }

    fn chunk_announced(&mut self, argument: &[u8]) {
        let argument = std::str::from_utf8(argument).expect("ASCII").trim_ascii();
        let size = argument.strip_suffix(" LAST");
        let last = size.is_some();
        let left = size.unwrap_or(argument).parse().expect("the size of a chunk");
        self.oracle.sent(if last { Verb::Content } else { Verb::Chunk });
        self.enter_chunk(left, last);
    }
}
