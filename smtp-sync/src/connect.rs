//! The settings for reaching a server, and the steps to connect to it.

use core::{net::IpAddr, time::Duration};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::Instant,
};

use smtp_adapter::{Error, Settings, Target, connector_settings, look_up};

use crate::{
    client::Client,
    deadline::Deadline,
    happy_eyeballs,
    reach::prepare,
    stream::{BoxedStream, Stream},
    tls::Transport,
};

/// The settings for reaching a server and for the session with it.
///
/// ```no_run
/// use smtp_sync::{Connector, Timeouts, TlsPolicy};
/// use core::time::Duration;
///
/// let client = Connector::new("smtp.example.org", 465)
///     .with_tls(TlsPolicy::Implicit)
///     .with_timeouts(Timeouts::uniform(Duration::from_secs(30)))
///     .with_transcript(|line| eprintln!("{line}"))
///     .connect()?;
/// # Ok::<(), smtp_sync::Error>(())
/// ```
#[must_use]
#[derive(Debug)]
pub struct Connector {
    settings: Settings,
    deadline: Option<Instant>,
}

connector_settings!(Connector);

impl Connector {
    /// A server that is reached by these settings.
    pub const fn from_settings(settings: Settings) -> Self {
        Self { settings, deadline: None }
    }

    /// Sets when all of it has to be over: connecting, and every call of the client's after that, see
    /// [`Client::set_deadline`].
    pub const fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Connects and opens the session.
    ///
    /// # Errors
    /// [`Error::Connect`], or whatever keeps the session from being open.
    pub fn connect(self) -> Result<Client, Error> {
        let mut client = self.dial()?;
        client.open()?;
        Ok(client)
    }

    /// Connects, and leaves it to the first call to open the session. If that fails, the caller still has the client
    /// with the replies it received.
    ///
    /// # Errors
    /// [`Error::Connect`]; [`Error::Tls`] where TLS is wanted for a name that no certificate could have.
    pub fn dial(self) -> Result<Client, Error> {
        self.settings.check()?;
        let reached = reach(self.settings.target(), self.settings.source(), self.limit());
        let (stream, local) = reached.map_err(|error| Error::Connect(Arc::new(error)))?;
        Ok(self.introduced(local).over(stream))
    }

    /// A session over a stream of the caller's: a proxy's, a test's, a TLS library's own. Where TLS is wanted for a name
    /// that no certificate could have, every call says so, and nothing is sent.
    pub fn over<S: Stream>(self, stream: S) -> Client<S> {
        let Self { settings, deadline } = self.introduced(None);
        let deadline = Deadline::new(settings.timeouts(), deadline);
        let (session, tls) = settings.into_session();
        let mut client = Client { session, transport: Transport::Plain(stream), tls, deadline };
        if let Err(error) = client.session.check() {
            client.fail(error);
        }
        client
    }

    /// The limit for looking up and connecting to the server.
    fn limit(&self) -> Duration {
        let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
        self.settings.connect_limit(left)
    }

    fn introduced(self, local: Option<IpAddr>) -> Self {
        self.map(|settings| settings.introduced(local))
    }
}

/// Connects to the server; returns the stream, and the address of its near end.
fn reach(
    target: &Target,
    source: Option<IpAddr>,
    limit: Duration,
) -> io::Result<(BoxedStream, Option<IpAddr>)> {
    match target {
        Target::Tcp(host, port) => {
            let begun = Instant::now();
            let addresses = addresses(host, *port, limit)?;
            let left = limit.saturating_sub(begun.elapsed());
            let stream = happy_eyeballs::connect(addresses, source, left)?;
            prepare(&stream)?;
            let local = stream.local_addr()?.ip();
            Ok((Box::new(stream), Some(local)))
        }
        #[cfg(unix)]
        Target::Unix(path) => Ok((Box::new(crate::reach::connect_unix(path, limit)?), None)),
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn addresses(host: &str, port: u16, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    let (tell, told) = mpsc::channel();
    look_up(host, port, move |addresses| tell.send(addresses).unwrap_or_default())?;
    told.recv_timeout(limit).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
