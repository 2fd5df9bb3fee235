//! The settings of a session, which are decided before the first octet.

use core::{fmt, net::IpAddr, time::Duration};

use smtp_proto::{
    client::{BufferSizes, Config, Phase, Timeouts, TlsPolicy},
    hello::EhloName,
};

use crate::{Error, Session, Tls, Url, in_ascii, machine_name, trace::Sink};

/// The settings for reaching a server and for the session with it.
///
/// An adapter wraps it in its `Connector`, whose methods are these (`connector_settings!` writes them), and adds
/// `connect`.
///
/// ```
/// use smtp_adapter::{Settings, Target, proto::client::TlsPolicy};
/// let settings = Settings::new("mx.example.org", 25).with_tls(TlsPolicy::Opportunistic);
/// assert_eq!(settings.target(), &Target::Tcp("mx.example.org".to_owned(), 25));
/// ```
#[must_use]
pub struct Settings {
    target: Target,
    config: Config,
    /// The caller has set the client's name for `EHLO`.
    named: bool,
    sizes: BufferSizes,
    timeouts: Timeouts,
    source: Option<IpAddr>,
    tls: Tls,
    log: Option<Sink>,
}

/// The place at which a server listens.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Target {
    /// A host, by name or address, and a port.
    Tcp(String, u16),
    /// A socket in the file system.
    #[cfg(unix)]
    Unix(std::path::PathBuf),
}

/// Every setting that makes two sessions differ. Sessions with equal keys can replace each other.
///
/// The log is not part of the key: sessions that differ only in their log have equal keys.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SessionKey {
    target: Target,
    config: Config,
    named: bool,
    sizes: BufferSizes,
    timeouts: Timeouts,
    source: Option<IpAddr>,
    tls: Tls,
}

impl Settings {
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

