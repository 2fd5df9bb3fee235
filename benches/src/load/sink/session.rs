//! What the sink makes of a client's octets.

use memchr::{memchr, memmem::Finder};

use crate::load::job::Totals;

const HELLO: &[u8] =
    b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n250-8BITMIME\r\n\
    250-ENHANCEDSTATUSCODES\r\n250-CHUNKING\r\n250 SMTPUTF8\r\n";
const OK: &[u8] = b"250 2.0.0 Ok\r\n";
const END: &[u8] = b"\r\n.\r\n";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Command,
    /// Content by DATA; nothing of it is there yet, so a dot at its start ends it.
    Data,
    /// Octets of a chunk that are still to come.
    Chunk {
        left: usize,
        last: bool,
    },
    Ended,
}

/// One session: octets in, replies and totals out.
pub(super) struct Session {
    state: State,
    finder: Finder<'static>,
    replies: Vec<u8>,
    totals: Totals,
    /// Octets of the content by DATA that came before those at hand.
    content: usize,
}

impl Session {
    pub(super) fn new() -> Self {
        Self {
            state: State::Command,
            finder: Finder::new(END),
            replies: Vec::with_capacity(32 << 10),
            totals: Totals::default(),
            content: 0,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    pub(super) fn replies(&self) -> &[u8] {
        &self.replies
    }

    pub(super) fn forget_replies(&mut self) {
        self.replies.clear();
    }

    pub(super) fn take_totals(&mut self) -> Totals {
        core::mem::take(&mut self.totals)
    }

    /// Takes all that is whole; what is not has to be there again, with more behind it.
    pub(super) fn take(&mut self, octets: &[u8]) -> usize {
        let mut taken = 0;
        loop {
            let left = &octets[taken..];
            let step = match self.state {
                State::Command => self.take_command(left),
                State::Data => self.take_content(left),
                State::Chunk { left: due, last } => self.take_chunk(left, due, last),
                State::Ended => return octets.len(),
            };
            match step {
                Some(n) => taken += n,
                None => return taken + self.take_part(left),
            }
        }
    }

    fn take_command(&mut self, octets: &[u8]) -> Option<usize> {
        let line = &octets[..=memchr(b'\n', octets)?];
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let reply: &[u8] = match &verb[..] {
            b"EHLO" | b"HELO" => HELLO,
            b"RCPT" => {
                self.totals.recipients += 1;
                b"250 2.1.5 Ok\r\n"
            }
            b"DATA" => {
                self.state = State::Data;
                b"354 Go ahead\r\n"
            }
            b"BDAT" => self.begin_chunk(line),
            b"QUIT" => {
                self.state = State::Ended;
                b"221 2.0.0 Bye\r\n"
            }
            b"MAIL" => b"250 2.1.0 Ok\r\n",
            b"RSET" | b"NOOP" => OK,
            _ => b"500 5.5.1 What?\r\n",
        };
        self.replies.extend_from_slice(reply);
        Some(line.len())
    }

    /// A chunk is answered when it is there, so there is no reply to its command unless it is wrong.
    fn begin_chunk(&mut self, line: &[u8]) -> &'static [u8] {
        let line = line.trim_ascii_end().to_ascii_uppercase();
        let mut words = line.split(|octet| *octet == b' ').skip(1);
        let size = words.next().and_then(|size| core::str::from_utf8(size).ok()?.parse().ok());
        let Some(left) = size else { return b"501 5.5.4 How much?\r\n" };
        self.state = State::Chunk { left, last: words.next() == Some(b"LAST") };
        b""
    }

    fn take_chunk(&mut self, octets: &[u8], due: usize, last: bool) -> Option<usize> {
        if octets.len() < due {
            return None;
        }
        self.totals.octets += due;
        self.totals.messages += usize::from(last);
        self.replies.extend_from_slice(OK);
        self.state = State::Command;
        Some(due)
    }

    fn take_content(&mut self, octets: &[u8]) -> Option<usize> {
        if self.content == 0 && octets.starts_with(&END[2..]) {
            return Some(self.end_content(0, 3));
        }
        let at = self.finder.find(octets)?;
        Some(self.end_content(at + 2, at + END.len()))
    }

    /// The CRLF before the dot belongs to the content.
    fn end_content(&mut self, content: usize, taken: usize) -> usize {
        self.totals.octets += self.content + content;
        self.totals.messages += 1;
        self.replies.extend_from_slice(OK);
        self.content = 0;
        self.state = State::Command;
        taken
    }

    /// Of what has no end yet, content is let go, except for what may be the start of its end.
    fn take_part(&mut self, octets: &[u8]) -> usize {
        match &mut self.state {
            State::Data => {
                let n = octets.len().saturating_sub(END.len() - 1);
                self.content += n;
                n
            }
            State::Chunk { left, .. } => {
                *left -= octets.len();
                self.totals.octets += octets.len();
                octets.len()
            }
            State::Command | State::Ended => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALOGUE: &[u8] = b"EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nDATA\r\n\
        one\r\n..\r\n.two\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<b>\r\nBDAT 3\r\nabcBDAT 2 LAST\r\nde\
        MAIL FROM:<>\r\nRCPT TO:<b>\r\nDATA\r\n.\r\nQUIT\r\n";

    #[test]
    fn every_split_gives_the_same_totals_and_replies() {
        let mut whole = Session::new();
        whole.take(DIALOGUE);
        let expected = Totals { messages: 3, recipients: 4, octets: 15 + 5 };
        assert_eq!(whole.take_totals(), expected);
        for size in 1..DIALOGUE.len() {
            let (mut session, mut kept) = (Session::new(), Vec::new());
            for piece in DIALOGUE.chunks(size) {
                kept.extend_from_slice(piece);
                let taken = session.take(&kept);
                kept.drain(..taken);
            }
            assert_eq!(session.take_totals(), expected, "pieces of {size}");
            assert_eq!(session.replies(), whole.replies(), "pieces of {size}");
        }
    }
}
