//! The peer: follows the steps of a script.

use alloc::{collections::VecDeque, format, string::String, vec::Vec};
use core::fmt;

use crate::reply::Escaped;

use super::script::{Rest, ScriptError, Step, steps};

/// A server that follows a [script](super), in memory.
///
/// Use it in tests of code that drives a client: pass the client's octets to [`hear`](Self::hear) and send the octets
/// of [`say`](Self::say) to the client, as [`wants`](Self::wants) asks. A client that deviates from the script gets a
/// [`Mismatch`], which names both sides.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    steps: VecDeque<Step>,
    /// Octets that have arrived and that no step has consumed.
    input: Vec<u8>,
    /// Octets to send that have not been read.
    output: Vec<u8>,
    heard: Vec<u8>,
    patient: bool,
}

/// The next call that a [`Peer`] needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum PeerWants {
    /// Send the octets of [`say`](Peer::say) to the client, and call [`said`](Peer::said).
    Say,
    /// Pass octets of the client to [`hear`](Peer::hear), or call [`hear_end`](Peer::hear_end) if it has closed.
    Hear,
    /// If the client sends nothing now, call [`quiet`](Peer::quiet).
    Quiet,
    /// Do a TLS handshake, then call [`tls_established`](Peer::tls_established).
    Tls,
    /// Close the connection, or treat it as closed.
    Close,
    /// Nothing: the script has ended.
    Nothing,
}

/// A deviation of the client from the script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch(String);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Mismatch {}

impl Peer {
    /// Creates a peer at the start of this script.
    ///
    /// # Errors
    /// [`ScriptError`] for the first line that is not a step.
    pub fn new(script: &str) -> Result<Self, ScriptError> {
        let mut peer = Self::default();
        peer.then(script)?;
        Ok(peer)
    }

    /// Accepts commands that arrive before the replies to earlier ones.
    #[must_use]
    pub fn patient(self) -> Self {
        Self { patient: true, ..self }
    }

    /// Appends steps to those that are left.
    ///
    /// # Errors
    /// [`ScriptError`] for the first line that is not a step. The steps before it are appended.
    pub fn then(&mut self, script: &str) -> Result<(), ScriptError> {
        for step in steps(script) {
            self.steps.push_back(step?);
        }
        self.say_what_is_next();
        Ok(())
    }

    /// Returns the next call that the peer needs.
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

    /// Receives octets from the client.
    ///
    /// # Errors
    /// [`Mismatch`] if the client deviates from the script.
    pub fn hear(&mut self, octets: &[u8]) -> Result<(), Mismatch> {
        self.input.extend_from_slice(octets);
        while let Some(taken) = self.take()? {
            self.steps.pop_front();
            self.heard.extend(self.input.drain(..taken));
            self.say_what_is_next();
        }
        Ok(())
    }

    /// Tells the peer that the client has closed the connection.
    ///
    /// # Errors
    /// [`Mismatch`] if the script expects more from the client.
    pub fn hear_end(&mut self) -> Result<(), Mismatch> {
        match self.steps.front() {
            Some(Step::Rest(rest)) => {
                let dot = self.input.windows(3).any(|octets| octets == b"\n.\r");
                if *rest == Rest::Unterminated && dot {
                    return Err(self.mismatch("content without the line with a single dot"));
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
            Some(Step::Content) => Err(self.mismatch("content and the line with a single dot")),
            _ => {
                self.quiet();
                Ok(())
            }
        }
    }

    /// Tells the peer that the client sends nothing now.
    pub fn quiet(&mut self) {
        self.pass(&Step::Quiet);
    }

    /// Tells the peer that the TLS handshake is done.
    pub fn tls_established(&mut self) {
        self.pass(&Step::Tls);
    }

    /// The octets that have to be sent to the client.
    #[must_use]
    pub fn say(&self) -> &[u8] {
        &self.output
    }

    /// Records that the first `n` octets of [`say`](Self::say) were sent.
    pub fn said(&mut self, n: usize) {
        self.output.drain(..n.min(self.output.len()));
    }

    /// All octets that the peer received, except those of `WAIT` and `UNTERMINATED`.
    #[must_use]
    pub fn heard(&self) -> &[u8] {
        &self.heard
    }

    /// Returns whether the script has ended, everything is sent, and the client has sent no more.
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

    /// Sends everything between this step and the next one that waits for the client.
    fn say_what_is_next(&mut self) {
        while let Some(Step::Say(_)) = self.steps.front() {
            if !self.patient && !self.input.is_empty() {
                // The step after this one decides about the octets that are already there.
                return;
            }
            if let Some(Step::Say(octets)) = self.steps.pop_front() {
                self.output.extend_from_slice(&octets);
            }
        }
    }

    /// Returns the number of octets that the current step consumes. `None` until they have arrived.
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
                Err(self.mismatch(&format!("waiting for {:?}", Escaped(reply))))
            }
            Some(Step::Quiet) => Err(self.mismatch("silence")),
            Some(Step::Tls) => Err(self.mismatch("a TLS handshake")),
            // Octets after the end stay in `input`, so the peer is not done.
            Some(Step::Rest(_) | Step::Close) | None => Ok(None),
        }
    }

    fn mismatch(&self, expected: &str) -> Mismatch {
        let (input, heard) = (Escaped(&self.input), Escaped(&self.heard));
        Mismatch(format!("received {input:?} instead of {expected}, after {heard:?}"))
    }
}

/// Returns the length of the content, including the line with a single dot.
fn content(input: &[u8]) -> Option<usize> {
    if input.starts_with(b".\r\n") {
        return Some(3);
    }
    let dot = input.windows(5).position(|octets| octets == b"\r\n.\r\n")?;
    Some(dot + 5)
}
