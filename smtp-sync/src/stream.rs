//! The stream between client and server.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

/// A stream of octets both ways whose calls do not wait for ever.
///
/// Wrap a stream that knows no time limits in [`Untimed`].
pub trait Stream: Read + Write {
    /// Lets a `read` or `write` that waits longer than this fail with [`io::ErrorKind::WouldBlock`]
    /// or [`io::ErrorKind::TimedOut`]. Never zero.
    ///
    /// # Errors
    /// Those of the stream.
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()>;
}

/// Any stream, as [`Connector::connect`](crate::Connector::connect) makes it.
pub type BoxedStream = Box<dyn Stream + Send>;

impl Stream for TcpStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

#[cfg(unix)]
impl Stream for UnixStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

impl<S: Stream + ?Sized> Stream for &mut S {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_timeout(timeout)
    }
}

impl<S: Stream + ?Sized> Stream for Box<S> {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        (**self).set_timeout(timeout)
    }
}

/// The time limit that was last set on a stream.
#[derive(Debug, Default)]
pub(crate) struct Told(Option<Duration>);

/// No socket takes a limit of zero.
const SHORTEST: Duration = Duration::from_millis(1);

impl Told {
    pub(crate) const NOTHING: Self = Self(None);

    /// Tells the stream how long it may wait. What it was told before stays while it is neither too long nor far too
    /// short: a call that comes back early costs less than two system calls for each of them.
    pub(crate) fn tell<S: Stream>(&mut self, stream: &mut S, left: Duration) -> io::Result<()> {
        if !self.0.is_some_and(|told| told <= left && told >= left / 8) {
            let told = left.max(SHORTEST);
            stream.set_timeout(told)?;
            self.0 = Some(told);
        }
        Ok(())
    }
}

/// A stream without time limits of its own: they are checked only between its calls.
#[derive(Debug)]
pub struct Untimed<S>(pub S);

impl<S: Read> Read for Untimed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl<S: Write> Write for Untimed<S> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> Stream for Untimed<S> {
    fn set_timeout(&mut self, _timeout: Duration) -> io::Result<()> {
        Ok(())
    }
}
