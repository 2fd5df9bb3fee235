//! How sessions are made, and when they are used again.

use core::{fmt, time::Duration};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use tokio::{io::AsyncBufRead, time::Instant};
use zeroize::Zeroizing;

use crate::{AsEnvelope, Client, Connector, Error, Outcome};

pub(super) struct Manager {
    connector: Box<dyn Fn() -> Connector + Send + Sync>,
    pub(super) login: Option<Login>,
    pub(super) idle: Duration,
    pub(super) messages: usize,
}

/// Who the client is.
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

impl Manager {
    pub(super) fn new(
        connector: impl Fn() -> Connector + Send + Sync + 'static,
        idle: Duration,
        messages: usize,
    ) -> Self {
        Self { connector: Box::new(connector), login: None, idle, messages }
    }

    async fn connect(&self) -> Result<Box<Client>, Error> {
        let mut client = (self.connector)().connect().await?;
        if let Some(login) = &self.login {
            login.apply(&mut client).await?;
        }
        Ok(Box::new(client))
    }
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        // Connecting takes a future of some kibioctets, which not everyone who sends is to carry.
        let client = Box::pin(self.connect()).await?;
        Ok(Session { client: Some(client), messages: 0, reused: false, idle_since: Instant::now() })
    }

    async fn recycle(&self, session: &mut Session, _: &Metrics) -> RecycleResult<Error> {
        let is_young = session.idle_since.elapsed() < self.idle && session.messages < self.messages;
        if session.is_alive() && is_young {
            session.reused = true;
            return Ok(());
        }
        Err(RecycleError::message("the session is too old, or over"))
    }
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager").field("idle", &self.idle).finish_non_exhaustive()
    }
}

/// A client and what it has done.
#[derive(Debug)]
pub(super) struct Session {
    /// Taken out while a message is sent, and when it is over.
    client: Option<Box<Client>>,
    messages: usize,
    /// It was idle before.
    reused: bool,
    /// When its last message was done.
    idle_since: Instant,
}

impl Session {
    pub(super) const fn is_reused(&self) -> bool {
        self.reused
    }

    pub(super) async fn send(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: impl AsyncBufRead + Unpin,
    ) -> Result<Outcome, Error> {
        self.messages += 1;
        // Where this future is dropped the client goes with it: nothing stays open half sent.
        let mut client = self.client.take().ok_or(Error::Closed)?;
        let result = client.send(envelope, content).await;
        self.client = Some(client);
        self.idle_since = Instant::now();
        result
    }

    fn is_alive(&mut self) -> bool {
        self.client.as_deref_mut().is_some_and(Client::is_alive)
    }

    pub(super) async fn quit(mut self) {
        if let Some(client) = self.client.take() {
            client.quit().await.ok();
        }
    }
}

impl Drop for Session {
    /// Whoever is too old, or has had enough messages, says QUIT: some servers hold it against clients
    /// that do not.
    fn drop(&mut self) {
        if !self.is_alive() {
            return;
        }
        let runtime = tokio::runtime::Handle::try_current();
        if let (Some(client), Ok(runtime)) = (self.client.take(), runtime) {
            runtime.spawn(async move { client.quit().await.ok() });
        }
    }
}
