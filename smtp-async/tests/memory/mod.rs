//! A client and a server in memory, polled by hand: every wait of the client's can be made its last.
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

pub mod far;

use std::{
    cell::RefCell,
    future::Future,
    io::{self, Read},
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use far::Far;

/// Ready for one call, which moves only so many octets, and then not for two: a future that tries
/// again at once, as a handshake does, has to wait all the same.
pub struct Halting {
    far: Rc<RefCell<Far>>,
    size: usize,
    calls: usize,
}

impl Halting {
    pub fn new(far: &Rc<RefCell<Far>>, size: usize) -> Self {
        Self { far: Rc::clone(far), size, calls: 0 }
    }

    /// Whether it is not ready this time.
    fn halts(&mut self, context: &Context<'_>) -> bool {
        self.calls += 1;
        let halts = self.calls % 3 != 0;
        if halts {
            context.waker().wake_by_ref();
        }
        halts
    }
}

impl AsyncRead for Halting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.size.min(space.remaining());
        {
            let mut far = self.far.borrow_mut();
            far.run();
            // What never comes wakes nobody.
            if far.to_client.is_empty() && !far.closed {
                return Poll::Pending;
            }
        }
        if self.halts(context) {
            return Poll::Pending;
        }
        let mut far = self.far.borrow_mut();
        let n = far.to_client.read(space.initialize_unfilled_to(size))?;
        space.advance(n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Halting {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.halts(context) {
            return Poll::Pending;
        }
        let mut far = self.far.borrow_mut();
        if far.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let n = octets.len().min(self.size);
        far.to_server.extend(&octets[..n]);
        far.run();
        Poll::Ready(Ok(n))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.halts(context) { Poll::Pending } else { Poll::Ready(Ok(())) }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Content that is not at hand every other time.
pub struct Slow<'a> {
    content: &'a [u8],
    size: usize,
    halt: bool,
}

impl<'a> Slow<'a> {
    pub fn new(content: &'a [u8], size: usize) -> Self {
        Self { content, size, halt: false }
    }
}

impl AsyncRead for Slow<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        _space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        unreachable!("the client takes it from the buffer")
    }
}

impl AsyncBufRead for Slow<'_> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        this.halt = !this.halt;
        if this.halt {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(&this.content[..this.content.len().min(this.size)]))
    }

    fn consume(mut self: Pin<&mut Self>, n: usize) {
        self.content = &self.content[n..];
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// No future here needs more; one that does goes round in circles.
const MOST: usize = 20_000;

/// Polls the future at most so many times and drops it; what it came to, if it did.
pub fn polled<T>(future: impl Future<Output = T>, times: usize) -> Option<T> {
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    for _ in 0..times {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        assert!(woken.0.swap(false, Ordering::Relaxed), "it waits for what will never be");
    }
    None
}

/// Polls the future until it is done.
pub fn finished<T>(future: impl Future<Output = T>) -> T {
    polled(future, MOST).expect("an end")
}
