//! What passed between the two, for whoever replays a session that failed.

/// Nothing is written unless it is shown.
#[derive(Debug, Default)]
pub(crate) struct Dialogue {
    pub(crate) shown: bool,
    speaker: &'static str,
    octets: Vec<u8>,
}

impl Dialogue {
    pub(crate) const fn new(shown: bool) -> Self {
        Self { shown, speaker: "", octets: Vec::new() }
    }

    /// Octets as they left or came; pieces of one speaker are joined.
    pub(crate) fn heard(&mut self, speaker: &'static str, octets: &[u8]) {
        if !self.shown {
            return;
        }
        if self.speaker != speaker {
            self.flush();
        }
        self.speaker = speaker;
        self.octets.extend_from_slice(octets);
    }

    pub(crate) fn note(&mut self, note: impl FnOnce() -> String) {
        if self.shown {
            self.flush();
            println!("        {}", note());
        }
    }

    pub(crate) fn flush(&mut self) {
        for line in self.octets.split_inclusive(|&octet| octet == b'\n') {
            println!("{:>6}: {}", self.speaker, line.escape_ascii());
        }
        self.octets.clear();
    }
}
