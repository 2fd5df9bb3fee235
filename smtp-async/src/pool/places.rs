//! The number of open connections, including those that are sending `QUIT`.

use core::time::Duration;
use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::timeout,
};

use crate::{Client, Error};

/// The longest time that a session keeps its place after QUIT, whatever its time limit is: the reply changes
/// nothing, and a caller may wait for the place. A round trip around the world takes a third of a second.
const FAREWELL: Duration = Duration::from_secs(2);

/// The places of one pool's connections.
#[derive(Debug)]
pub(super) struct Places {
    size: usize,
    free: Arc<Semaphore>,
    /// The number of sessions that are saying QUIT.
    leaving: watch::Sender<usize>,
}

impl Places {
    pub(super) fn new(size: usize) -> Arc<Self> {
        let free = Arc::new(Semaphore::new(size));
        Arc::new(Self { size, free, leaving: watch::Sender::new(0) })
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// The number of places in use.
    pub(super) fn taken(&self) -> usize {
        self.size.saturating_sub(self.free.available_permits())
    }

    /// Waits for a place. All that are taken beside the pool's own sessions are soon left.
    pub(super) async fn take(self: &Arc<Self>) -> Result<Place, Error> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(|_| Error::Closed)?;
        Ok(Place { places: Arc::clone(self), _permit: permit })
    }

    /// Waits, with a limit, until no session is sending `QUIT` any more.
    pub(super) async fn wait_for_farewells(&self) {
        let mut leaving = self.leaving.subscribe();
        timeout(FAREWELL, leaving.wait_for(|sessions| *sessions == 0)).await.ok();
    }
}

/// The place of one connection, free again when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    /// Says QUIT in the background, where there is a runtime, and keeps the place until that is done.
    pub(super) fn leave(self, client: Box<Client>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let leaving = Leaving::new(self);
        runtime.spawn(async move {
            timeout(FAREWELL, client.quit()).await.ok();
            drop(leaving);
        });
    }
}

/// Counts a session among those that are sending `QUIT`, as long as it exists.
struct Leaving(Place);

impl Leaving {
    fn new(place: Place) -> Self {
        place.places.leaving.send_modify(|sessions| *sessions += 1);
        Self(place)
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.places.leaving.send_modify(|sessions| *sessions = sessions.saturating_sub(1));
    }
}
