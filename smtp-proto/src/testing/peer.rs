//! Follows the script.

use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use core::fmt;

use super::script::{Rest, ScriptError, Step, steps};
use crate::reply::Escaped;

/// A server that follows a [script](super), in memory.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    steps: VecDeque<Step>,
    /// What has come and no step has taken.
    input: Vec<u8>,
    /// What has been said and not been read.
    output: Vec<u8>,
    heard: Vec<u8>,
    patient: bool,
}

/// What the one who drives a [`Peer`] has to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum PeerWants {
    /// Hand what it [says](Peer::say) to the client.
    Say,
    /// Hand it what the client says, or that it has closed.
    Hear,
    /// See whether the client says anything now, and [tell](Peer::quiet) if it does not.
    Quiet,
    /// Shake hands, and [tell](Peer::tls_established).
    Tls,
    /// Close the connection, or hold that it is closed.
    Close,
    /// The script is at its end.
    Nothing,
}

/// What the client said, or did not, against the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch(String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Mismatch {}

impl Peer {
    /// A peer at the start of this script.
    ///
    /// # Errors
    /// The first line that is no step.
    pub fn new(script: &str) -> Result<Self, ScriptError> {
        let mut peer = Self::default();
        peer.then(script)?;
        Ok(peer)
    }

    /// The same, and does not mind commands that come before those before them are answered.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    /// Adds steps behind those that are left.
    ///
    /// # Errors
    /// The first line that is no step; the steps before it are added.
    pub fn then(&mut self, script: &str) -> Result<(), ScriptError> {
        for step in steps(script) {
            self.steps.push_back(step?);
        }
        self.say_what_is_next();
        Ok(())
    }

    /// What is to be done next.
    pub fn wants(&self) -> PeerWants {
        if !self.output.is_empty() {
            return PeerWants::Say;
        }
        match self.steps.front() {
            Some(Step::Quiet) => PeerWants::Quiet,
            Some(Step::Tls) => PeerWants::Tls,
            Some(Step::Close) => PeerWants::Close,
            Some(_) => PeerWants::Hear,
            None => PeerWants::Nothing,
        }
    }

    /// Takes what the client has said.
    ///
    /// # Errors
    /// It is not what the script says.
    pub fn hear(&mut self, octets: &[u8]) -> Result<(), Mismatch> {
        self.input.extend_from_slice(octets);
        while let Some(taken) = self.take()? {
            self.steps.pop_front();
            self.heard.extend(self.input.drain(..taken));
            self.say_what_is_next();
        }
        Ok(())
    }

    /// The client has closed.
    ///
    /// # Errors
    /// The script has more for it to say.
    pub fn hear_end(&mut self) -> Result<(), Mismatch> {
        match self.steps.front() {
            Some(Step::Rest(rest)) => {
                let dot = self.input.windows(3).any(|octets| octets == b"\n.\r");
                if *rest == Rest::Unterminated && dot {
                    return Err(self.mismatch("content without end"));
                }
                if *rest == Rest::Kept {
                    self.heard.append(&mut self.input);
                }
                self.input.clear();
                self.steps.pop_front();
                self.say_what_is_next();
                Ok(())
            }
            Some(Step::Hear(line) | Step::HearStart(line)) => {
                Err(self.mismatch(&format!("{:?}", Escaped(line))))
            }
            Some(Step::Content) => Err(self.mismatch("content and its end")),
            _ => {
                self.quiet();
                Ok(())
            }
        }
    }

    /// The client says nothing now.
    pub fn quiet(&mut self) {
        self.pass(&Step::Quiet);
    }

    /// The handshake is done.
    pub fn tls_established(&mut self) {
        self.pass(&Step::Tls);
    }

    /// What it has to say.
    #[must_use]
    pub fn say(&self) -> &[u8] {
        &self.output
    }

    /// The first `n` octets of [`say`](Self::say) are on their way.
    pub fn said(&mut self, n: usize) {
        self.output.drain(..n.min(self.output.len()));
    }

    /// All that it has heard and the script has an entry for.
    #[must_use]
    pub fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Returns whether the script is at its end, all that it says is read, and the client has said no more.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let over = matches!(self.wants(), PeerWants::Close | PeerWants::Nothing);
        over && self.input.is_empty()
    }

    fn pass(&mut self, step: &Step) {
        if self.steps.front() == Some(step) {
            self.steps.pop_front();
            self.say_what_is_next();
        }
    }

    /// Says all that stands between this step and the next that waits for the client.
    fn say_what_is_next(&mut self) {
        while let Some(Step::Say(_)) = self.steps.front() {
            if !self.patient && !self.input.is_empty() {
                // What it hears next will tell.
                return;
            }
            if let Some(Step::Say(octets)) = self.steps.pop_front() {
                self.output.extend_from_slice(&octets);
            }
        }
    }

    /// How many octets the step at hand takes, once they have come.
    fn take(&self) -> Result<Option<usize>, Mismatch> {
        if self.input.is_empty() {
            return Ok(None);
        }
        let line = self.input.iter().position(|&octet| octet == b'\n').map(|end| end + 1);
        match self.steps.front() {
            Some(Step::Hear(expected)) if self.input.starts_with(expected) => {
                Ok(Some(expected.len()))
            }
            Some(Step::Hear(expected)) if expected.starts_with(&self.input) => Ok(None),
            Some(Step::HearStart(start)) if self.input.starts_with(start) => Ok(line),
            Some(Step::HearStart(start)) if start.starts_with(&self.input) => Ok(None),
            Some(Step::Hear(line) | Step::HearStart(line)) => {
                Err(self.mismatch(&format!("{:?}", Escaped(line))))
            }
            Some(Step::Content) => Ok(content(&self.input)),
            Some(Step::Say(reply)) => {
                Err(self.mismatch(&format!("a wait for {:?}", Escaped(reply))))
            }
            Some(Step::Quiet) => Err(self.mismatch("silence")),
            Some(Step::Tls) => Err(self.mismatch("a handshake")),
            // What comes behind the end stays: it is not done, then.
            Some(Step::Rest(_) | Step::Close) | None => Ok(None),
        }
    }

    fn mismatch(&self, expected: &str) -> Mismatch {
        let (input, heard) = (Escaped(&self.input), Escaped(&self.heard));
        Mismatch(format!("heard {input:?} in place of {expected}, behind {heard:?}"))
    }
}

/// How long the content is with its lone dot.
fn content(input: &[u8]) -> Option<usize> {
    if input.starts_with(b".\r\n") {
        return Some(3);
    }
    let dot = input.windows(5).position(|octets| octets == b"\r\n.\r\n")?;
    Some(dot + 5)
}
