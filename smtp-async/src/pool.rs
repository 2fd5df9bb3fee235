//! Connections to one destination, kept for further messages; [`Pools`] has one for each destination.
//!
//! A session that anything went wrong with is thrown away. What an idle server has said, or that it has
//! closed, is noticed before a session is used again, without a NOOP for each message; where it comes
//! too late for that, the message goes once more over a fresh connection, if nothing of it was
//! committed; so it does where an idle connection answers MAIL by 451.

mod manager;
mod places;
mod pools;

use core::{fmt, time::Duration};
use std::{io, sync::Arc};

use deadpool::managed::{self, Object, PoolError};
use tokio::{
    io::AsyncBufRead,
    time::{Instant, timeout_at},
};

use crate::{AsEnvelope, Connector, Delivery, Error, Outcome, When};

use self::{
    manager::{Login, Manager, Recipe},
    places::Places,
};

pub use self::pools::Pools;

/// The maximum number of connections to one destination, idle ones included: most servers of others accept no more than
/// ten from one client.
const MAX_SIZE: usize = 8;

/// The time that a session can be idle: servers close after five minutes (RFC 5321 4.5.3.2.7), many after one.
const IDLE: Duration = Duration::from_secs(60);

/// Messages over one connection; Postfix, as one server of many, wants no more.
const MESSAGES: usize = 100;

/// Builds a [`Pool`].
#[must_use]
pub struct PoolBuilder {
    recipe: Recipe,
    max_size: usize,
}

impl PoolBuilder {
    /// Authenticates each connection by a password, see [`Client::login`](crate::Client::login).
    pub fn with_login(mut self, user: &str, password: &str) -> Self {
        self.recipe.login = Some(Login::password(user, password));
        self
    }

    /// Authenticates each connection by an OAuth 2.0 access token, see
    /// [`Client::login_with_token`](crate::Client::login_with_token).
    pub fn with_token(mut self, user: &str, token: &str) -> Self {
        self.recipe.login = Some(Login::token(user, token));
        self
    }

    /// Sets how many connections may be open, at least one; 8 unless set. Who wants one more waits. Those that say QUIT
    /// count as well, for two seconds at most.
    pub const fn with_max_size(mut self, connections: usize) -> Self {
        self.max_size = if connections == 0 { 1 } else { connections };
        self
    }

    /// Sets how long a connection may be idle before it is not used again; a minute unless set. It is
    /// closed when a connection is next asked for: nothing runs in the background.
    pub const fn with_idle(mut self, time: Duration) -> Self {
        self.recipe.idle = time;
        self
    }

    /// Sets how many messages go over one connection, at least one; 100 unless set.
    pub const fn with_messages(mut self, messages: usize) -> Self {
        self.recipe.messages = if messages == 0 { 1 } else { messages };
        self
    }

    /// Sets how long [`Pool::send`] and [`Pool::deliver`] may take in all: waiting for a connection, connecting, login,
    /// and the message, once more over another connection too. Unless set, only the [time limits](crate::Timeouts) of its parts hold.
    pub const fn with_send_limit(mut self, limit: Duration) -> Self {
        self.recipe.send_limit = Some(limit);
        self
    }

    /// The pool; nothing is connected yet.
    #[must_use]
    pub fn build(self) -> Pool {
        self.build_in(None)
    }

    /// In the places of an earlier pool, if they are as many.
    #[allow(clippy::expect_used, reason = "what could be refused is not set")]
    fn build_in(self, places: Option<Arc<Places>>) -> Pool {
        let places = places.filter(|places| places.size() == self.max_size);
        let places = places.unwrap_or_else(|| Places::new(self.max_size));
        let manager = Manager { recipe: self.recipe, places };
        // Only time limits without a runtime are refused, and none is set.
        let pool = managed::Pool::builder(manager).max_size(self.max_size).build();
        Pool { inner: pool.expect("a pool without time limits of its own") }
    }
}

impl fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder").field("max_size", &self.max_size).finish_non_exhaustive()
    }
}

/// Connections to one destination. Clones share them.
///
/// ```
/// use smtp_async::{Connector, Envelope, TlsPolicy, pool::Pool, server::{Server, Store}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn core::error::Error>> {
/// let store = Store::new();
/// let server = Server::bind(Server::builder(), store.clone()).await?;
/// let port = server.address().port();
/// let pool = Pool::builder(move || Connector::new("127.0.0.1", port).with_tls(TlsPolicy::None))
///     .with_max_size(2)
///     .build();
/// let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
/// for _ in 0..3 {
///     assert!(pool.send(&envelope, || &b"Hello.\r\n"[..]).await?.is_delivered());
/// }
/// assert_eq!((store.messages().len(), server.connections()), (3, 1));
/// pool.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Pool {
    inner: managed::Pool<Manager>,
}

