//! The caller's choices for a session.

use core::time::Duration;

use crate::{
    buffer::Octets,
    hello::{EhloName, Extensions},
    pace::{LEAST_RATE, Pace},
    reply::{Keep, ReplyLimits},
    stuffing::Newlines,
};

use super::{event::Phase, pipeline::Slot};

/// The policy for encrypting the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum TlsPolicy {
    /// Never: STARTTLS is not used.
    None,
    /// STARTTLS where it is offered (RFC 3207). Protects against nobody who can change the stream.
    Opportunistic,
    /// STARTTLS, or no session: nothing but EHLO and STARTTLS leaves in the clear.
    #[default]
    Required,
    /// TLS from the first octet (RFC 8314 3), as on port 465.
    Implicit,
}

/// The protocol of the session.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// SMTP (RFC 5321).
    #[default]
    Smtp,
    /// LMTP (RFC 2033): LHLO, and a verdict on the content for each accepted recipient.
    Lmtp,
}

/// The use of `BDAT` for content where the server offers CHUNKING (RFC 3030).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum Chunking {
    /// Never: DATA.
    #[default]
    Off,
    /// After the replies to RCPT. A server that refuses a recipient may take the octets of a chunk
    /// that is in flight behind it for commands; this way none is.
    AfterRecipients,
    /// With the envelope, and the envelopes and chunks of further messages behind it: many messages
    /// in one round trip, where PIPELINING is offered.
    ///
    /// If nobody is to get content that is already on its way, the session ends, and what becomes of the messages
    /// that were transmitted behind it is unknown: some servers take the chunks of a message that they refused for
    /// commands. [`Config::with_swallowed_chunks`] goes on with a server that does not.
    InFlight,
}

/// The command by which the client introduces itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum HelloCommand {
    /// EHLO, and HELO when the server refuses it.
    #[default]
    Ehlo,
    /// HELO at once, for servers that cannot stand EHLO. No extension is used.
    Helo,
}

/// Limits on what a peer can make the core hold or do, all checked.
///
/// A reply line that is longer than [`line`](Self::line), or than [`Buffers::receive`] has room for, is
/// cut: its code, its enhanced code and the text that fits are kept, at least 16 octets of the reply's
/// last line. A reply that does not end within [`reply`](field@Self::reply) octets or
/// [`reply_lines`](Self::reply_lines) lines ends the session. An AUTH challenge that was cut is
/// cancelled with `*`, and an EHLO line that was cut is no extension.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of a reply line with its line end, at least 16. RFC 5321 4.5.3.1.5 says 512, but real
    /// AUTH lines are longer (705 octets seen), and Office 365 has refusals of 2 to 3 thousand.
    pub line: usize,
    /// Octets of a reply line in an AUTH dialogue; RFC 4954 4 allows 12,288.
    pub auth_line: usize,
    /// Octets of a reply, including those that are not kept.
    pub reply: usize,
    /// Lines of a reply.
    pub reply_lines: usize,
    /// Challenges of one AUTH dialogue. SCRAM, the longest known, takes three.
    pub auth_rounds: u8,
}

impl Limits {
    /// 2,048 octets a line, 12,288 in AUTH, 64 KiB and 256 lines a reply, 8 challenges.
    pub const DEFAULT: Limits = Limits {
        line: 2048,
        auth_line: 12_288,
        reply: ReplyLimits::DEFAULT.reply,
        reply_lines: ReplyLimits::DEFAULT.lines,
        auth_rounds: 8,
    };

