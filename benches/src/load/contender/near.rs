//! Near the limit: octets that stand ready are written, and lines that come back are counted.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
};

use memchr::memchr_iter;

use super::{SENDER, recipients};
use crate::load::{
    Failure,
    client::{Report, Session, blocking},
    content::block,
    job::Job,
};

const END: &[u8] = b".\r\n";

/// Messages in one write.
const BATCH: usize = 32;

/// Up to this size a message is put together with what stands around it.
const SMALL: usize = 64 << 10;

struct Wire {
    stream: TcpStream,
    space: Vec<u8>,
}

impl Wire {
    fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut wire = Self { stream, space: vec![0; 64 << 10] };
        wire.expect(1)?;
        wire.stream.write_all(b"EHLO client.example\r\n")?;
        wire.expect(7)?;
        Ok(wire)
    }

    /// Reads so many lines; the sink refuses nothing, and its totals tell if it did.
    fn expect(&mut self, mut lines: usize) -> io::Result<()> {
        while lines > 0 {
            let n = self.stream.read(&mut self.space)?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            lines = lines.saturating_sub(memchr_iter(b'\n', &self.space[..n]).count());
        }
        Ok(())
    }

    fn write_content(&mut self, mut octets: usize) -> io::Result<()> {
        while octets > 0 {
            let n = octets.min(block().len());
            self.stream.write_all(&block()[..n])?;
            octets -= n;
        }
        Ok(())
    }
}

/// MAIL and RCPT.
fn envelope(job: &Job) -> Vec<u8> {
    let mut commands = format!("MAIL FROM:<{SENDER}>\r\n");
    for recipient in recipients(job.recipients) {
        commands.extend(["RCPT TO:<", &recipient, ">\r\n"]);
    }
    commands.into_bytes()
}

struct TwoRoundTrips(Wire);

impl Session for TwoRoundTrips {
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let commands = [&envelope(job)[..], b"DATA\r\n"].concat();
        let small = if job.octets <= SMALL { job.octets } else { 0 };
        let last = [&block()[..small], END].concat();
        for _ in 0..job.messages {
            self.0.stream.write_all(&commands)?;
            self.0.expect(job.recipients + 2)?;
            self.0.write_content(job.octets - small)?;
            self.0.stream.write_all(&last)?;
            self.0.expect(1)?;
        }
        Ok(())
    }
}

struct OneRoundTrip(Wire);

impl Session for OneRoundTrip {
    /// The next envelope leaves with the end of the content before.
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let commands = [&envelope(job)[..], b"DATA\r\n"].concat();
        let both = [&block()[..job.octets], END, &commands].concat();
        self.0.stream.write_all(&commands)?;
        self.0.expect(job.recipients + 2)?;
        for _ in 1..job.messages {
            self.0.stream.write_all(&both)?;
            self.0.expect(job.recipients + 3)?;
        }
        self.0.stream.write_all(&both[..job.octets + END.len()])?;
        Ok(self.0.expect(1)?)
    }
}

struct Batches(Wire);

impl Session for Batches {
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let chunk = format!("BDAT {} LAST\r\n", job.octets).into_bytes();
        let small = if job.octets <= SMALL { job.octets } else { 0 };
        let message = [&envelope(job), &chunk, &block()[..small]].concat();
        let size = if small > 0 && job.recipients == 1 { BATCH } else { 1 };
        let batch = message.repeat(size);
        let mut left = job.messages;
        while left > 0 {
            let n = left.min(size);
            self.0.stream.write_all(&batch[..n * message.len()])?;
            self.0.write_content(job.octets - small)?;
            self.0.expect(n * (job.recipients + 2))?;
            left -= n;
        }
        Ok(())
    }
}

pub(super) fn two_round_trips(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    blocking(address, job, |address| Wire::open(address).map(TwoRoundTrips))
}

pub(super) fn one_round_trip(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    blocking(address, job, |address| Wire::open(address).map(OneRoundTrip))
}

pub(super) fn batches(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    blocking(address, job, |address| Wire::open(address).map(Batches))
}
