//! The client: what a caller asks for, one method each.

use core::{fmt, time::Duration};
use std::{io::BufRead, time::Instant};

use smtp_proto::{
    client::{
        AsEnvelope, BufferSizes, Config, Inquiry, Outcome, Phase, Timeouts, Transaction, Wants,
    },
    envelope::Delivery,
    hello::{Capabilities, Extensions},
    reply::OwnedReply,
    sasl::Mechanisms,
};

use smtp_adapter::{Error, Mail, Session, Tls, trace};

use crate::{
    connect::Connector,
    deadline::Deadline,
    stream::{BoxedStream, Stream},
    tls::Transport,
};

/// A session with one server.
///
/// A [`Connector`] makes it. A time-out, a failure of the transport or a peer that breaks the protocol ends the
/// session: every later call then returns the same error. A refusal by the server, or one before anything was written,
/// leaves the session usable; see [`is_reusable`](Self::is_reusable).
///
/// Dropping a client closes the connection without `QUIT`; use [`quit`](Self::quit) to send it.
pub struct Client<S = BoxedStream> {
    pub(crate) session: Session,
    pub(crate) transport: Transport<S>,
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "empty without it"))]
    pub(crate) tls: Tls,
    pub(crate) deadline: Deadline,
}

impl Client {
    /// Connects and opens the session; [`Connector`] has the choices. TLS is required.
    ///
    /// # Errors
    /// Whatever keeps the session from being open.
    pub fn connect(host: &str, port: u16) -> Result<Self, Error> {
        Connector::new(host, port).connect()
    }
}

impl<S: Stream> Client<S> {
    /// A session over a stream of the caller's, with the time limits of RFC 5321 and no TLS of its
    /// own; [`Connector::over`] has more choices. Nothing is sent or read before the first call.
    #[must_use]
    #[allow(clippy::large_types_passed_by_value, reason = "once for a session, and kept")]
    pub fn over(stream: S, config: Config) -> Self {
        let mut client = Self {
            session: Session::new(config, BufferSizes::LARGE, None),
            transport: Transport::Plain(stream),
            tls: Tls::default(),
            deadline: Deadline::new(Timeouts::RFC_5321, None),
        };
        if let Err(error) = client.tls.check(config.tls()) {
            client.fail(Error::Tls(error));
        }
        client
    }

