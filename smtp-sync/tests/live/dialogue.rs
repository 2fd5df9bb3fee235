//! What was said in a session.
#![allow(unreachable_pub, reason = "a module of a test")]

use std::sync::{Arc, Mutex};

use smtp_sync::Connector;

/// What was said, as the transcript has it.
#[derive(Clone, Default)]
pub struct Dialogue(Arc<Mutex<String>>);

impl Dialogue {
    pub fn of(connector: Connector) -> (Connector, Self) {
        let dialogue = Self::default();
        let lines = Arc::clone(&dialogue.0);
        let sink = move |line: &str| lines.lock().expect("no panic").extend([line, "\n"]);
        (connector.with_transcript(sink), dialogue)
    }

    pub fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }

    pub fn count(&self, lines: &str) -> usize {
        self.text().matches(lines).count()
    }
}
