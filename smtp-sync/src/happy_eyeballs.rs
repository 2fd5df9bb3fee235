//! Several addresses of one host, tried side by side (RFC 8305): one that does not respond costs a quarter of a second,
//! not a time-out.

use core::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use std::{
    io::{self, ErrorKind::TimedOut},
    net::TcpStream,
    thread,
    time::Instant,
};

use smtp_adapter::{delay, in_turns};
use socket2::{Domain, Socket, Type};

/// The interval between checks of several connection attempts. The standard library can wait for one attempt, but not
/// for the first of several; a check costs three system calls for each attempt.
const LOOK: Duration = Duration::from_millis(5);

/// No system call takes a limit of zero.
const SHORTEST: Duration = Duration::from_millis(1);

/// The first connection that one of the addresses takes within the limit; the others are given up.
pub(crate) fn connect(
    addresses: Vec<SocketAddr>,
    source: Option<IpAddr>,
    limit: Duration,
) -> io::Result<TcpStream> {
    Race::new(in_turns(addresses, source), source, limit).run().map(Into::into)
}

struct Race {
    waiting: std::vec::IntoIter<SocketAddr>,
    source: Option<IpAddr>,
    running: Vec<Socket>,
    /// The time to wait before the next address is tried too.
    delay: Duration,
    /// The time at which the next address is tried.
    next: Instant,
    /// The time at which all attempts end; `None` if it is beyond the range of the clock.
    end: Option<Instant>,
    last: io::Error,
}

impl Race {
    fn new(addresses: Vec<SocketAddr>, source: Option<IpAddr>, limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            delay: delay(addresses.len(), limit),
            waiting: addresses.into_iter(),
            source,
            running: Vec::new(),
            next: now,
            end: now.checked_add(limit),
            last: io::Error::new(io::ErrorKind::NotFound, "the host has no address"),
        }
    }

    fn run(mut self) -> io::Result<Socket> {
        loop {
            if self.running.is_empty() || self.next <= Instant::now() {
                if let Some(connected) = self.start_next() {
                    return Ok(connected);
                }
            }
            if let Some(connected) = self.look() {
                return Ok(connected);
            }
            if self.left().is_zero() {
                return Err(TimedOut.into());
            }
            if self.running.is_empty() && self.waiting.len() == 0 {
                return Err(self.last);
            }
            if !self.running.is_empty() {
                thread::sleep(LOOK.min(self.left()));
            }
        }
    }

    fn left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// Starts the next attempt, and waits for it as long as there is nothing else to do.
    fn start_next(&mut self) -> Option<Socket> {
        let address = self.waiting.next()?;
        let patience = match (self.running.is_empty(), self.waiting.len()) {
            (true, 0) => self.left(),
            (true, _) => self.delay.min(self.left()),
            (false, _) => SHORTEST,
        };
        self.next = Instant::now() + self.delay;
        match attempt(address, self.source, patience.max(SHORTEST)) {
            Ok((socket, true)) => return Some(socket),
            Ok((socket, false)) => self.running.push(socket),
            Err(error) => self.fail(error),
        }
        None
    }

    /// A failure need not be waited out.
    fn fail(&mut self, error: io::Error) {
        self.last = error;
        self.next = Instant::now();
    }

    /// A connection that has come to be; those that have failed are given up.
    fn look(&mut self) -> Option<Socket> {
        let mut at = 0;
        while at < self.running.len() {
            let socket = &self.running[at];
            match socket.take_error() {
                Ok(None) if socket.peer_addr().is_ok() => {
                    return Some(self.running.swap_remove(at));
                }
                Ok(None) => at += 1,
                Ok(Some(error)) | Err(error) => {
                    drop(self.running.swap_remove(at));
                    self.fail(error);
                }
            }
        }
        None
    }
}

/// Begins to connect; says whether that was done in time. If not it goes on.
fn attempt(
    address: SocketAddr,
    source: Option<IpAddr>,
    patience: Duration,
) -> io::Result<(Socket, bool)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if let Some(source) = source {
        socket.bind(&SocketAddr::new(source, 0).into())?;
    }
    match socket.connect_timeout(&address.into(), patience) {
        Ok(()) => Ok((socket, true)),
        // Not the system's own error, which ends the attempt.
        Err(error) if error.kind() == TimedOut && error.raw_os_error().is_none() => {
            Ok((socket, false))
        }
        Err(error) => Err(error),
    }
}