impl Pool {
    /// A pool whose connections are made by `connector`.
    pub fn builder(connector: impl Fn() -> Connector + Send + Sync + 'static) -> PoolBuilder {
        let recipe = Recipe {
            connector: Box::new(connector),
            key: None,
            login: None,
            idle: IDLE,
            messages: MESSAGES,
            send_limit: None,
        };
        PoolBuilder { recipe, max_size: MAX_SIZE }
    }

    /// Sends one message over a connection of the pool's; `content` gives its content, anew if it has to
    /// be sent again.
    ///
    /// # Errors
    /// Those of [`Client::send`](crate::Client::send), and of connecting; [`Error::Connect`] too where there was no
    /// connection in time; [`Error::Closed`] after [`close`](Self::close).
    pub async fn send<C: AsyncBufRead + Unpin>(
        &self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: impl Fn() -> C,
    ) -> Result<Outcome, Error> {
        let deadline = self.deadline();
        let mut session = self.session(deadline).await?;
        let result = session.send(deadline, envelope, content()).await;
        if !session.is_reused() || !is_stale(&result) {
            return result;
        }
        drop(session);
        self.fresh(deadline).await?.send(deadline, envelope, content()).await
    }

    /// Sends one message in as many transactions as the server's limits ask for, one after the other, and takes note
    /// of what became of each recipient in `delivery`; `content` gives the content anew for each. Where a
    /// connection has had enough, the next takes what is left.
    ///
    /// ```no_run
    /// use smtp_async::{Delivery, Envelope, pool::Pool, proto::hello::ServerLimits};
    ///
    /// # async fn example(pool: &Pool) -> Result<(), Box<dyn core::error::Error>> {
    /// let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?.to("carol@example.com")?;
    /// // The pool fits it to the limits of each server that it meets.
    /// let mut delivery = Delivery::new(&envelope, ServerLimits::default());
    /// pool.deliver(&mut delivery, || &b"Subject: Hi\r\n\r\nHello all.\r\n"[..]).await?;
    /// assert!(delivery.recipients().all(|recipient| recipient.is_some()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`send`](Self::send). What became of the recipients before stands in `delivery`; what is left can be
    /// delivered again.
    pub async fn deliver<C: AsyncBufRead + Unpin>(
        &self,
        delivery: &mut Delivery,
        content: impl Fn() -> C,
    ) -> Result<(), Error> {
        let deadline = self.deadline();
        let messages = self.inner.manager().recipe.messages;
        let mut session = self.session(deadline).await?;
        while delivery.envelope().is_some() {
            delivery.fit(session.limits());
            let mut was_idle = session.is_reused();
            while let Some(envelope) = delivery.envelope().filter(|_| session.messages() < messages)
            {
                let result = session.send(deadline, envelope, content()).await;
                // A server may also have had enough after the transaction before.
                if was_idle && is_stale(&result) {
                    break;
                }
                delivery.record(result?);
                was_idle = true;
            }
            if delivery.envelope().is_some() {
                drop(session);
                session = self.fresh(deadline).await?;
            }
        }
        Ok(())
    }

    /// Says QUIT on idle connections, all at once, and closes them; no server is waited for longer than
    /// two seconds. Those in use are closed when they come back, and no new ones are made.
    pub async fn close(&self) {
        drop(self.inner.retain(|_, _| false));
        self.inner.close();
        self.inner.manager().places.wait_for_farewells().await;
    }

    /// Returns the number of connections: being made, idle, in use, or saying QUIT.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.manager().places.taken()
    }

    /// The end of a call that begins now.
    fn deadline(&self) -> Option<Instant> {
        let limit = self.inner.manager().recipe.send_limit?;
        Instant::now().checked_add(limit)
    }

    async fn session(&self, deadline: Option<Instant>) -> Result<Object<Manager>, Error> {
        let getting = self.inner.get();
        let found = match deadline {
            None => getting.await,
            Some(deadline) => timeout_at(deadline, getting).await.unwrap_or_else(|_| {
                Err(PoolError::Backend(Error::Connect(Arc::new(io::ErrorKind::TimedOut.into()))))
            }),
        };
        found.map_err(|error| match error {
            PoolError::Backend(error) => error,
            _ => Error::Closed,
        })
    }

    /// A connection that nothing was sent over: where one was stale, those of its age may be, too.
    async fn fresh(&self, deadline: Option<Instant>) -> Result<Object<Manager>, Error> {
        loop {
            let session = self.session(deadline).await?;
            if !session.is_reused() {
                return Ok(session);
            }
            // It says QUIT in the background: one that is gone is waited for no longer than its place is worth.
            drop(Object::take(session));
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("status", &self.inner.status()).finish_non_exhaustive()
    }
}

/// Returns whether the server closed, or may have closed, before the message arrived: nothing of it is committed.
fn is_stale(result: &Result<Outcome, Error>) -> bool {
    match result {
        Err(error) => error.retry() == When::NewConnectionNow,
        Ok(outcome) => outcome.may_have_been_idle_too_long(),
    }
}
