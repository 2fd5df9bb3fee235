//! Two streams of octets in memory, and what goes wrong with them.

use std::collections::VecDeque;

use super::fault::{Direction, Fault, Kind};

/// What came of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Written {
    /// So many octets are on their way.
    Some(usize),
    /// There is no room now.
    Full,
    /// There never will be.
    Broken,
}

/// What came of a read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Read {
    Some(usize),
    Nothing,
    End,
    Reset,
}

/// One stream.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about the stream")]
struct Pipe {
    octets: VecDeque<u8>,
    capacity: usize,
    /// Octets written so far.
    written: usize,
    /// Nothing follows what is there; nothing can be written any more.
    closed: bool,
    /// Whoever writes is not told that it is closed.
    silent: bool,
    fault: Option<(usize, Kind)>,
    stalled: bool,
    /// What may have to come twice or not at all, while it is not whole.
    held: Vec<u8>,
    /// Held are replies of several lines, not single lines.
    replies: bool,
}

impl Pipe {
    fn new(capacity: usize, fault: Option<(usize, Kind)>, replies: bool, silent: bool) -> Self {
        let octets = VecDeque::new();
        let (written, closed, stalled, held) = (0, false, false, Vec::new());
        Self { octets, capacity, written, closed, silent, fault, stalled, held, replies }
    }

    /// How many octets fit before the place of the fault, or at all.
    fn room(&self) -> usize {
        self.capacity.saturating_sub(self.octets.len())
    }

    fn is_due(&self, kind: impl Fn(Kind) -> bool) -> bool {
        self.fault.is_some_and(|(at, found)| self.written >= at && kind(found))
    }

    fn write(&mut self, octets: &[u8]) -> Written {
        if self.closed || self.stalled {
            let swallowed = self.silent || self.stalled;
            return if swallowed { Written::Some(octets.len()) } else { Written::Broken };
        }
        let n = octets.len().min(self.room()).min(self.before_fault());
        if n == 0 {
            return Written::Full;
        }
        self.push(&octets[..n]);
        self.strike();
        Written::Some(n)
    }

    /// A write never goes beyond the octet where something happens.
    fn before_fault(&self) -> usize {
        match self.fault {
            Some((at, _)) if at > self.written => at - self.written,
            _ => usize::MAX,
        }
    }

    fn push(&mut self, octets: &[u8]) {
        match self.fault {
            Some((at, kind @ (Kind::Twice | Kind::Dropped | Kind::Replaced(_)))) => {
                self.push_whole(octets, at, kind);
            }
            _ => self.octets.extend(octets),
        }
        self.written += octets.len();
    }

    fn push_whole(&mut self, octets: &[u8], at: usize, kind: Kind) {
        for (place, &octet) in (self.written + 1..).zip(octets) {
            self.held.push(octet);
            if octet != b'\n' || (self.replies && !is_last_line(&self.held)) {
                continue;
            }
            let whole = std::mem::take(&mut self.held);
            let struck = (place - whole.len()..place).contains(&at);
            match kind {
                Kind::Dropped if struck => {}
                Kind::Replaced(by) if struck => self.octets.extend(by),
                Kind::Twice if struck => self.octets.extend(whole.repeat(2)),
                _ => self.octets.extend(whole),
            }
        }
    }

    /// What happens at this octet, if anything does.
    fn strike(&mut self) {
        match self.fault {
            Some((at, Kind::Eof)) if self.written >= at => self.closed = true,
            Some((at, Kind::Stall)) if self.written >= at => self.stalled = true,
            Some((at, Kind::Inserted(octets))) if self.written >= at => {
                self.octets.extend(octets);
                self.fault = None;
            }
            _ => {}
        }
    }

    fn read(&mut self, into: &mut [u8]) -> Read {
        let n = into.len().min(self.octets.len());
        for (slot, octet) in into.iter_mut().zip(self.octets.drain(..n)) {
            *slot = octet;
        }
        match n {
            0 if self.closed && !self.stalled => Read::End,
            0 => Read::Nothing,
            n => Read::Some(n),
        }
    }
}

/// Whether a reply ends with the line at its end.
fn is_last_line(reply: &[u8]) -> bool {
    let line = reply[..reply.len() - 1].rsplit(|&octet| octet == b'\n').next();
    line.and_then(|line| line.get(3)) != Some(&b'-')
}

/// Both streams.
#[derive(Debug)]
pub(crate) struct Network {
    to_server: Pipe,
    to_client: Pipe,
    reset: bool,
}

impl Network {
    /// `silent`: writes to a peer that has gone are lost without a word.
    pub(crate) fn new(capacity: usize, fault: Option<Fault>, silent: bool) -> Self {
        let of = |direction| {
            let fault = fault.filter(|fault| fault.direction == direction);
            fault.map(|fault| (fault.at, fault.kind))
        };
        let (to_server, to_client) = (of(Direction::ToServer), of(Direction::ToClient));
        let mut network = Self {
            to_server: Pipe::new(capacity, to_server, false, silent),
            to_client: Pipe::new(capacity, to_client, true, true),
            reset: false,
        };
        network.to_server.strike();
        network.to_client.strike();
        network.break_down();
        network
    }

    const fn pipe(&mut self, direction: Direction) -> &mut Pipe {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    pub(crate) fn write(&mut self, direction: Direction, octets: &[u8]) -> Written {
        if self.reset {
            return Written::Broken;
        }
        let written = self.pipe(direction).write(octets);
        self.break_down();
        written
    }

    /// The server's last words are not kept back by a full pipe.
    pub(crate) fn say_last(&mut self, octets: &[u8]) {
        self.to_client.capacity = usize::MAX;
        self.to_client.write(octets);
    }

    fn break_down(&mut self) {
        let is_reset = |kind| kind == Kind::Reset;
        if !self.reset && (self.to_server.is_due(is_reset) || self.to_client.is_due(is_reset)) {
            self.reset = true;
            self.to_server.octets.clear();
            self.to_client.octets.clear();
        }
    }

    pub(crate) fn read(&mut self, direction: Direction, into: &mut [u8]) -> Read {
        if self.reset {
            return Read::Reset;
        }
        self.pipe(direction).read(into)
    }

    /// Whether a read would say anything.
    pub(crate) fn has_news(&self, direction: Direction) -> bool {
        let pipe = match direction {
            Direction::ToServer => &self.to_server,
            Direction::ToClient => &self.to_client,
        };
        self.reset || !pipe.octets.is_empty() || (pipe.closed && !pipe.stalled)
    }

    /// One side has gone: what it wrote can be read, and what is written to it is lost.
    pub(crate) const fn leave(&mut self) {
        self.to_server.closed = true;
        self.to_client.closed = true;
    }

    /// How many octets were written.
    pub(crate) const fn written(&self, direction: Direction) -> usize {
        match direction {
            Direction::ToServer => self.to_server.written,
            Direction::ToClient => self.to_client.written,
        }
    }
}
