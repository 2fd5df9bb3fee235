//! The open connections: a registry that bounds their number and can end them.

use std::{
    collections::HashMap,
    net::Shutdown,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::socket::Socket;

#[derive(Debug)]
pub(super) struct Registry {
    limit: usize,
    open: Mutex<Open>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Open {
    stopped: bool,
    next: u64,
    streams: HashMap<u64, Socket>,
}

impl Registry {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, open: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.lock().streams.len()
    }

    /// Waits until one more connection may be open; `false` once the server has stopped.
    pub(super) fn wait_for_room(&self) -> bool {
        let full = |open: &mut Open| !open.stopped && open.streams.len() >= self.limit;
        let waited = self.changed.wait_while(self.lock(), full);
        !waited.unwrap_or_else(PoisonError::into_inner).stopped
    }

    /// Takes note of a connection until its place is dropped; `None` when it cannot be served.
    pub(super) fn enter(self: &Arc<Self>, stream: &Socket) -> Option<Place> {
        let stream = stream.try_clone().ok()?;
        let mut open = self.lock();
        if open.stopped {
            return None;
        }
        let number = open.next;
        open.next += 1;
        open.streams.insert(number, stream);
        Some(Place { number, registry: Arc::clone(self) })
    }

    /// Ends all connections and lets no other in.
    pub(super) fn stop(&self) {
        let mut open = self.lock();
        open.stopped = true;
        for stream in open.streams.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, free again when it is dropped, also by a panic.
#[derive(Debug)]
pub(super) struct Place {
    number: u64,
    registry: Arc<Registry>,
}

impl Place {
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Waits this long, or until the server stops.
    pub(super) fn pause(&self, time: Duration) {
        let registry = &self.registry;
        let goes_on = |open: &mut Open| !open.stopped;
        drop(registry.changed.wait_timeout_while(registry.lock(), time, goes_on));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.registry.lock().streams.remove(&self.number);
        self.registry.changed.notify_all();
    }
}