    /// Sets when every call has to be over, whatever it does then: login, messages, inquiries, QUIT; `None` for
    /// [`Timeouts`] alone, which limit each wait and not their sum. It holds until it is set anew.
    ///
    /// A call that is running at that time ends as with any other time limit: with [`Error::Timeout`], or with an
    /// outcome that says what is known of each recipient. The session ends with it. A content whose reader blocks is
    /// not interrupted.
    ///
    /// ```no_run
    /// # use core::time::Duration;
    /// # use std::time::Instant;
    /// # use smtp_sync::{Connector, Envelope};
    /// # let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
    /// let end = Instant::now() + Duration::from_secs(60);
    /// let mut client = Connector::new("mx.example.org", 587).with_deadline(end).connect()?;
    /// client.set_deadline(Some(Instant::now() + Duration::from_secs(120)));
    /// client.send(&envelope, &b"Subject: Hi\r\n\r\nHello Bob.\r\n"[..])?;
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub const fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline.set_until(deadline);
    }

    /// Opens the session: greeting, EHLO, TLS. Every other call does this first where it is not
    /// done yet, and what an earlier call left undone.
    ///
    /// # Errors
    /// The error that kept the session from opening. The client has then sent `QUIT` if the connection allowed it.
    pub fn open(&mut self) -> Result<(), Error> {
        self.session.check()?;
        self.quieten()
    }

    /// Continues until nothing is outstanding.
    fn quieten(&mut self) -> Result<(), Error> {
        if self.pump()? == Wants::Command { Ok(()) } else { Err(self.ended()) }
    }

    /// Authenticates with the first of the caller's mechanisms that the server offers, and returns its index.
    ///
    /// A slice `&mut [&mut dyn Mechanism]` is a list, a mechanism alone is one of its own.
    ///
    /// # Errors
    /// [`Error::Authentication`] when the server refused: the session stays usable.
    pub fn authenticate(
        &mut self,
        mechanisms: &mut (impl Mechanisms + ?Sized),
    ) -> Result<usize, Error> {
        self.open()?;
        self.session.proto.authenticate(mechanisms)?;
        let done = loop {
            match self.pump() {
                Ok(Wants::Credentials) => self.session.proto.authenticate(mechanisms)?,
                done => break done,
            }
        };
        self.session.authenticated(done)
    }

    /// Sends one message.
    ///
    /// The content is read from its reader's own buffer: a `&[u8]` is not copied on the way, any
    /// other reader goes into a [`BufReader`](std::io::BufReader). No more of it is read than the
    /// server is ready to take, and nothing when it refuses the envelope.
    ///
    /// # Errors
    /// Nothing of the message was written: the session is over, or the core refused. Everything
    /// else stands in the outcome, recipient by recipient; [`failure`](Self::failure) tells
    /// what broke on the way.
    pub fn send(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: impl BufRead,
    ) -> Result<Outcome, Error> {
        let _span = trace::sending(envelope.recipient_count()).entered();
        let result = self.send_message(envelope, content);
        trace::sent(&result);
        result
    }

    fn send_message(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        mut content: impl BufRead,
    ) -> Result<Outcome, Error> {
        self.open()?;
        let transaction = self.session.begin(envelope)?;
        self.hand_over(envelope, &mut content).ok();
        self.pump().ok();
        self.outcome(transaction)
    }

    /// Checks a message whose content is there as a whole, before anything of it is written: what
    /// [`send`](Self::send) would refuse, and content that cannot be sent, which would else end the session midway. How
    /// many recipients a transaction may have is not looked at.
    ///
    /// # Errors
    /// [`Error::Refused`]: the session stays as it was. Else why the session is over.
    pub fn check(
        &mut self,
        envelope: &(impl AsEnvelope + ?Sized),
        content: &[u8],
    ) -> Result<(), Error> {
        self.open()?;
        Ok(self.session.proto.check(envelope, content)?)
    }

    /// Sends a message that has its envelope with it: a [`Mail`], or what a builder makes one of.
    ///
    /// # Errors
    /// [`Error::Mail`], and those of [`send`](Self::send).
    pub fn send_mail<M: TryInto<Mail>>(&mut self, mail: M) -> Result<Outcome, Error>
    where
        Error: From<M::Error>,
    {
        let mail = mail.try_into()?;
        self.send(mail.envelope(), mail.content())
    }

    /// Sends one message in as many transactions as the server's limits ask for, and takes note of
    /// what became of each recipient in `delivery`; `content` gives the content anew for each.
    ///
    /// ```no_run
    /// # use smtp_sync::{Connector, Delivery, Envelope};
    /// # let mut client = Connector::new("mx.example.org", 587).connect()?;
    /// # let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
    /// let mut delivery = Delivery::new(&envelope, client.capabilities().limits());
    /// client.deliver(&mut delivery, || &b"Subject: Hi\r\n\r\nHello all.\r\n"[..])?;
    /// for recipient in delivery.recipients() {
    ///     println!("{recipient:?}");
    /// }
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`send`](Self::send); what is left can go over another connection.
    pub fn deliver<C: BufRead>(
        &mut self,
        delivery: &mut Delivery,
        mut content: impl FnMut() -> C,
    ) -> Result<(), Error> {
        while let Some(envelope) = delivery.envelope() {
            let outcome = self.send(envelope, content())?;
            delivery.record(outcome);
        }
        Ok(())
    }

    /// Sends messages one after the other; the results are in their order.
    ///
    /// Each begins as soon as the content of the one before has been sent. With [`run_ahead`](Config::with_run_ahead)
    /// that saves a round trip for each message.
    pub fn send_all<E: AsEnvelope, C: BufRead>(
        &mut self,
        messages: impl IntoIterator<Item = (E, C)>,
    ) -> Vec<Result<Outcome, Error>> {
        self.open().ok();
        let mut begun = Vec::new();
        for (envelope, content) in messages {
            begun.push(self.send_behind(&envelope, content));
        }
        self.pump().ok();
        begun.into_iter().map(|begun| begun.and_then(|begun| self.outcome(begun))).collect()
    }

    /// Hands a message over and does not wait for its verdict. An error is one before it began.
    fn send_behind(
        &mut self,
        envelope: &impl AsEnvelope,
        mut content: impl BufRead,
    ) -> Result<Transaction, Error> {
        self.make_way()?;
        let transaction = self.session.begin(envelope)?;
        self.hand_over(envelope, &mut content).ok();
        Ok(transaction)
    }

    /// Goes on until the next message can begin.
    fn make_way(&mut self) -> Result<(), Error> {
        while !self.session.proto.can_begin() {
            if self.step()?.is_some() {
                return Err(self.ended());
            }
        }
        Ok(())
    }

    /// There is one for each message that began.
    fn outcome(&mut self, transaction: Transaction) -> Result<Outcome, Error> {
        self.session.take_outcome(transaction).ok_or_else(|| self.ended())
    }

    /// Sends a command outside a message, and returns the server's reply, even if it is a refusal. If a server accepts
    /// `XCLIENT`, that is its reply to the `EHLO` which follows, so check only the class of its code.
    ///
    /// # Errors
    /// The session ended before the reply arrived, or nothing was written.
    pub fn inquire(&mut self, inquiry: Inquiry<'_>) -> Result<OwnedReply, Error> {
        self.open()?;
        let before = self.session.journal.answer_count();
        self.session.proto.inquire(inquiry)?;
        let done = self.quieten();
        self.session.answered(before, done)
    }

    /// Stays idle for this long and listens: a server may close (421) without being asked.
    ///
    /// # Errors
    /// The session is over.
    pub fn watch(&mut self, time: Duration) -> Result<(), Error> {
        self.open()?;
        self.deadline.idle(time);
        while self.deadline.tell(&mut self.transport).is_ok_and(|left| left) {
            self.receive()?;
            self.quieten()?;
        }
        if self.deadline.is_over() { Err(self.fail(Error::Timeout(Phase::Idle))) } else { Ok(()) }
    }

    /// Sends `QUIT` and closes the connection. Messages that were delivered stay delivered, whatever the result is.
    ///
    /// # Errors
    /// The session was over before the call. A server that does not reply to `QUIT` is not an error.
    pub fn quit(mut self) -> Result<Option<OwnedReply>, Error> {
        self.open()?;
        self.session.proto.quit()?;
        self.pump().ok();
        Ok(self.session.journal.farewell().cloned())
    }

    /// Returns the capabilities in the server's last `EHLO` reply, without those that the settings mask.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities<'_> {
        self.session.proto.capabilities()
    }

    /// Returns the server's greeting.
    #[must_use]
    pub const fn greeting(&self) -> Option<&OwnedReply> {
        self.session.journal.greeting()
    }

    /// Returns the server's last reply outside a message, and the phase that it belongs to.
    #[must_use]
    pub fn last_answer(&self) -> Option<(Phase, &OwnedReply)> {
        self.session.journal.last_answer()
    }

    /// Returns whether the next message can be sent over this session, as far as is known without reading.
    #[must_use]
    pub fn is_reusable(&self) -> bool {
        self.session.proto.is_reusable()
    }

    /// Returns whether TLS is on.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.session.proto.is_secure()
    }

    /// Returns the extensions used in this session that are known to misbehave on some servers, for a
    /// [`Hint`](smtp_proto::client::Hint).
    #[must_use]
    pub fn used(&self) -> Extensions {
        self.session.proto.used()
    }

    /// Returns the error that ended the session, if one did. Every later call returns the same error.
    #[must_use]
    pub const fn failure(&self) -> Option<&Error> {
        self.session.failure()
    }
}

impl<S> fmt::Debug for Client<S> {
    /// Shows where the session stands and none of its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("dialogue", &self.session).finish_non_exhaustive()
    }
}