    /// The server of a URL; [`Url::credentials`] are for the client's `login`.
    pub fn from_url(url: &Url) -> Self {
        let settings = match (url.host(), url.path()) {
            #[cfg(unix)]
            (None, Some(path)) => Self::unix(path),
            (host, _) => Self::new(host.unwrap_or_default(), url.port()),
        };
        let settings =
            settings.with_tls(url.tls()).configure(|config| config.with_protocol(url.protocol()));
        match url.hello() {
            Some(name) => settings.with_name(name),
            None => settings,
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

    // --- choices ---

    /// Introduces the client as `name`.
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

    /// Verifies the server's certificate against this name, in place of the host's.
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

    /// Changes what the core decides by.
    pub fn configure(mut self, change: impl FnOnce(Config) -> Config) -> Self {
        let name = self.config.name();
        self.config = change(self.config);
        self.named |= self.config.name() != name;
        self
    }

    /// Sets how long each wait may take; RFC 5321 4.5.3.2 unless set.
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the sizes of the buffers; [`BufferSizes::LARGE`] unless set.
    pub const fn with_sizes(mut self, sizes: BufferSizes) -> Self {
        self.sizes = sizes;
        self
    }

    /// Shows the transcript to `sink`, a line at a time without its end.
    pub fn with_transcript(mut self, sink: impl FnMut(&str) + Send + 'static) -> Self {
        self.log = Some(Box::new(sink));
        self
    }

    // --- for the adapter ---

    /// Returns the place at which the server listens.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
    }

    /// The address of the machine's that is connected from, if one is set.
    #[must_use]
    pub const fn source(&self) -> Option<IpAddr> {
        self.source
    }

    /// The time limits.
    #[must_use]
    pub const fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// The limit for looking up and connecting to the server, of which `left` is left by the caller's deadline.
    #[must_use]
    pub fn connect_limit(&self, left: Option<Duration>) -> Duration {
        let limit = self.timeouts.limit(Phase::Greeting);
        left.map_or(limit, |left| left.min(limit))
    }

    /// Checks that TLS can be had where it is wanted, before anything is sent.
    ///
    /// # Errors
    /// [`Error::Tls`].
    pub fn check(&self) -> Result<(), Error> {
        self.tls.check(self.config.tls()).map_err(Error::Tls)
    }

    /// Sets the client's name for `EHLO`, if the caller has not: the full name of the machine if there is one, else the
    /// address of the socket (RFC 5321 4.1.4).
    pub fn introduced(self, local: Option<IpAddr>) -> Self {
        match machine_name().or_else(|| local.map(|address| address.to_canonical().into())) {
            Some(name) if !self.named => self.with_name(name),
            _ => self,
        }
    }

    /// Returns the session, which has yet to begin, and the settings of its TLS handshake. A session that requires TLS
    /// and cannot have it has failed already: every call returns that error, and nothing is sent.
    #[must_use]
    pub fn into_session(self) -> (Session, Tls) {
        let checked = self.check();
        let mut session = Session::new(self.config, self.sizes, self.log);
        if let Err(error) = checked {
            session.fail(error);
        }
        (session, self.tls)
    }

    /// The key of the sessions that these settings make.
    #[must_use]
    pub fn session_key(&self) -> SessionKey {
        // All fields by name: whoever adds one has to decide.
        let Self { target, config, named, sizes, timeouts, source, tls, log: _ } = self;
        let target = match target {
            Target::Tcp(host, port) => Target::Tcp(host.to_ascii_lowercase(), *port),
            #[cfg(unix)]
            Target::Unix(_) => target.clone(),
        };
        SessionKey {
            target,
            config: *config,
            named: *named,
            sizes: *sizes,
            timeouts: *timeouts,
            source: *source,
            tls: tls.clone(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("target", &self.target)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// Writes the constructors and choices of an adapter's `Connector`, which has its [`Settings`] in a field `settings` and
/// a function `from_settings`.
#[macro_export]
macro_rules! connector_settings {
    ($connector:ty) => {
        impl $connector {
            /// A server by name or IP address, TLS required (STARTTLS) and verified against that name. A name beyond
            /// ASCII is turned into its A-labels.
            pub fn new(host: &str, port: u16) -> Self {
                Self::from_settings($crate::Settings::new(host, port))
            }

            /// A server behind a socket in the file system, without TLS.
            #[cfg(unix)]
            pub fn unix(path: impl Into<std::path::PathBuf>) -> Self {
                Self::from_settings($crate::Settings::unix(path))
            }

            /// The server of a URL; [`Url::credentials`]($crate::Url::credentials) are for the client's `login`.
            pub fn from_url(url: &$crate::Url) -> Self {
                Self::from_settings($crate::Settings::from_url(url))
            }

            /// Introduces the client as `name`. Unless set that is the machine's name, if it is a full one that the
            /// system tells without asking the network, and else the address of its socket, as RFC 5321 4.1.4 has it;
            /// `[127.0.0.1]` over a stream of which that is not known.
            pub fn with_name(self, name: $crate::proto::hello::EhloName) -> Self {
                self.map(|settings| settings.with_name(name))
            }

            /// Sets whether and how the session is encrypted;
            /// [`Required`]($crate::proto::client::TlsPolicy::Required) unless set.
            pub fn with_tls(self, policy: $crate::proto::client::TlsPolicy) -> Self {
                self.map(|settings| settings.with_tls(policy))
            }

            /// Sets who is trusted; the platform's authorities unless set.
            #[cfg(feature = "tls")]
            pub fn with_tls_config(self, config: $crate::TlsConfig) -> Self {
                self.map(|settings| settings.with_tls_config(config))
            }

            /// Verifies the server's certificate against this name, in place of the host's: for a host given by its
            /// address, behind a proxy, or as an MX of another name.
            #[cfg(feature = "tls")]
            pub fn with_tls_name(self, name: &str) -> Self {
                self.map(|settings| settings.with_tls_name(name))
            }

            /// Connects from this address of the machine's; only addresses of its family are tried.
            pub fn with_source(self, source: core::net::IpAddr) -> Self {
                self.map(|settings| settings.with_source(source))
            }

            /// Changes what the core decides by: capability mask, run-ahead, newlines, credentials in the clear, limits.
            pub fn configure(
                self,
                change: impl FnOnce($crate::proto::client::Config) -> $crate::proto::client::Config,
            ) -> Self {
                self.map(|settings| settings.configure(change))
            }

            /// Sets how long each wait may take; RFC 5321 4.5.3.2 unless set. Looking up the host's addresses and
            /// connecting to one of them share the limit of a command.
            ///
            /// Addresses are tried side by side, a quarter of a second apart, or closer where the limit is short
            /// (RFC 8305). The system's resolver cannot be interrupted: a lookup that takes too long goes on in a thread
            /// of its own, until the resolver gives up, and its result is dropped.
            pub fn with_timeouts(self, timeouts: $crate::proto::client::Timeouts) -> Self {
                self.map(|settings| settings.with_timeouts(timeouts))
            }

            /// Sets the sizes of the buffers; [`LARGE`]($crate::proto::client::BufferSizes::LARGE) unless set.
            pub fn with_sizes(self, sizes: $crate::proto::client::BufferSizes) -> Self {
                self.map(|settings| settings.with_sizes(sizes))
            }

            /// Shows the transcript to `sink`, a line at a time without its end: `C: ` and `S: ` lines, secrets as
            /// `***`, content by its length.
            pub fn with_transcript(self, sink: impl FnMut(&str) + Send + 'static) -> Self {
                self.map(|settings| settings.with_transcript(sink))
            }

            fn map(mut self, change: impl FnOnce($crate::Settings) -> $crate::Settings) -> Self {
                self.settings = change(self.settings);
                self
            }
        }
    };
}