    /// Limits on a reply that is read into `storage` octets in this phase, and how much of it is kept.
    pub(super) fn reply(&self, phase: Phase, storage: usize) -> (ReplyLimits, Keep) {
        let line = if phase == Phase::Auth { self.auth_line } else { self.line };
        let (reply, keep) = match Keep::within(line, storage) {
            Some(keep) => (self.reply, keep),
            None => (self.reply.min(storage), Keep::ALL),
        };
        (ReplyLimits { reply, lines: self.reply_lines }, keep)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The caller's choices for a session.
///
/// ```
/// use smtp_proto::{client::{Config, TlsPolicy}, hello::EhloName};
/// let config = Config::new(EhloName::parse("client.example.org")?).with_tls(TlsPolicy::Implicit);
/// # Ok::<(), smtp_proto::address::DomainError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of the caller's of its own")]
pub struct Config {
    pub(super) name: EhloName,
    pub(super) hello: HelloCommand,
    pub(super) tls: TlsPolicy,
    pub(super) mask: Extensions,
    pub(super) protocol: Protocol,
    pub(super) chunking: Chunking,
    pub(super) chunk_size: usize,
    pub(super) swallowed_chunks: bool,
    pub(super) window: u32,
    pub(super) run_ahead: bool,
    pub(super) newlines: Newlines,
    pub(super) plaintext_auth: bool,
    pub(super) unoffered_auth: bool,
    pub(super) optional_dsn: bool,
    pub(super) limits: Limits,
}

impl Config {
    /// A client that introduces itself as `name`, requires TLS, and uses what the server offers.
    #[must_use]
    pub const fn new(name: EhloName) -> Self {
        Self {
            name,
            hello: HelloCommand::Ehlo,
            tls: TlsPolicy::Required,
            mask: Extensions::EMPTY,
            protocol: Protocol::Smtp,
            chunking: Chunking::Off,
            chunk_size: usize::MAX,
            swallowed_chunks: false,
            window: 32,
            run_ahead: false,
            newlines: Newlines::Normalise,
            plaintext_auth: false,
            unoffered_auth: false,
            optional_dsn: false,
            limits: Limits::DEFAULT,
        }
    }

    /// Introduces the client as `name`.
    #[must_use]
    pub const fn with_name(self, name: EhloName) -> Self {
        Self { name, ..self }
    }

    /// The name that the client introduces itself by.
    #[must_use]
    pub const fn name(&self) -> EhloName {
        self.name
    }

    /// Sets the TLS policy; [`TlsPolicy::Required`] unless set.
    #[must_use]
    pub const fn with_tls(self, tls: TlsPolicy) -> Self {
        Self { tls, ..self }
    }

    /// Returns the policy for encrypting the session.
    #[must_use]
    pub const fn tls(&self) -> TlsPolicy {
        self.tls
    }

    /// Sets how the client introduces itself.
    #[must_use]
    pub const fn with_hello(self, hello: HelloCommand) -> Self {
        Self { hello, ..self }
    }

    /// Treats these extensions as not offered: the valve for servers that offer what they cannot do.
    #[must_use]
    pub const fn with_mask(self, mask: Extensions) -> Self {
        Self { mask, ..self }
    }

    /// Lets the next message's envelope leave behind the final dot, before its reply (RFC 2920 3.1):
    /// one round trip a message. Off by default: several servers lose what follows the dot.
    #[must_use]
    pub const fn with_run_ahead(self, run_ahead: bool) -> Self {
        Self { run_ahead, ..self }
    }

    /// Sets which protocol is spoken.
    #[must_use]
    pub const fn with_protocol(self, protocol: Protocol) -> Self {
        Self { protocol, ..self }
    }

    /// Lets content leave by BDAT where CHUNKING is offered; off unless set.
    #[must_use]
    pub const fn with_chunking(self, chunking: Chunking) -> Self {
        Self { chunking, ..self }
    }

    /// Sets the largest chunk in octets; as large as the transmit buffer allows unless set.
    #[must_use]
    pub const fn with_chunk_size(self, chunk_size: usize) -> Self {
        Self { chunk_size: if chunk_size == 0 { 1 } else { chunk_size }, ..self }
    }

    /// Sets how many messages may be in flight with [`Chunking::InFlight`]; 32 unless set.
    #[must_use]
    pub const fn with_window(self, messages: u32) -> Self {
        Self { window: if messages == 0 { 1 } else { messages }, ..self }
    }

    /// Says that the server is known to swallow the chunks of a message that it refused, so that a session with
    /// [`Chunking::InFlight`] goes on behind one. Postfix, Exim and Dovecot do; go-smtp does not.
    #[must_use]
    pub const fn with_swallowed_chunks(self, swallowed: bool) -> Self {
        Self { swallowed_chunks: swallowed, ..self }
    }

    /// Sets the treatment of a lone CR or LF in content; normalised unless set.
    #[must_use]
    pub const fn with_newlines(self, newlines: Newlines) -> Self {
        Self { newlines, ..self }
    }

    /// Lets credentials leave without TLS. Whoever sees the connection can then use them.
    #[must_use]
    pub const fn with_plaintext_auth(self, allowed: bool) -> Self {
        Self { plaintext_auth: allowed, ..self }
    }

    /// Tries AUTH although the server did not offer it, as after HELO; the first mechanism is used.
    #[must_use]
    pub const fn with_unoffered_auth(self, allowed: bool) -> Self {
        Self { unoffered_auth: allowed, ..self }
    }

    /// Leaves RET, ENVID, NOTIFY and ORCPT out where the server does not offer DSN, in place of
    /// refusing the message.
    ///
    /// Off by default: without NOTIFY=NEVER a bounce may come that nobody wanted, without
    /// NOTIFY=SUCCESS a notification is waited for in vain. A switch of the session and not of the
    /// message, since what is lost depends on the server alone; RFC 3461 5.2.2 wants a client that
    /// drops NOTIFY=SUCCESS to tell the sender so.
    #[must_use]
    pub const fn with_optional_dsn(self, optional: bool) -> Self {
        Self { optional_dsn: optional, ..self }
    }

    /// Sets the limits.
    #[must_use]
    pub const fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// Storage of one kind, as a client lives in it: boxes, or borrowed slices.
pub trait Storage: Octets {
    /// The places of commands in flight.
    type Slots: AsRef<[Slot]> + AsMut<[Slot]>;
}

impl<'a> Storage for &'a mut [u8] {
    type Slots = &'a mut [Slot];
}

#[cfg(feature = "alloc")]
impl Storage for alloc::boxed::Box<[u8]> {
    type Slots = alloc::boxed::Box<[Slot]>;
}

/// The storage of a client, fixed for its life.
#[derive(Debug)]
pub struct Buffers<B: Storage> {
    /// Replies. Of one that is longer as much is kept as fits ([`Limits`]), unless there are less than
    /// 96 octets: a reply has to fit those whole.
    pub receive: B,
    /// Commands and content on their way. A command has to fit whole; larger means fewer writes. At most 65,535 octets
    /// are used.
    pub transmit: B,
    /// One slot for each command in flight.
    pub in_flight: B::Slots,
    /// The raw text of the capabilities; lines that do not fit are not kept, but count as offered.
    pub capabilities: B,
    /// One bit for each recipient of a transaction; needed for LMTP only, and limits it.
    pub recipients: B,
}

/// Sizes of owned [`Buffers`], in octets.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct BufferSizes {
    /// See [`Buffers::receive`].
    pub receive: usize,
    /// See [`Buffers::transmit`].
    pub transmit: usize,
    /// See [`Buffers::in_flight`].
    pub in_flight: usize,
    /// See [`Buffers::capabilities`].
    pub capabilities: usize,
    /// See [`Buffers::recipients`].
    pub recipients: usize,
}

#[cfg(feature = "alloc")]
impl BufferSizes {
    /// A whole idle client in 16 KiB: the longest AUTH line (12,288, and 48 to see that it is not
    /// longer), 2 KiB of commands, 64 commands in flight, 704 octets of capabilities, 1,024
    /// recipients of an LMTP transaction.
    pub const SMALL: BufferSizes = BufferSizes {
        receive: 12_336,
        transmit: 2048,
        in_flight: 64,
        capabilities: 704,
        recipients: 128,
    };

    /// For throughput, what the adapters use: an envelope of 1,000 recipients, and its replies, in one write and
    /// one read each.
    pub const LARGE: BufferSizes = BufferSizes {
        receive: 16_384,
        transmit: 40_960,
        in_flight: 1024,
        capabilities: 2048,
        ..Self::SMALL
    };

    /// Sets the octets for commands and content on their way.
    #[must_use]
    pub const fn with_transmit(self, transmit: usize) -> Self {
        Self { transmit, ..self }
    }

    /// Sets how many commands may be in flight.
    #[must_use]
    pub const fn with_in_flight(self, in_flight: usize) -> Self {
        Self { in_flight, ..self }
    }

    /// Sets the octets for replies.
    #[must_use]
    pub const fn with_receive(self, receive: usize) -> Self {
        Self { receive, ..self }
    }

    pub(super) fn allocate(self) -> Buffers<alloc::boxed::Box<[u8]>> {
        let zeros = |size| alloc::vec![0; size].into_boxed_slice();
        Buffers {
            receive: zeros(self.receive),
            transmit: zeros(self.transmit),
            in_flight: alloc::vec![Slot::EMPTY; self.in_flight].into_boxed_slice(),
            capabilities: zeros(self.capabilities),
            recipients: zeros(self.recipients),
        }
    }
}

#[cfg(feature = "alloc")]
impl Default for BufferSizes {
    fn default() -> Self {
        Self::SMALL
    }
}

/// Time limits for each wait (RFC 5321 4.5.3.2), and the least rate at which content has to leave. The core has no clock; the driver
/// keeps these.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Timeouts {
    /// For the greeting, and for the answer to any command not named here: 5 minutes.
    pub command: Duration,
    /// For the 354 after DATA: 2 minutes.
    pub data: Duration,
    /// For one write of content to be taken: 3 minutes.
    pub content: Duration,
    /// For the answer to the final dot: 10 minutes, for a server may deliver before it answers.
    pub end_of_content: Duration,
    /// For the answer to QUIT, which changes nothing: 10 seconds, not in the RFC.
    pub quit: Duration,
    /// Octets a second that the server has to take of a message on average, beyond the time `content`: 500, not in the
    /// RFC. Without it a server that takes one octet within each limit holds a client as long as there is content. 0 asks
    /// for none.
    pub least_rate: u32,
}

impl Timeouts {
    /// The limits of RFC 5321 4.5.3.2.
    pub const RFC_5321: Timeouts = Timeouts {
        command: Duration::from_secs(300),
        data: Duration::from_secs(120),
        content: Duration::from_secs(180),
        end_of_content: Duration::from_secs(600),
        quit: Duration::from_secs(10),
        least_rate: LEAST_RATE,
    };

    /// The same limit for every wait, and the usual least rate.
    #[must_use]
    pub const fn uniform(limit: Duration) -> Self {
        Self {
            command: limit,
            data: limit,
            content: limit,
            end_of_content: limit,
            quit: limit,
            least_rate: LEAST_RATE,
        }
    }

    /// The limit for what a client waits for in `phase`.
    #[must_use]
    pub const fn limit(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Data => self.data,
            Phase::Content => self.content,
            Phase::Final => self.end_of_content,
            Phase::Quit => self.quit,
            _ => self.command,
        }
    }

    /// The pace at which the content of a message has to leave.
    #[must_use]
    pub const fn pace(&self) -> Pace {
        Pace::new(self.content, self.least_rate)
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::RFC_5321
    }
}
