//! One TLS session over a blocking stream, of a client or a server.

use core::{ops::DerefMut, time::Duration};
use std::io::{self, Read, Write};

use rustls::{ConnectionCommon, SideData};

use smtp_adapter::TlsError;

use crate::stream::Stream;

/// The time limit for writing the last record, `close_notify`.
const GOODBYE: Duration = Duration::from_millis(10);

/// A stream and what encrypts it.
///
/// Each call reads or writes the stream at most once before it comes back, with
/// [`io::ErrorKind::WouldBlock`] if that was not enough: a peer that sends octet by octet cannot keep
/// it beyond the deadline. It reads even if it can no longer write.
#[derive(Debug)]
pub(crate) struct Session<C, S> {
    connection: C,
    stream: S,
}

impl<C, S> Session<C, S> {
    pub(crate) const fn new(connection: C, stream: S) -> Self {
        Self { connection, stream }
    }
}

impl<C, Side, S> Session<C, S>
where
    C: DerefMut<Target = ConnectionCommon<Side>>,
    Side: SideData,
    S: Stream,
{
    pub(crate) fn is_shaking_hands(&self) -> bool {
        self.connection.is_handshaking() || self.connection.wants_write()
    }

    /// Takes one step of the handshake.
    pub(crate) fn shake_hands_on(&mut self) -> Result<(), TlsError> {
        let step = if self.connection.wants_write() { self.flush() } else { self.read_records() };
        match step {
            Err(error) if is_transient(&error) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Reads what the stream has and decrypts it; the end of the stream is an error.
    fn read_records(&mut self) -> io::Result<()> {
        if self.connection.read_tls(&mut self.stream)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = self.connection.process_new_packets() {
            // The alert that says why; the error itself matters more.
            self.flush().ok();
            return Err(io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Ok(())
    }

    /// Writes records once; what is left then is for the next call.
    fn write_records(&mut self) -> io::Result<()> {
        if self.connection.wants_write() && self.connection.write_tls(&mut self.stream)? == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if self.connection.wants_write() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    }

    /// Nothing more comes (`close_notify`, RFC 8446 6.1).
    pub(crate) fn say_goodbye(&mut self) {
        self.connection.send_close_notify();
        // Who is gone, or takes nothing any more, does not hear it.
        if self.stream.set_timeout(GOODBYE).is_ok() {
            self.connection.write_tls(&mut self.stream).ok();
        }
    }

    pub(crate) fn exporter(&self) -> Option<[u8; 32]> {
        smtp_adapter::exporter(&self.connection)
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.stream.set_timeout(timeout)
    }
}

impl<C, Side, S> Read for Session<C, S>
where
    C: DerefMut<Target = ConnectionCommon<Side>>,
    Side: SideData,
    S: Stream,
{
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.connection.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.read_records()?;
                self.connection.reader().read(buffer)
            }
            done => done,
        }
    }
}

impl<C, Side, S> Write for Session<C, S>
where
    C: DerefMut<Target = ConnectionCommon<Side>>,
    Side: SideData,
    S: Stream,
{
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.write_records()?;
        let taken = self.connection.writer().write(octets)?;
        // They are taken. If they do not leave now, the next call says why.
        self.write_records().ok();
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_records()?;
        self.stream.flush()
    }
}

fn is_transient(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::Interrupted | K::WouldBlock | K::TimedOut)
}
