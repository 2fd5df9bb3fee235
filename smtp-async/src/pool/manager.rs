//! Makes sessions, and decides when they are used again.

use core::{
    fmt,
    hash::{Hash, Hasher},
    time::Duration,
};
use std::{io, sync::Arc};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use smtp_proto::hello::ServerLimits;
use tokio::{io::AsyncBufRead, time::Instant};
use zeroize::Zeroizing;

use super::places::{Place, Places};
use smtp_adapter::SessionKey;

use crate::{AsEnvelope, Client, Connector, Error, Outcome};

/// The settings for making sessions and for using them again.
pub(super) struct Recipe {
    pub(super) connector: Box<dyn Fn() -> Connector + Send + Sync>,
    /// The key that every connector has to have; `None` for a pool that is not one of [`Pools`](super::Pools).
    pub(super) key: Option<SessionKey>,
    pub(super) login: Option<Login>,
    pub(super) idle: Duration,
    pub(super) messages: usize,
    /// The limit for a whole `send` or `deliver`.
    pub(super) send_limit: Option<Duration>,
}

pub(super) struct Manager {
    pub(super) recipe: Recipe,
    pub(super) places: Arc<Places>,
}

/// The credentials of the client.
#[derive(Clone)]
pub(super) struct Login {
    user: String,
    secret: Zeroizing<String>,
    is_token: bool,
}

impl Login {
    pub(super) fn password(user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), secret: password.to_owned().into(), is_token: false }
    }

    pub(super) fn token(user: &str, token: &str) -> Self {
        Self { user: user.to_owned(), secret: token.to_owned().into(), is_token: true }
    }

    async fn apply(&self, client: &mut Client) -> Result<(), Error> {
        if self.is_token {
            client.login_with_token(&self.user, &self.secret).await
        } else {
            client.login(&self.user, &self.secret).await
        }
    }
}

/// A session that was let in by another secret is not this one's. Takes the same time wherever secrets of one length
/// differ.
impl PartialEq for Login {
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.secret.bytes().zip(other.secret.bytes());
        let difference = pairs.fold(0, |all, (one, other)| all | (one ^ other));
        let same_secret = difference == 0 && self.secret.len() == other.secret.len();
        (&self.user, self.is_token) == (&other.user, other.is_token) && same_secret
    }
}

impl Eq for Login {}

impl Hash for Login {
    /// The secret stays out of it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (&self.user, self.is_token).hash(state);
    }
}

impl Manager {
    async fn connect(&self) -> Result<Open, Error> {
        let connector = (self.recipe.connector)();
        if self.recipe.key.as_ref().is_some_and(|key| *key != connector.session_key()) {
            let error = "the pool's connector makes another one each time: give it one server, and clones of one \
                         TlsConfig";
            let error = io::Error::new(io::ErrorKind::InvalidInput, error);
            return Err(Error::Connect(Arc::new(error)));
        }
        let place = self.places.take().await?;
        let mut client = connector.connect().await?;
        if let Some(login) = &self.recipe.login {
            login.apply(&mut client).await?;
        }
        Ok(Open { client: Box::new(client), place })
    }
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        // Connecting takes a future of some kibioctets, which not everyone who sends is to carry.
        let open = Box::pin(self.connect()).await?;
        Ok(Session { open: Some(open), messages: 0, reused: false, idle_since: Instant::now() })
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        let has_more = session.messages < self.recipe.messages;
        let is_young = session.idle_since.elapsed() < self.recipe.idle && has_more;
        if session.is_alive() && is_young {
            session.reused = true;
            return Ok(());
        }
        Err(RecycleError::message("the session is too old, or over"))
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("places", &self.places).finish_non_exhaustive()
    }
}

/// A client, and the place that it takes.
#[derive(Debug)]
struct Open {
    // Dropped first: the connection is closed when its place is free.
    client: Box<Client>,
    place: Place,
}

/// A client and what it has done.
#[derive(Debug)]
pub(super) struct Session {
    /// Taken out while a message is sent, and when it is over.
    open: Option<Open>,
    messages: usize,
    /// It was idle before.
    reused: bool,
    /// The time at which its last message ended.
    idle_since: Instant,
}

impl Session {
    pub(super) const fn is_reused(&self) -> bool {
        self.reused
    }

    /// The number of messages sent over it.
    pub(super) const fn messages(&self) -> usize {
        self.messages
    }

    pub(super) async fn send(
        &mut self,
        deadline: Option<Instant>,
        envelope: &(impl AsEnvelope + ?Sized),
        content: impl AsyncBufRead + Unpin,
    ) -> Result<Outcome, Error> {
        self.messages += 1;
        // Where this future is dropped the client goes with it: nothing stays open half sent.
        let mut open = self.open.take().ok_or(Error::Closed)?;
        open.client.set_deadline(deadline);
        let result = open.client.send(envelope, content).await;
        self.open = Some(open);
        self.idle_since = Instant::now();
        result
    }

    /// The server's limits on one transaction.
    pub(super) fn limits(&self) -> ServerLimits {
        let open = self.open.as_ref();
        open.map(|open| open.client.capabilities().limits()).unwrap_or_default()
    }

    fn is_alive(&mut self) -> bool {
        self.open.as_mut().is_some_and(|open| open.client.is_alive())
    }
}

impl Drop for Session {
    /// Whoever is too old, or has had enough messages, says QUIT: some servers hold it against clients
    /// that do not.
    fn drop(&mut self) {
        if !self.is_alive() {
            return;
        }
        if let Some(Open { mut client, place }) = self.open.take() {
            client.set_deadline(None);
            place.leave(client);
        }
    }
}
