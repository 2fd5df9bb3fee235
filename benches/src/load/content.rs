//! Content of any length, in canonical lines of base64, out of one block.

use core::{
    pin::Pin,
    task::{Context, Poll},
};
use std::io::{self, BufRead, Read};
use std::sync::OnceLock;

use tokio::io::{AsyncBufRead, AsyncRead, ReadBuf};

/// Octets of a line, with its end. A divisor of 1 KiB and of 10 MiB.
pub(crate) const LINE: usize = 64;

/// Octets that a reader has at hand, as a file's buffer would.
const BLOCK: usize = 64 << 10;

/// Whole lines without a dot, so that nothing needs to be stuffed and everybody's octets are the same.
pub(crate) fn block() -> &'static [u8] {
    static CONTENT: OnceLock<Vec<u8>> = OnceLock::new();
    CONTENT.get_or_init(|| {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let octet = |at: usize| match at % LINE {
            62 => b'\r',
            63 => b'\n',
            column => alphabet[(column * 7 + at / LINE * 11) % 64],
        };
        (0..BLOCK).map(octet).collect()
    })
}

/// The whole of it, for those who cannot read it piece by piece.
pub(crate) fn in_memory(octets: usize) -> Vec<u8> {
    block().iter().copied().cycle().take(octets).collect()
}

/// A reader that has a block at hand, and never the whole content.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    left: usize,
}

impl Content {
    pub(crate) const fn new(octets: usize) -> Self {
        Self { left: octets }
    }

    fn at_hand(&self) -> &'static [u8] {
        // `left` only falls, so what is gone of the block stands in its remainder.
        let gone = (BLOCK - self.left % BLOCK) % BLOCK;
        &block()[gone..][..self.left.min(BLOCK - gone)]
    }
}

impl Read for Content {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let n = self.at_hand().read(space)?;
        self.left -= n;
        Ok(n)
    }
}

impl BufRead for Content {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.at_hand())
    }

    fn consume(&mut self, n: usize) {
        self.left -= n;
    }
}

impl AsyncRead for Content {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let at_hand = self.at_hand();
        let n = at_hand.len().min(space.remaining());
        space.put_slice(&at_hand[..n]);
        self.left -= n;
        Poll::Ready(Ok(()))
    }
}

impl AsyncBufRead for Content {
    fn poll_fill_buf(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        Poll::Ready(Ok(self.at_hand()))
    }

    fn consume(mut self: Pin<&mut Self>, n: usize) {
        self.left -= n;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gives_what_stands_in_memory() {
        for octets in [0, LINE, BLOCK - LINE, BLOCK, 3 * BLOCK + 5 * LINE] {
            let mut read = Vec::new();
            Content::new(octets).read_to_end(&mut read).expect("it never fails");
            assert_eq!(read.len(), octets);
            assert!(read.ends_with(b"\r\n") || read.is_empty());
        }
    }
}
