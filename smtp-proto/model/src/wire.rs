//! What leaves the client, octet by octet, with no look at its state: which command it is, and whether it may leave.

use smtp_proto::client::{Chunking, TlsPolicy};

use crate::{
    asked::Asked,
    broken::Broken,
    chunk::Chunk,
    oracle::Oracle,
    scenario::{ADDRESSES, CONTENT_ON_THE_WIRE, Scenario},
};

/// What the octets are that leave now.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// Command lines.
    Commands,
    /// One line that answers a challenge.
    Response,
    /// Content that somebody is to get.
    Content,
    /// The octets of a chunk.
    Chunk(Chunk),
    /// A lone dot that ends content for nobody.
    LoneDot,
}

const IN_THE_CLEAR: [&[u8]; 4] =
    [b"EHLO client.example\r\n", b"LHLO client.example\r\n", b"STARTTLS\r\n", b"QUIT\r\n"];

impl Oracle {
    /// These octets have left.
    pub fn left(&mut self, scenario: &Scenario, octets: &[u8]) {
        for &octet in octets {
            self.line.push(octet);
            self.check_line(scenario);
            if self.is_whole(octet) {
                let line = std::mem::take(&mut self.line);
                self.line_left(&line);
            }
            self.forfeit = self.forfeit.map(|left| left.saturating_sub(1));
        }
    }

    fn check_line(&mut self, scenario: &Scenario) {
        let (secure, handshake) = (self.secure, self.in_handshake);
        self.hold(Broken::D12, !handshake);
        let line = &self.line;
        let plain = match scenario.tls {
            TlsPolicy::Opportunistic => true,
            TlsPolicy::Required => IN_THE_CLEAR.iter().any(|whole| whole.starts_with(line)),
            _ => false,
        };
        let secret = self.mode == Mode::Response || line.starts_with(b"AUTH");
        let allowed = scenario.plaintext_auth && !self.starttls_refused;
        let in_order = match self.mode {
            Mode::Content => self.current_is_wanted() && CONTENT_ON_THE_WIRE.starts_with(line),
            Mode::LoneDot => b".\r\n".starts_with(line),
            _ => true,
        };
        let adds_up = !matches!(self.mode, Mode::Chunk(_)) || self.is_next_of_content(line);
        self.hold(Broken::D21, adds_up);
        self.hold(Broken::D13, secure || plain);
        self.hold(Broken::D15, secure || allowed || !secret);
        self.hold(Broken::D25, in_order);
    }

    fn is_whole(&self, octet: u8) -> bool {
        match self.mode {
            Mode::Content => self.line == CONTENT_ON_THE_WIRE,
            Mode::Chunk(chunk) => chunk.is_whole(&self.line),
            _ => octet == b'\n',
        }
    }

    fn line_left(&mut self, line: &[u8]) {
        if let (Mode::Commands, Some(chunk)) = (self.mode, Chunk::parse(line)) {
            return self.chunk_announced(chunk);
        }
        let asked = match (self.mode, line) {
            (Mode::Content, _) => return self.content_left(),
            (Mode::Chunk(chunk), _) => return self.chunk_left(chunk),
            (Mode::LoneDot, _) => Asked::LoneDot,
            (Mode::Response, b"*\r\n") => Asked::Cancel,
            (Mode::Response, _) => Asked::Auth,
            (_, b"EHLO client.example\r\n" | b"LHLO client.example\r\n") => Asked::Ehlo,
            (_, b"HELO client.example\r\n") => Asked::Helo,
            (_, b"STARTTLS\r\n") => Asked::StartTls,
            (_, b"MAIL FROM:<a@example.org>\r\n") => Asked::Mail,
            (_, b"DATA\r\n") => Asked::Data,
            (_, b"RSET\r\n") => Asked::Rset,
            (_, b"NOOP\r\n") => Asked::Noop,
            (_, b"QUIT\r\n") => Asked::Quit,
            (_, b"AUTH LOGIN\r\n" | b"AUTH PLAIN\r\n") => Asked::BareAuth,
            _ if line.starts_with(b"AUTH ") => Asked::Auth,
            _ => return self.recipient_left(line),
        };
        self.mode = Mode::Commands;
        match asked {
            Asked::Mail => self.mail_left(),
            // Never together with BDAT (RFC 3030 2).
            Asked::Data => self.hold(Broken::Wire, self.chunking() == Chunking::Off),
            _ => {}
        }
        self.asked(asked);
    }

    fn mail_left(&mut self) {
        (self.recipients_left, self.chunked) = (0, 0);
        match self.open.iter_mut().find(|record| !record.mail_left) {
            Some(record) => record.mail_left = true,
            None => self.hold(Broken::Wire, false),
        }
    }

    /// It has to be the next one of the envelope; anything else is no command at all.
    fn recipient_left(&mut self, line: &[u8]) {
        let next = ADDRESSES.get(usize::from(self.recipients_left));
        let named = next.is_some_and(|to| line == format!("RCPT TO:<{to}>\r\n").as_bytes());
        self.hold(Broken::Wire, named);
        self.recipients_left += 1;
        self.asked(Asked::Rcpt);
    }

    fn content_left(&mut self) {
        self.mode = Mode::Commands;
        if let Some(record) = self.open.front_mut() {
            record.handed_over = true;
        }
        // It was awaited as content already, at the front: all before it is answered.
        match self.expected.front_mut() {
            Some(content @ Asked::Content) => *content = Asked::Final,
            _ => self.hold(Broken::D25, false),
        }
    }

    /// A command may leave only when all before it is answered, or in a group (RFC 2920 3.1).
    pub fn asked(&mut self, asked: Asked) {
        let groups = self.expected.back().is_none_or(|last| self.may_follow(*last));
        self.hold(Broken::Wire, groups);
        self.expected.push_back(asked);
    }

    fn may_follow(&self, last: Asked) -> bool {
        let group = matches!(last, Asked::Mail | Asked::Rcpt | Asked::Rset | Asked::Chunk);
        let ahead = (self.run_ahead || self.chunking() == Chunking::InFlight)
            && matches!(last, Asked::Content | Asked::Final);
        self.pipelining_offered() && (group || ahead)
    }
}
