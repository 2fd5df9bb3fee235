//! Time limits: one for each wait that the core names, the pace of what leaves, and the caller's deadline for all of
//! it. One timer for all of them.

use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};
use std::io;

use smtp_proto::{
    client::{Phase, Timeouts},
    pace::Pace,
};
use tokio::time::{Instant, Sleep, sleep_until};

/// The current wait and when it is over.
#[derive(Debug)]
pub(crate) struct Deadline {
    limits: Timeouts,
    /// The time by which every call has to end.
    until: Option<Instant>,
    /// The core's number of the wait.
    wait: Option<u64>,
    /// The start of the wait; octets that leave move it forward.
    begun: Option<Instant>,
    /// The end of the wait; `None` before the first.
    end: Option<Instant>,
    /// The time that the server has for what leaves.
    pace: Pace,
    /// The current wait counts against the pace.
    is_paced: bool,
    /// Never due later than the end. It may be due earlier and is put off then: to do so at once, for each wait, would
    /// cost a wake-up of the runtime's driver.
    timer: Option<Pin<Box<Sleep>>>,
}

/// The limit in place of one that is beyond the range of the clock: a century.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Deadline {
    pub(crate) const fn new(limits: Timeouts, until: Option<Instant>) -> Self {
        Self {
            limits,
            until,
            wait: None,
            begun: None,
            end: None,
            pace: limits.pace(),
            is_paced: false,
            timer: None,
        }
    }

    /// Sets when every call has to be over.
    pub(crate) const fn set_until(&mut self, until: Option<Instant>) {
        self.until = until;
        self.wait = None;
    }

    /// Starts anew when the wait is another one; says whether there is time left. The pace counts for what is sent, and
    /// for all that is waited for within the content, such as replies to chunks.
    pub(crate) fn arm(&mut self, (phase, wait): (Phase, u64), sends: bool) -> bool {
        if self.wait != Some(wait) {
            self.wait = Some(wait);
            self.is_paced = sends || phase == Phase::Content;
            let limit = self.limits.limit(phase);
            self.start(if self.is_paced { limit.min(self.pace.left()) } else { limit });
        }
        self.has_time()
    }

    /// Waits at most this long, whatever the core's limit for it is.
    pub(crate) fn idle(&mut self, limit: Duration) {
        self.restart();
        self.is_paced = false;
        self.start(limit);
    }

    /// Returns whether the caller's deadline has passed.
    pub(crate) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    pub(crate) fn has_time(&self) -> bool {
        self.end.is_none_or(|end| Instant::now() < end)
    }

    /// Makes the next wait a new one, even if the core has not counted it.
    pub(crate) const fn restart(&mut self) {
        self.wait = None;
    }

    /// The content of another message is about to leave, with the whole time that it has.
    pub(crate) const fn begin_content(&mut self) {
        self.pace.restart();
    }

    /// Takes note that so many octets have left, or that something was read.
    pub(crate) fn moved(&mut self, octets: usize) {
        if let (true, Some(begun)) = (self.is_paced, self.begun) {
            let now = Instant::now();
            self.pace.moved(now.saturating_duration_since(begun), octets);
            self.begun = Some(now);
        }
    }

    fn start(&mut self, limit: Duration) {
        let now = Instant::now();
        let end = now + limit.min(FOREVER);
        let end = self.until.map_or(end, |until| until.min(end));
        (self.begun, self.end) = (Some(now), Some(end));
        match &mut self.timer {
            Some(timer) if timer.deadline() <= end => {}
            Some(timer) => timer.as_mut().reset(end),
            None => self.timer = Some(Box::pin(sleep_until(end))),
        }
    }

    /// Waits for `io` until the current wait is over: [`io::ErrorKind::TimedOut`] then.
    pub(crate) async fn within<T>(
        &mut self,
        io: impl Future<Output = io::Result<T>>,
    ) -> io::Result<T> {
        self.before_end(io).await.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Waits for what is not the server's until the caller's deadline, if there is one.
    pub(crate) async fn before_deadline<T>(&mut self, own: impl Future<Output = T>) -> Option<T> {
        if self.until.is_none() {
            return Some(own.await);
        }
        self.idle(FOREVER);
        self.before_end(own).await
    }

    async fn before_end<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(done) = future.as_mut().poll(context) {
                return Poll::Ready(Some(done));
            }
            self.poll_end(context).map(|()| None)
        })
        .await
    }

    /// Ready when the current wait is over.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let (Some(timer), Some(end)) = (&mut self.timer, self.end) else { return Poll::Pending };
        while timer.as_mut().poll(context).is_ready() {
            if timer.deadline() >= end {
                return Poll::Ready(());
            }
            timer.as_mut().reset(end);
        }
        Poll::Pending
    }
}
