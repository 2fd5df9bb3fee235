//! How to reach a server, and all that is decided before the first octet.

use core::{fmt, net::IpAddr, time::Duration};
use std::{io, sync::Arc};

use smtp_proto::{
    client::{BufferSizes, Config, Phase, Timeouts, TlsPolicy},
    hello::EhloName,
};
use smtp_sync::{
    shared::{Dialogue, Tls, in_ascii},
    trace,
};

use crate::{
    Error, Url,
    client::Client,
    deadline::Deadline,
    happy_eyeballs,
    stream::{BoxedStream, Stream},
    tls::Transport,
};

/// How to reach a server, and what a session with it is like.
///
/// ```no_run
/// use smtp_async::{Connector, Timeouts, TlsPolicy};
/// use core::time::Duration;
///
/// # async fn example() -> Result<(), smtp_async::Error> {
/// let client = Connector::new("smtp.example.org", 465)
///     .with_tls(TlsPolicy::Implicit)
///     .with_timeouts(Timeouts::uniform(Duration::from_secs(30)))
///     .with_transcript(|line| eprintln!("{line}"))
///     .connect()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Connector {
    target: Target,
    config: Config,
    /// The caller has said how the client introduces itself.
    named: bool,
    sizes: BufferSizes,
    timeouts: Timeouts,
    source: Option<IpAddr>,
    tls: Tls,
    log: Option<trace::Sink>,
}

#[derive(Debug)]
enum Target {
    Tcp(String, u16),
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

impl Target {
    async fn reach(&self, source: Option<IpAddr>) -> io::Result<(BoxedStream, Option<IpAddr>)> {
        match self {
            Target::Tcp(host, port) => {
                let found = tokio::net::lookup_host((host.as_str(), *port)).await?;
                let stream = happy_eyeballs::connect(found.collect(), source).await?;
                stream.set_nodelay(true)?;
                let local = stream.local_addr()?.ip();
                Ok((Box::new(stream), Some(local)))
            }
            #[cfg(unix)]
            Target::Unix(path) => {
                Ok((Box::new(tokio::net::UnixStream::connect(path).await?), None))
            }
        }
    }
}

impl Connector {
    /// A server by name or IP address, TLS required (STARTTLS) and verified against that name. A name beyond ASCII is
    /// turned into its A-labels.
    pub fn new(host: &str, port: u16) -> Self {
        Self::to(Target::Tcp(in_ascii(host).into_owned(), port), host)
    }

    /// A server behind a socket in the file system, without TLS.
    #[cfg(unix)]
    pub fn unix(path: impl Into<std::path::PathBuf>) -> Self {
        Self::to(Target::Unix(path.into()), "localhost").with_tls(TlsPolicy::None)
    }

    /// What the URL says; [`Url::credentials`] are for [`Client::login`].
    pub fn from_url(url: &Url) -> Self {
        let connector = match (url.host(), url.path()) {
            #[cfg(unix)]
            (None, Some(path)) => Self::unix(path),
            (host, _) => Self::new(host.unwrap_or_default(), url.port()),
        };
        let connector =
            connector.with_tls(url.tls()).configure(|config| config.with_protocol(url.protocol()));
        match url.hello() {
            Some(name) => connector.with_name(name),
            None => connector,
        }
    }

    fn to(target: Target, server_name: &str) -> Self {
        Self {
            target,
            config: Config::new(EhloName::LOCALHOST),
            named: false,
            sizes: BufferSizes::LARGE,
            timeouts: Timeouts::RFC_5321,
            source: None,
            tls: Tls::new(server_name),
            log: None,
        }
    }

    /// Introduces the client as `name`, in place of the address of its socket.
    pub fn with_name(mut self, name: EhloName) -> Self {
        self.named = true;
        self.configure(|config| config.with_name(name))
    }

    /// Sets whether and how the session is encrypted; [`TlsPolicy::Required`] unless set.
    pub fn with_tls(self, policy: TlsPolicy) -> Self {
        self.configure(|config| config.with_tls(policy))
    }

    /// Sets who is trusted; the platform's authorities unless set.
    #[cfg(feature = "tls")]
    pub fn with_tls_config(mut self, config: crate::TlsConfig) -> Self {
        self.tls.set_config(config);
        self
    }

    /// Connects from this address of the machine's; only addresses of its family are tried.
    pub const fn with_source(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Verifies the server's certificate against this name, in place of the host's: for a host given by
    /// its address, behind a proxy, or as an MX of another name.
    #[cfg(feature = "tls")]
    pub fn with_tls_name(mut self, name: &str) -> Self {
        self.tls.set_name(name);
        self
    }

    /// Changes what the core decides by: capability mask, run-ahead, newlines, credentials in the
    /// clear, limits.
    pub fn configure(mut self, change: impl FnOnce(Config) -> Config) -> Self {
        self.config = change(self.config);
        self
    }

    /// Sets how long each wait may take; RFC 5321 4.5.3.2 unless set. Looking up the host's
    /// addresses and connecting to one of them share the limit of a command.
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the sizes of the buffers; [`BufferSizes::LARGE`] unless set.
    pub const fn with_sizes(mut self, sizes: BufferSizes) -> Self {
        self.sizes = sizes;
        self
    }

    /// Shows the dialogue to `sink`, a line at a time without its end: `C: ` and `S: ` lines,
    /// secrets as `***`, content by its length.
    pub fn with_transcript(mut self, sink: impl FnMut(&str) + Send + 'static) -> Self {
        self.log = Some(Box::new(sink));
        self
    }

    /// Connects and opens the session.
    ///
    /// # Errors
    /// [`Error::Connect`], or whatever keeps the session from being open.
    pub async fn connect(self) -> Result<Client, Error> {
        let mut client = self.dial().await?;
        client.open().await?;
        Ok(client)
    }

    /// Connects and leaves the session to be opened by the first call, so that the client, with
    /// what it has heard, is at hand if that fails.
    ///
    /// # Errors
    /// [`Error::Connect`]; [`Error::Tls`] where TLS is wanted for a name that no certificate could have.
    pub async fn dial(mut self) -> Result<Client, Error> {
        self.tls.check(self.config.tls()).map_err(Error::Tls)?;
        let limit = self.timeouts.limit(Phase::Greeting);
        let reached = within(limit, self.target.reach(self.source)).await;
        let (stream, local) = reached.map_err(|error| Error::Connect(Arc::new(error)))?;
        if let (Some(local), false) = (local, self.named) {
            self.config = self.config.with_name(literal(local));
        }
        Ok(self.over(stream))
    }

    /// A session over a stream of the caller's: a proxy's, a test's, a TLS library's own. Where TLS is wanted for a name
    /// that no certificate could have, every call says so, and nothing is sent.
    pub fn over<S: Stream>(self, stream: S) -> Client<S> {
        let checked = self.tls.check(self.config.tls());
        let mut client = Client {
            dialogue: Dialogue::new(self.config, self.sizes, self.log),
            transport: Transport::Plain(stream),
            tls: self.tls,
            deadline: Deadline::new(self.timeouts),
        };
        if let Err(error) = checked {
            client.fail(Error::Tls(error));
        }
        client
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

async fn within<T>(limit: Duration, io: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(limit, io).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn literal(local: IpAddr) -> EhloName {
    match local.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => address.into(),
    }
}
