//! The transcript of a session, line by line, for people to read.

use std::sync::Arc;

use smtp_proto::reply::Escaped;

/// Gets the number of a connection and a line.
pub(super) type Sink = dyn Fn(u64, &str) + Send + Sync;

/// The transcript of one connection, if the caller wants one.
pub(super) struct Transcript {
    sink: Option<Arc<Sink>>,
    number: u64,
    content: u64,
    /// The content ends with a dot.
    stuffed: bool,
}

impl Transcript {
    pub(super) const fn new(sink: Option<Arc<Sink>>, number: u64) -> Self {
        Self { sink, number, content: 0, stuffed: false }
    }

    /// A line of the client, its secrets left out already.
    pub(super) fn received(&mut self, line: Option<&[u8]>) {
        self.chunk();
        if let Some(line) = line {
            self.put("C: ", line);
        }
    }

    /// Whole replies.
    pub(super) fn sent(&mut self, replies: &[u8]) {
        self.chunk();
        for line in replies.split_inclusive(|&octet| octet == b'\n') {
            self.put("S: ", line.trim_ascii_end());
        }
    }

    pub(super) const fn data(&mut self) {
        self.stuffed = true;
    }

    pub(super) const fn content(&mut self, octets: usize) {
        self.content += octets as u64;
    }

    pub(super) fn end_of_content(&mut self) {
        if !core::mem::take(&mut self.stuffed) {
            return self.chunk();
        }
        self.count_content();
        self.put("C: ", b".");
    }

    /// Content that no dot ends, where there is some.
    fn chunk(&mut self) {
        if self.content > 0 && !self.stuffed {
            self.count_content();
        }
    }

    fn count_content(&mut self) {
        let told = format!("({} octets of content)", self.content);
        self.put("C: ", told.as_bytes());
        self.content = 0;
    }

    fn put(&self, who: &str, line: &[u8]) {
        if let Some(sink) = &self.sink {
            sink(self.number, &format!("{who}{}", Escaped(line)));
        }
    }
}
