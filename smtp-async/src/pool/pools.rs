//! A pool for each destination.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Pool, PoolBuilder};
use crate::TlsPolicy;

/// What sessions have to have in common to be shared: where they go, how they are protected, and who the
/// client is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Destination {
    host: String,
    port: u16,
    tls: TlsPolicy,
    user: Option<String>,
}

impl Destination {
    /// A server, by its name in any case.
    #[must_use]
    pub fn new(host: &str, port: u16, tls: TlsPolicy) -> Self {
        Self { host: host.to_ascii_lowercase(), port, tls, user: None }
    }

    /// For the sessions of this user alone.
    #[must_use]
    pub fn with_user(self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self }
    }
}

/// How many destinations have a pool unless the caller says otherwise.
const MAX_DESTINATIONS: usize = 1024;

/// A [`Pool`] for each [`Destination`], made when it is first asked for.
///
/// ```
/// use smtp_async::{Connector, TlsPolicy, pool::{Destination, Pool, Pools}};
/// let pools = Pools::new();
/// let there = Destination::new("mx.example.net", 25, TlsPolicy::Opportunistic);
/// let pool = pools.pool(&there, || {
///     Pool::builder(|| Connector::new("mx.example.net", 25).with_tls(TlsPolicy::Opportunistic))
/// });
/// assert_eq!(pool.connections(), 0);
/// ```
pub struct Pools {
    limit: usize,
    pools: Mutex<HashMap<Destination, Pool>>,
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

    /// The pool of a destination, made by `build` if there is none.
    pub fn pool(&self, there: &Destination, build: impl FnOnce() -> PoolBuilder) -> Pool {
        let mut pools = self.lock();
        if let Some(pool) = pools.get(there) {
            return pool.clone();
        }
        let pool = build().build();
        if pools.len() >= self.limit {
            let unused = pools.iter().find(|(_, pool)| pool.is_unused()).map(|(at, _)| at.clone());
            unused.and_then(|at| pools.remove(&at));
        }
        if pools.len() < self.limit {
            pools.insert(there.clone(), pool.clone());
        }
        pool
    }

    /// Closes all pools, see [`Pool::close`].
    pub async fn close(&self) {
        let pools: Vec<_> = self.lock().drain().map(|(_, pool)| pool).collect();
        for pool in pools {
            pool.close().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Destination, Pool>> {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// Whether no connection is in use and nobody waits for one.
    fn is_unused(&self) -> bool {
        let status = self.inner.status();
        status.available == status.size && status.waiting == 0
    }
}

impl Default for Pools {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pools").field("destinations", &self.lock().len()).finish_non_exhaustive()
    }
}
