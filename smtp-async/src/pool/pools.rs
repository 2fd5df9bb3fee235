//! A pool for each destination.
#![allow(clippy::mutable_key_type, reason = "trust is told apart by where it is in memory")]

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use deadpool::managed::WeakPool;
use tokio::task::JoinSet;

use super::{
    Pool, PoolBuilder,
    manager::{Login, Manager},
    places::Places,
};
use smtp_adapter::SessionKey;

/// The settings that two sessions need to have in common to be shared. It is made of the connector's own settings, so
/// that none can be forgotten.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Destination {
    session: SessionKey,
    login: Option<Login>,
}

/// The maximum number of destinations with a pool, unless the caller sets another.
const MAX_DESTINATIONS: usize = 1024;

/// A [`Pool`] for each destination, made when it is first asked for.
///
/// A destination is all that makes two sessions differ: the server, how it is protected, the name that its certificate is
/// verified for and who is trusted, the client's certificate, user and secret, source address, name and protocol, and
/// every other setting of the connector but its transcript and its deadline.
///
/// ```
/// use smtp_async::{Connector, TlsPolicy, pool::{Pool, Pools}};
/// let pools = Pools::new();
/// let mx = || Connector::new("mx.example.net", 25).with_tls(TlsPolicy::Opportunistic);
/// let pool = pools.pool(Pool::builder(mx).with_max_size(2));
/// assert_eq!(pool.connections(), 0);
/// ```
pub struct Pools {
    limit: usize,
    pools: Mutex<HashMap<Destination, Known>>,
}

/// A pool that exists, or existed. A caller may still use one that is not kept here, and sessions of a pool that is gone
/// may still be saying QUIT: a second pool beside it would open more connections than the caller allows.
struct Known {
    kept: Option<Pool>,
    pool: WeakPool<Manager>,
    places: Weak<Places>,
}

impl Known {
    /// Returns the pool if it still has an owner.
    fn there(&self) -> Option<Pool> {
        self.pool.upgrade().map(|inner| Pool { inner })
    }
}

impl Pools {
    /// Pools for 1,024 destinations at most.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(MAX_DESTINATIONS)
    }

    /// Pools for so many destinations at most. Where there are more, one without connections in use goes;
    /// where there is none, what is asked for is made and not kept.
    #[must_use]
    pub fn with_limit(destinations: usize) -> Self {
        Self { limit: destinations, pools: Mutex::default() }
    }

    /// The pool of the builder's destination: that which there is, whatever else its own builder said, or else a new one.
    ///
    /// The builder's connector is called once, to see what it makes. It has to make the same each time, with clones of one
    /// [`TlsConfig`](crate::TlsConfig): where it does not, connecting fails with [`Error::Connect`](crate::Error::Connect).
    pub fn pool(&self, mut builder: PoolBuilder) -> Pool {
        let session = (builder.recipe.connector)().session_key();
        builder.recipe.key = Some(session.clone());
        let there = Destination { session, login: builder.recipe.login.clone() };
        let mut pools = self.lock();
        let known = pools.get(&there);
        if let Some(pool) = known.and_then(|known| known.kept.as_ref()) {
            return pool.clone();
        }
        let open = known.and_then(Known::there).filter(|pool| !pool.inner.is_closed());
        let places = known.and_then(|known| known.places.upgrade());
        let pool = open.unwrap_or_else(|| builder.build_in(places));
        self.keep(&mut pools, there, &pool);
        pool
    }

    /// Keeps the pool, if there is room, and knows of it in any case.
    fn keep(&self, pools: &mut HashMap<Destination, Known>, there: Destination, pool: &Pool) {
        pools.retain(|_, known| known.kept.is_some() || known.places.strong_count() > 0);
        let kept = pools.values_mut().filter(|known| known.kept.is_some());
        if kept.count() >= self.limit {
            let mut kept = pools.values_mut().map(|known| &mut known.kept);
            let unused = kept.find(|pool| pool.as_ref().is_some_and(Pool::is_unused));
            unused.map(Option::take);
        }
        let has_room = pools.values().filter(|known| known.kept.is_some()).count() < self.limit;
        let known = Known {
            kept: has_room.then(|| pool.clone()),
            pool: pool.inner.weak(),
            places: pool.places(),
        };
        pools.insert(there, known);
    }

    /// Closes all pools that came from here at once, also those that a caller still holds; see [`Pool::close`].
    ///
    /// [`pool`](Self::pool) makes a new pool afterwards. Connections that are still in use count towards its size.
    pub async fn close(&self) {
        let mut pools = Vec::new();
        for known in self.lock().values_mut() {
            pools.extend(known.kept.take().or_else(|| known.there()));
        }
        let closing: JoinSet<_> =
            pools.into_iter().map(|pool| async move { pool.close().await }).collect();
        closing.join_all().await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Destination, Known>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Returns whether no connection is in use and no caller waits for one.
    fn is_unused(&self) -> bool {
        let status = self.inner.status();
        status.available == status.size && status.waiting == 0
    }

    fn places(&self) -> Weak<Places> {
        Arc::downgrade(&self.inner.manager().places)
    }
}

impl Default for Pools {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.lock().values().filter(|known| known.kept.is_some()).count();
        f.debug_struct("Pools").field("destinations", &kept).finish_non_exhaustive()
    }
}
