//! How to reach a server, and all that is decided before the first octet.

use core::{fmt, net::IpAddr, time::Duration};
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    time::Instant,
};

use smtp_proto::{
    client::{BufferSizes, Config, Phase, Timeouts, TlsPolicy},
    hello::EhloName,
};

use crate::{
    client::Client,
    deadline::Deadline,
    dialogue::Dialogue,
    error::Error,
    happy_eyeballs, machine,
    name::in_ascii,
    reach::{look_up, prepare},
    stream::{BoxedStream, Stream},
    tls::{Tls, Transport},
    trace,
    url::Url,
};

/// How to reach a server, and what a session with it is like.
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
pub struct Connector {
    target: Target,
    config: Config,
    /// The caller has said how the client introduces itself.
    named: bool,
    sizes: BufferSizes,
    timeouts: Timeouts,
    deadline: Option<Instant>,
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
            deadline: None,
            source: None,
            tls: Tls::new(server_name),
            log: None,
        }
    }

    /// Introduces the client as `name`. Unless set that is the machine's name, if it is a full one that the system tells
    /// without asking the network, and else the address of its socket, as RFC 5321 4.1.4 has it; `[127.0.0.1]` over a
    /// stream of which that is not known.
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

    /// Verifies the server's certificate against this name, in place of the host's: for a host given by
    /// its address, behind a proxy, or as an MX of another name.
    #[cfg(feature = "tls")]
    pub fn with_tls_name(mut self, name: &str) -> Self {
        self.tls.set_name(name);
        self
    }

    /// Connects from this address of the machine's; only addresses of its family are tried.
    pub const fn with_source(mut self, source: IpAddr) -> Self {
        self.source = Some(source);
        self
    }

    /// Changes what the core decides by: capability mask, run-ahead, newlines, credentials in the
    /// clear, limits.
    pub fn configure(mut self, change: impl FnOnce(Config) -> Config) -> Self {
        let name = self.config.name();
        self.config = change(self.config);
        self.named |= self.config.name() != name;
        self
    }

    /// Sets how long each wait may take; RFC 5321 4.5.3.2 unless set. Looking up the host's
    /// addresses and connecting to one of them share the limit of a command.
    ///
    /// Addresses are tried side by side, a quarter of a second apart, or closer where the limit is short (RFC 8305). The
    /// system's resolver cannot be interrupted: a lookup that takes too long goes on in a thread of its own, until the
    /// resolver gives up, and nobody hears of it.
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets when all of it has to be over: connecting, and every call of the client's after that, see
    /// [`Client::set_deadline`].
    pub const fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
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
    pub fn connect(self) -> Result<Client, Error> {
        let mut client = self.dial()?;
        client.open()?;
        Ok(client)
    }

    /// Connects and leaves the session to be opened by the first call, so that the client, with
    /// what it has heard, is at hand if that fails.
    ///
    /// # Errors
    /// [`Error::Connect`]; [`Error::Tls`] where TLS is wanted for a name that no certificate could have.
    pub fn dial(self) -> Result<Client, Error> {
        self.tls.check(self.config.tls()).map_err(Error::Tls)?;
        let reached = self.target.reach(self.source, self.limit());
        let (stream, local) = reached.map_err(|error| Error::Connect(Arc::new(error)))?;
        Ok(self.introduced(local).over(stream))
    }

    /// A session over a stream of the caller's: a proxy's, a test's, a TLS library's own. Where TLS is wanted for a name
    /// that no certificate could have, every call says so, and nothing is sent.
    pub fn over<S: Stream>(self, stream: S) -> Client<S> {
        let it = self.introduced(None);
        let checked = it.tls.check(it.config.tls());
        let mut client = Client {
            dialogue: Dialogue::new(it.config, it.sizes, it.log),
            transport: Transport::Plain(stream),
            tls: it.tls,
            deadline: Deadline::new(it.timeouts, it.deadline),
        };
        if let Err(error) = checked {
            client.fail(Error::Tls(error));
        }
        client
    }

    /// The limit for looking up and connecting to the server.
    fn limit(&self) -> Duration {
        let limit = self.timeouts.limit(Phase::Greeting);
        let left = self.deadline.map(|end| end.saturating_duration_since(Instant::now()));
        left.map_or(limit, |left| left.min(limit))
    }

    /// With a name, if it has none yet: the machine's, else the address of its socket (RFC 5321 4.1.4).
    fn introduced(self, local: Option<IpAddr>) -> Self {
        match machine::name().or_else(|| local.map(|address| address.to_canonical().into())) {
            Some(name) if !self.named => self.with_name(name),
            _ => self,
        }
    }
}

impl Target {
    fn reach(
        &self,
        source: Option<IpAddr>,
        limit: Duration,
    ) -> io::Result<(BoxedStream, Option<IpAddr>)> {
        match self {
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
        }
    }
}

fn addresses(host: &str, port: u16, limit: Duration) -> io::Result<Vec<SocketAddr>> {
    let (tell, told) = mpsc::channel();
    look_up(host, port, move |addresses| tell.send(addresses).unwrap_or_default())?;
    told.recv_timeout(limit).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("target", &self.target)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
