//! BDAT (RFC 3030) on the wire: which chunks may leave, and whether they add up to the content.

use smtp_proto::client::Chunking;

use crate::{
    asked::Asked, broken::Broken, oracle::Oracle, record::Record, scenario::CONTENT,
    symbol::Symbol, wire::Mode,
};

/// What a BDAT command announces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Chunk {
    size: usize,
    last: bool,
}

impl Chunk {
    /// Reads `BDAT 2` or `BDAT 2 LAST`.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let announced = str::from_utf8(line).ok()?.strip_prefix("BDAT ")?.strip_suffix("\r\n")?;
        let of_last = announced.strip_suffix(" LAST");
        let size = of_last.unwrap_or(announced).parse().ok()?;
        Some(Self { size, last: of_last.is_some() })
    }

    /// Whether these are all its octets.
    pub const fn is_whole(self, octets: &[u8]) -> bool {
        octets.len() == self.size
    }

    /// Before all octets of the last chunk have left, only a refusal makes sense.
    const fn asks(self) -> Asked {
        match (self.last, self.size) {
            (false, _) => Asked::Chunk,
            (true, 0) => Asked::Final,
            (true, _) => Asked::Content,
        }
    }
}

impl Oracle {
    /// How content leaves after what was offered.
    pub fn chunking(&self) -> Chunking {
        if !self.chunks || self.offers != Some(Symbol::Offers) {
            Chunking::Off
        } else if self.in_flight && self.pipelining {
            Chunking::InFlight
        } else {
            Chunking::AfterRecipients
        }
    }

    /// A BDAT command has left.
    pub fn chunk_announced(&mut self, chunk: Chunk) {
        self.hold(Broken::D25, self.may_announce());
        self.hold(Broken::D21, chunk.last || chunk.size > 0);
        self.asked(chunk.asks());
        self.mode = Mode::Chunk(chunk);
        if chunk.is_whole(&[]) {
            self.chunk_left(chunk);
        }
    }

    fn may_announce(&self) -> bool {
        let Some(leaving) = self.open.iter().rfind(|record| record.mail_left) else { return false };
        let is_answering = self.open.iter().filter(|record| record.mail_left).count() == 1;
        match self.chunking() {
            Chunking::AfterRecipients => {
                is_answering && leaving.is_wanted() && leaving.rcpt.len() == leaving.recipients
            }
            Chunking::InFlight => {
                let is_forfeit = is_answering && self.forfeit == Some(0);
                usize::from(self.recipients_left) == leaving.recipients && !is_forfeit
            }
            _ => false,
        }
    }

    /// Whether these octets are the next of the content.
    pub fn is_next_of_content(&self, octets: &[u8]) -> bool {
        CONTENT[self.chunked..].starts_with(octets)
    }

    /// All octets of a chunk have left.
    pub fn chunk_left(&mut self, chunk: Chunk) {
        self.mode = Mode::Commands;
        self.chunked += chunk.size;
        if !chunk.last {
            return;
        }
        self.hold(Broken::D21, self.chunked == CONTENT.len());
        if let Some(leaving) = self.open.iter_mut().rfind(|record| record.mail_left) {
            leaving.handed_over = true;
        }
        if let Some(content) = self.expected.iter_mut().find(|asked| **asked == Asked::Content) {
            *content = Asked::Final;
        }
    }

    /// The server answers a chunk that is not the last. Behind one that it refuses no other may
    /// start, unless they are all swallowed because the envelope was refused.
    pub fn chunk_answered(&mut self, class: u8) {
        let Some(record) = self.open.front_mut() else { return };
        if record.is_wanted() && class >= 4 {
            record.last.push(class);
            record.early = true;
            self.must_end = Some(Broken::D21);
        } else {
            record.data = Some(class);
        }
    }

    /// The only envelope there is turned out to be refused when so many octets could no longer be
    /// taken back: no chunk may start behind them.
    pub fn note_forfeit(&mut self, released: usize) {
        let alone = self.open.len() == 1 && self.chunking() == Chunking::InFlight;
        if alone && self.open.front().is_some_and(Record::is_for_nobody) {
            self.forfeit.get_or_insert(released);
        }
    }
}
