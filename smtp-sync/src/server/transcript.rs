//! The dialogue as a person reads it, line by line.

use std::sync::Arc;

use smtp_proto::reply::Escaped;

/// Gets the number of a connection and a line.
pub(super) type Sink = dyn Fn(u64, &str) + Send + Sync;

/// The dialogue of one connection, where somebody wants it.
pub(super) struct Transcript {
    sink: Option<Arc<Sink>>,
    number: u64,
    content: u64,
}

impl Transcript {
    pub(super) const fn new(sink: Option<Arc<Sink>>, number: u64) -> Self {
        Self { sink, number, content: 0 }
    }

    /// A line of the client, its secrets left out already.
    pub(super) fn received(&self, line: Option<&[u8]>) {
        if let Some(line) = line {
            self.put("C: ", line);
        }
    }

    /// Whole replies.
    pub(super) fn sent(&self, replies: &[u8]) {
        for line in replies.split_inclusive(|&octet| octet == b'\n') {
            self.put("S: ", line.trim_ascii_end());
        }
    }

    pub(super) fn content(&mut self, octets: usize) {
        self.content += octets as u64;
    }

    pub(super) fn end_of_content(&mut self) {
        let told = format!("({} octets of content)", self.content);
        self.put("C: ", told.as_bytes());
        self.put("C: ", b".");
        self.content = 0;
    }

    fn put(&self, who: &str, line: &[u8]) {
        if let Some(sink) = &self.sink {
            sink(self.number, &format!("{who}{}", Escaped(line)));
        }
    }
}
