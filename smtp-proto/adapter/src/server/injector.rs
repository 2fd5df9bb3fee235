//! Faults at work: stands between the core's replies and the socket of one connection.

use std::{collections::HashMap, sync::Arc, time::Duration};

use smtp_proto::{reply::Code, server::Answer};

use super::faults::{At, Fault, Faults};

/// The connection has to be dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Dropped;

/// Follows the client's commands, and changes the replies that the client receives.
pub(super) struct Injector {
    faults: Arc<Faults>,
    lines: usize,
    times: HashMap<String, usize>,
    /// The next reply is that to `EHLO` or `LHLO`.
    hello: bool,
    /// The octets that replace the next reply; `behind` follows them.
    reply: Option<Vec<u8>>,
    behind: Vec<u8>,
    /// Octets that may still come.
    left: Option<u64>,
    closing: bool,
    /// The time to wait before more octets leave.
    pause: Option<Duration>,
    outgoing: Vec<u8>,
}

impl Injector {
    pub(super) fn new(faults: &Arc<Faults>, connection: u64) -> Self {
        let faults = if faults.concern(connection) { Arc::clone(faults) } else { Arc::default() };
        Self {
            lines: 0,
            times: HashMap::new(),
            hello: false,
            reply: None,
            behind: Vec::new(),
            left: faults.octets,
            closing: false,
            pause: None,
            outgoing: Vec::new(),
            faults,
        }
    }

    /// A line of the client is about to be taken.
    pub(super) fn line(&mut self, line: &[u8]) -> Result<(), Dropped> {
        self.lines += 1;
        let verb = line.split(|octet| !octet.is_ascii_alphabetic()).next().unwrap_or_default();
        let verb = String::from_utf8_lossy(verb).to_ascii_uppercase();
        self.hello = verb == "EHLO" || verb == "LHLO";
        self.at(verb)
    }

    /// Notes what the next reply belongs to: a verb in capitals, `CONNECT` or `.`.
    pub(super) fn at(&mut self, verb: impl Into<String>) -> Result<(), Dropped> {
        let verb = verb.into();
        let time = self.times.entry(verb.clone()).or_default();
        *time += 1;
        let faults = Arc::clone(&self.faults);
        let here = |(at, _): &&(At, Fault)| at.is(&verb, *time, self.lines);
        let here: Vec<_> = faults.rules.iter().filter(here).map(|(_, fault)| fault).collect();
        here.into_iter().try_for_each(|fault| self.happen(fault))
    }

    fn happen(&mut self, fault: &Fault) -> Result<(), Dropped> {
        match fault {
            Fault::Reply(reply) => self.reply = Some(reply.clone()),
            Fault::Behind(octets) => self.behind.extend_from_slice(octets),
            Fault::Delay(delay) => {
                self.pause = Some(self.pause.unwrap_or_default().saturating_add(*delay));
            }
            Fault::Drop => return Err(Dropped),
        }
        Ok(())
    }

    /// Returns the refusal to give to the core, so that the core agrees with the injected reply that the client
    /// receives.
    pub(super) fn refusal(&self) -> Option<Answer<'static>> {
        let code = code(self.reply.as_ref()?)?;
        Answer::new(code, None, "").ok().filter(|answer| answer.code().is_refusal())
    }

    /// The core has replied.
    pub(super) fn replied(&mut self, reply: &[u8]) {
        if reply.is_empty() || self.closing {
            return;
        }
        let hello = core::mem::take(&mut self.hello);
        match self.reply.take() {
            Some(reply) => {
                self.closing |= code(&reply) == Some(Code::SERVICE_CLOSING);
                self.outgoing.extend(reply);
            }
            None if hello => self.offer(reply),
            None => self.outgoing.extend_from_slice(reply),
        }
        self.outgoing.append(&mut self.behind);
    }

    /// The reply to `EHLO`, with other keywords.
    fn offer(&mut self, reply: &[u8]) {
        let text = String::from_utf8_lossy(reply);
        let is_hidden = |line: &&str| {
            let keyword = line.get(4..).and_then(|line| line.split(' ').next()).unwrap_or_default();
            self.faults.hidden.iter().any(|hidden| keyword.eq_ignore_ascii_case(hidden))
        };
        let mut offered = text.lines();
        let first = offered.next().unwrap_or_default();
        let code = first.get(..3).unwrap_or_default();
        let mut lines: Vec<_> = first.get(4..).into_iter().collect();
        lines.extend(offered.filter(|line| !is_hidden(line)).filter_map(|line| line.get(4..)));
        if code == "250" {
            lines.extend(self.faults.added.iter().map(String::as_str));
        }
        for (index, line) in lines.iter().enumerate() {
            let separator = if index + 1 == lines.len() { ' ' } else { '-' };
            self.outgoing.extend(format!("{code}{separator}{line}\r\n").into_bytes());
        }
    }

    /// Takes the time to wait now.
    pub(super) const fn take_pause(&mut self) -> Option<Duration> {
        self.pause.take()
    }

    /// Takes the octets for the client.
    pub(super) fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.outgoing)
    }

    /// Returns whether a 421 reply was injected.
    pub(super) const fn is_closing(&self) -> bool {
        self.closing
    }

    /// As much of `space` as may still be read into.
    pub(super) fn room(&self, space: usize) -> Result<usize, Dropped> {
        match self.left {
            Some(0) => Err(Dropped),
            Some(left) => Ok(usize::try_from(left).map_or(space, |left| left.min(space))),
            None => Ok(space),
        }
    }

    pub(super) fn came(&mut self, octets: usize) {
        self.left = self.left.map(|left| left.saturating_sub(octets as u64));
    }
}

fn code(reply: &[u8]) -> Option<Code> {
    let digits = core::str::from_utf8(reply.get(..3)?).ok()?;
    Code::new(digits.parse().ok()?)
}
