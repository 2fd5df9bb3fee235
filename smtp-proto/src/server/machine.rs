//! The server: routes octets, lines and answers to its parts, and closes the session.

use core::fmt;

use crate::{command::Received, reply::Code, sasl::server::Exchange};

#[cfg(feature = "alloc")]
use super::BufferSizes;
use super::{
    Answer, Buffers, Config, ContentFault, End, Event, Misuse, Octets, PeerError, Protocol,
    TlsPolicy, Wants,
    auth::{AuthExchange, Step, Then},
    chunk::Chunk,
    content::Content,
    intake::Intake,
    line::Found,
    question::Question,
    replies::Replies,
    rules::{self, Action, Rules, is_verb, may_wait},
    session::Session,
};

/// An SMTP server without IO.
///
/// * Getters: [`wants`](Self::wants), [`end`](Self::end), [`is_secure`](Self::is_secure) and the
///   other `&self` methods. They change nothing.
/// * Transport: [`transmit`](Self::transmit) and [`transmitted`](Self::transmitted),
///   [`flushed`](Self::flushed), [`read_buf`](Self::read_buf) and [`received`](Self::received),
///   [`tls_established`](Self::tls_established), [`abort`](Self::abort). Called when
///   [`wants`](Self::wants) says so, the last at any time.
/// * Verbs: [`accept`](Self::accept), [`answer`](Self::answer), [`authenticate`](Self::authenticate).
///   They answer the last event.
///   [`decline`](Self::decline) answers a command before it becomes one.
/// * Polls: [`poll_event`](Self::poll_event).
///
/// No call panics in any order; one that does not fit the state says so and changes nothing.
///
/// ```
/// use smtp_proto::{hello::EhloName, server::{Config, Event, Server, Wants}};
/// let mut server = Server::new(Config::new(EhloName::parse("mx.example")?));
/// assert_eq!(server.poll_event()?, Some(Event::Connected));
/// server.accept()?;
/// assert_eq!(server.wants(), Wants::Write);
/// assert_eq!(server.transmit(), b"220 mx.example ESMTP ready\r\n");
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Server<B: Octets> {
    config: Config,
    stage: Stage,
    session: Session,
    auth: AuthExchange,
    content: Content,
    /// The question that the application has to answer.
    asked: Option<Question>,
    intake: Intake<B>,
    replies: Replies<B>,
    bad_commands: u32,
    end: Option<End>,
}

/// The server's current task. A stage that lasts for several calls holds where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// The driver has to shake hands, once all replies have left.
    Handshake { greeted: bool },
    /// The application has yet to say whether the client may come in.
    Connecting,
    /// The next line is a command.
    Commands,
    /// The next line is a response in an AUTH exchange.
    Auth(Step),
    /// Content until its end.
    Content,
    /// Octets of a chunk, then its reply.
    Chunk(Chunk),
    /// The content is complete and has yet to be answered.
    Verdicts(Verdicts),
    /// Nothing is read any more; the last reply has yet to leave.
    Closing,
    /// Nothing leaves either.
    Closed,
}

impl Stage {
    const fn opening(tls: TlsPolicy) -> Self {
        match tls {
            TlsPolicy::Implicit => Self::Handshake { greeted: false },
            _ => Self::Connecting,
        }
    }

    const fn is_over(self) -> bool {
        matches!(self, Self::Closing | Self::Closed)
    }
}

/// The answer that is next to complete content: one, or in LMTP one for each recipient that was accepted, in order
/// (RFC 2033 4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Verdicts {
    recipient: u32,
    /// The answer with which the server itself refuses the content, for all of them.
    refusal: Option<Answer<'static>>,
}

impl Verdicts {
    const fn new(refusal: Option<Answer<'static>>) -> Self {
        Self { recipient: 0, refusal }
    }
}

/// An event without what it borrows.
#[derive(Clone, Copy, Debug)]
enum Told {
    Asked(Question),
    /// Content, from this octet of what is lent to its end.
    Content(usize),
    ContentRefused(ContentFault),
    Reset,
    Quit,
}

#[cfg(feature = "alloc")]
impl Server<alloc::boxed::Box<[u8]>> {
    /// A server with owned buffers of the default sizes, for a client that has just connected.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_sizes(config, BufferSizes::default())
    }

    /// A server with owned buffers of these sizes.
    #[must_use]
    pub fn with_sizes(config: Config, sizes: BufferSizes) -> Self {
        Self::with_buffers(config, sizes.allocate())
    }
}

impl<B: Octets> Server<B> {
    /// A server that lives in storage passed in, and needs no allocator.
    #[must_use]
    pub fn with_buffers(config: Config, buffers: Buffers<B>) -> Self {
        Self {
            stage: Stage::opening(config.tls),
            session: Session::default(),
            auth: AuthExchange::new(),
            content: Content::default(),
            asked: None,
            intake: Intake::new(buffers.receive),
            replies: Replies::new(buffers.transmit, &config),
            bad_commands: 0,
            end: None,
            config,
        }
    }

    // --- getters ---

    /// Returns the driver's next task.
    #[must_use]
    pub fn wants(&self) -> Wants {
        if self.has_event() {
            Wants::Event
        } else if self.stage == Stage::Closed {
            Wants::Nothing
        } else if self.asked.is_some() {
            Wants::Answer
        } else if !self.replies.is_empty() {
            Wants::Write
        } else if self.replies.is_unflushed() {
            Wants::Flush
        } else if matches!(self.stage, Stage::Handshake { .. }) {
            Wants::Tls
        } else {
            Wants::Read
        }
    }

    /// Returns the cause for which the session is over, or will be once the last reply has left; `None` while it goes on.
    #[must_use]
    pub const fn end(&self) -> Option<End> {
        self.end
    }

    /// Returns whether TLS is on.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.session.is_secure()
    }

    /// Returns whether the client has authenticated.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.session.is_authenticated()
    }

    /// Returns whether mechanisms that bind to the TLS session (`-PLUS`) are offered now.
    #[must_use]
    pub fn offers_channel_binding(&self) -> bool {
        self.config.mechanisms(self.is_secure()).any(|name| name.ends_with("-PLUS"))
    }

    /// Returns whether the next octets are content, of `DATA` or of a `BDAT` chunk, and not a command line.
    ///
    /// A driver can give content more time than a command.
    #[must_use]
    pub const fn is_receiving_content(&self) -> bool {
        matches!(self.stage, Stage::Content | Stage::Chunk(_))
    }

    /// The line that the next [`poll_event`](Self::poll_event) takes, for a transcript: without its
    /// line end and without what follows the mechanism of AUTH. `***` stands for a line that belongs
    /// to an AUTH exchange or is no command: it may be a secret.
    #[must_use]
    pub fn pending_line(&self) -> Option<&[u8]> {
        let line = self.intake.pending_line()?.trim_ascii_end();
        Some(match self.stage {
            Stage::Auth(_) if line == b"*" => line,
            Stage::Auth(_) => b"***",
            _ => rules::without_secrets(line, |name| self.rules().method(name).is_some()),
        })
    }

    const fn rules(&self) -> Rules<'_> {
        Rules { config: &self.config, session: &self.session }
    }

    // --- transport ---

    /// Octets to be written; not empty when [`Wants::Write`] is wanted.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.replies.ready()
    }

    /// The transport has taken the first `n` octets of [`transmit`](Self::transmit).
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when there were fewer; nothing is changed then.
    pub fn transmitted(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.replies.ready().len() {
            return Err(Misuse::OutOfBounds);
        }
        self.replies.transmitted(n);
        self.close_if_done();
        Ok(())
    }

    /// The transport has flushed.
    pub fn flushed(&mut self) {
        self.replies.flushed();
        self.close_if_done();
    }

    /// Free storage that the driver reads into. Empty while events wait to be taken or answered.
    pub fn read_buf(&mut self) -> &mut [u8] {
        self.intake.free()
    }

    /// The driver has read `n` octets into [`read_buf`](Self::read_buf); 0 is the end of the stream.
    ///
    /// May be called at any time, not only when a read is wanted.
    ///
    /// # Errors
    /// [`Misuse::OutOfBounds`] when that many do not fit; nothing is changed then.
    pub fn received(&mut self, n: usize) -> Result<(), Misuse> {
        if n > self.intake.free().len() {
            return Err(Misuse::OutOfBounds);
        }
        if self.stage.is_over() {
            return Ok(());
        }
        self.intake.fill(n);
        if n > 0 && matches!(self.stage, Stage::Handshake { .. }) {
            self.close(End::Peer(PeerError::PlaintextBehindStartTls));
        }
        self.look();
        Ok(())
    }

    /// The handshake is done: all that the client said before is forgotten (RFC 3207 4.2).
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] unless [`Wants::Tls`] is wanted.
    pub fn tls_established(&mut self) -> Result<(), Misuse> {
        if self.wants() != Wants::Tls {
            return Err(Misuse::NotWanted);
        }
        let greeted = self.stage == Stage::Handshake { greeted: true };
        self.session.on_handshake();
        self.stage = if greeted { Stage::Commands } else { Stage::Connecting };
        Ok(())
    }

    /// The driver gives up: a time limit, a broken transport, a failed handshake. Returns the end of
    /// the session, which is an earlier one if there was one.
    pub fn abort(&mut self) -> End {
        self.close(End::Aborted);
        self.end.unwrap_or(End::Aborted)
    }

    // --- verbs ---

    /// Answers the last event in the affirmative; VRFY and EXPN as a server that tells nothing.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] unless an event waits for its answer.
    pub fn accept(&mut self) -> Result<(), Misuse> {
        let question = self.asked.ok_or(Misuse::NoQuestion)?;
        self.answer(question.consent())
    }

    /// Answers the last event: 2yz accepts, and 354 for DATA; 4yz and 5yz refuse; 421 closes the
    /// session. In the greeting, and in the answers to EHLO and HELO, the host's name stands before
    /// the text.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] unless an event waits for its answer, [`Misuse::WrongClass`] for an
    /// answer that is neither yes nor no.
    pub fn answer(&mut self, answer: Answer<'_>) -> Result<(), Misuse> {
        let question = self.asked.ok_or(Misuse::NoQuestion)?;
        if !question.admits(answer.code()) {
            return Err(Misuse::WrongClass);
        }
        self.on_answer(question, answer);
        self.drop_lent();
        Ok(())
    }

    /// Refuses the command that [`pending_line`](Self::pending_line) shows instead of taking it, as
    /// for STARTTLS while there is no certificate: nothing comes of it but the answer.
    ///
    /// # Errors
    /// [`Misuse::NotWanted`] where no command waits to be taken, and for BDAT, whose octets have to
    /// be taken; [`Misuse::WrongClass`] for an answer that is no refusal.
    pub fn decline(&mut self, answer: Answer<'_>) -> Result<(), Misuse> {
        if !answer.code().is_refusal() {
            return Err(Misuse::WrongClass);
        }
        if self.decline_line(answer) { Ok(()) } else { Err(Misuse::NotWanted) }
    }

    /// Answers [`Event::Exchange`]: hands the client's response to `exchange`, which has to be a new
    /// one where the event says so and else the same, and says what comes of it.
    /// [`is_authenticated`](Self::is_authenticated) then tells whether it has succeeded. Nothing of
    /// the exchange is kept here.
    ///
    /// A challenge of 760 octets always fits the transmit buffer; one that does not is 454.
    ///
    /// # Errors
    /// [`Misuse::NoQuestion`] unless that event waits for its answer.
    ///
    /// ```
    /// # use smtp_proto::{hello::EhloName, sasl::server::*, server::*};
    /// struct Alice;
    /// impl Accounts for Alice {
    ///     fn user_of_token(&self, token: &str) -> Option<&str> {
    ///         (token == "t0ken").then_some("alice")
    ///     }
    /// }
    /// let config = Config::new(EhloName::LOCALHOST)
    ///     .with_auth(AuthPolicy::Offered)
    ///     .with_mechanisms(&["XOAUTH2"])
    ///     .with_plaintext_auth(true);
    /// let mut server = Server::new(config);
    /// # server.poll_event()?; server.accept()?;
    /// # server.transmitted(server.transmit().len())?; server.flushed();
    /// let input = b"EHLO c\r\nAUTH XOAUTH2 dXNlcj1hbGljZQFhdXRoPUJlYXJlciB0MGtlbgEB\r\n";
    /// server.read_buf()[..input.len()].copy_from_slice(input);
    /// server.received(input.len())?;
    /// # server.poll_event()?; server.accept()?; server.transmitted(server.transmit().len())?;
    /// let event = server.poll_event()?;
    /// assert_eq!(event, Some(Event::Exchange { mechanism: "XOAUTH2", begins: true }));
    /// let mut exchange = BearerExchange::xoauth2(Alice);
    /// server.authenticate(&mut exchange)?;
    /// assert!(server.is_authenticated());
    /// assert_eq!(exchange.user(), "alice");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    pub fn authenticate(&mut self, exchange: &mut dyn Exchange) -> Result<(), Misuse> {
        let Some(Question::Exchange(turn)) = self.asked else { return Err(Misuse::NoQuestion) };
        self.asked = None;
        let then = self.auth.exchange(turn, exchange, &self.intake, &mut self.replies);
        self.replies.hurry(true);
        match then {
            Then::Await(step) => {
                self.intake.wipe_lent();
                self.stage = Stage::Auth(step);
            }
            Then::Conclude(answer) => self.on_credentials(!answer.code().is_refusal(), answer),
            Then::Ask(_) => {}
        }
        self.drop_lent();
        Ok(())
    }

    // --- polls ---

    /// Takes the next line or piece of content, and says what it means for the application: `None`
    /// when that is nothing. [`wants`](Self::wants) tells whether there is more to take. What an
    /// event borrows stays until the next call.
    ///
    /// # Errors
    /// The peer broke the protocol. The session is over, and every further call says the same.
    pub fn poll_event(&mut self) -> Result<Option<Event<'_>>, PeerError> {
        if self.intake.has_lent() && self.asked.is_none() {
            self.drop_lent();
            // The line behind it is shown by `pending_line` before it is taken.
            if self.intake.has_line() {
                return Ok(None);
            }
        }
        let told = if self.has_step() { self.step() } else { None };
        match self.end {
            Some(End::Peer(error)) => Err(error),
            _ => Ok(told.and_then(|told| self.tell(told))),
        }
    }

    /// Returns whether [`poll_event`](Self::poll_event) would do or say something.
    fn has_event(&self) -> bool {
        (self.intake.has_lent() && self.asked.is_none()) || self.has_step()
    }

    fn has_step(&self) -> bool {
        if self.asked.is_some() || self.replies.are_congested() {
            return false;
        }
        let ended = self.intake.has_ended();
        match self.stage {
            Stage::Connecting | Stage::Verdicts(_) => true,
            Stage::Chunk(chunk) if chunk.is_whole() => true,
            Stage::Commands | Stage::Auth(_) => self.intake.has_line() || ended,
            Stage::Content | Stage::Chunk(_) => !self.intake.is_empty() || ended,
            Stage::Handshake { .. } => ended,
            Stage::Closing | Stage::Closed => false,
        }
    }

    fn step(&mut self) -> Option<Told> {
        match self.stage {
            Stage::Connecting => return Some(self.ask(Question::Connection)),
            Stage::Content if !self.intake.is_empty() => return self.take_content(),
            Stage::Chunk(chunk) if chunk.is_whole() || !self.intake.is_empty() => {
                return self.take_chunk(chunk);
            }
            Stage::Verdicts(verdicts) => return self.next_verdict(verdicts),
            _ => {}
        }
        match self.intake.take_line() {
            Found::Line(_) => self.take_line(),
            Found::EndOfExcess(_) => self.take_excess(),
            Found::Incomplete | Found::Excess(_) => {
                self.close(End::Lost);
                None
            }
        }
    }

    fn ask(&mut self, question: Question) -> Told {
        self.asked = Some(question);
        Told::Asked(question)
    }

    fn tell(&self, told: Told) -> Option<Event<'_>> {
        Some(match told {
            Told::Asked(question) => return self.tell_question(question),
            Told::Content(start) => Event::Content(&self.intake.lent()[start..]),
            Told::ContentRefused(fault) => Event::ContentRefused(fault),
            Told::Reset => Event::Reset,
            Told::Quit => Event::Quit,
        })
    }

    /// Lends a question; its line is read again rather than kept in parts.
    fn tell_question(&self, question: Question) -> Option<Event<'_>> {
        Some(match question {
            Question::Connection => Event::Connected,
            Question::Hello { extended } => {
                let name = self.intake.line()?.get(4..)?.trim_ascii();
                Event::Hello { name: core::str::from_utf8(name).ok()?, extended }
            }
            Question::Credentials => {
                Event::Authenticate(self.auth.credentials(self.intake.lent())?)
            }
            Question::Exchange(turn) => {
                let mechanism = self.auth.mechanism()?;
                Event::Exchange { mechanism, begins: turn.begins() }
            }
            Question::Data => Event::Data,
            Question::ContentEnd { recipient } => Event::ContentEnd {
                octets: self.content.octets(),
                recipient: (self.config.protocol == Protocol::Lmtp).then_some(recipient),
            },
            Question::Mail { .. } | Question::Recipient | Question::Verify | Question::Expand => {
                match Received::parse(self.intake.line()?) {
                    Ok(Received::Mail(mail)) => Event::Mail(mail),
                    Ok(Received::Rcpt(recipient)) => Event::Recipient(recipient),
                    Ok(Received::Vrfy(text)) => Event::Verify(text),
                    Ok(Received::Expn(text)) => Event::Expand(text),
                    _ => return None,
                }
            }
        })
    }

    /// Forgets what the last event borrowed.
    fn drop_lent(&mut self) {
        self.intake.drop_lent();
        self.look();
    }

    /// Looks for the end of the next line.
    fn look(&mut self) {
        let limits = self.config.limits;
        match self.stage {
            Stage::Commands => self.intake.look(limits.line),
            Stage::Auth(_) => self.intake.look(limits.auth_line),
            _ => {}
        }
    }

    // --- lines ---

    fn take_line(&mut self) -> Option<Told> {
        if let Stage::Auth(step) = self.stage {
            self.stage = Stage::Commands;
            self.replies.hurry(true);
            let then = self.auth.go_on(step, &mut self.intake, &mut self.replies);
            return self.carry_out(then);
        }
        let line = self.intake.lent();
        let (waits, is_chunk) = (may_wait(line), is_verb(line, *b"BDAT"));
        let is_mail = is_verb(line, *b"MAIL");
        self.session.before_line(line);
        let line = self.intake.line().ok_or(Answer::BAD_LINE);
        let told = match line.and_then(|line| self.rules().judge(line)) {
            Ok(action) => self.perform(action),
            Err(_) if is_chunk => {
                // Nobody knows which of the octets behind it are commands.
                self.say(Answer::BAD_CHUNK);
                self.finish(End::ChunkSize);
                None
            }
            Err(answer) => {
                self.refuse(answer);
                None
            }
        };
        if is_mail {
            self.session.after_mail();
        }
        self.replies.hurry(!waits && !self.replies.is_empty());
        told
    }

    fn take_excess(&mut self) -> Option<Told> {
        self.replies.hurry(true);
        if matches!(self.stage, Stage::Auth(_)) {
            return self.carry_out(Then::Conclude(Answer::RESPONSE_TOO_LONG));
        }
        self.refuse(Answer::LINE_TOO_LONG);
        None
    }

    /// Answers the line at the front unseen, where it is a command and that is safe.
    fn decline_line(&mut self, answer: Answer<'_>) -> bool {
        let Some(line) = self.intake.pending_line() else { return false };
        if self.stage != Stage::Commands || is_verb(line, *b"BDAT") || !self.has_step() {
            return false;
        }
        self.intake.take_line();
        self.drop_lent();
        self.replies.hurry(true);
        self.say(answer);
        if answer.code() == Code::SERVICE_CLOSING {
            self.finish(End::ServiceClosing);
        }
        true
    }

    fn perform(&mut self, action: Action) -> Option<Told> {
        match action {
            Action::Ask(question) => return Some(self.ask(question)),
            Action::Authenticate(method, response) => {
                let Self { auth, intake, replies, .. } = self;
                let then = auth.begin(method, response, intake, replies);
                return self.carry_out(then);
            }
            Action::Say(answer) => self.say(answer),
            // Somebody has put octets behind it.
            Action::StartTls if self.intake.has_unread() => {
                self.close(End::Peer(PeerError::PlaintextBehindStartTls));
            }
            Action::StartTls => {
                self.say(Answer::START_TLS);
                self.stage = Stage::Handshake { greeted: true };
            }
            Action::Chunk(chunk) => self.begin_chunk(chunk),
            Action::Close(answer, end) => {
                self.say(answer);
                self.finish(end);
            }
            Action::Reset => {
                self.session.end_transaction();
                self.say(Answer::OK);
                return Some(Told::Reset);
            }
            Action::Quit => {
                self.say(Answer::BYE);
                self.finish(End::Quit);
                return Some(Told::Quit);
            }
        }
        None
    }

    // --- AUTH ---

    fn carry_out(&mut self, then: Then) -> Option<Told> {
        match then {
            Then::Ask(question) => return Some(self.ask(question)),
            Then::Await(step) => self.stage = Stage::Auth(step),
            Then::Conclude(answer) => {
                self.stage = Stage::Commands;
                self.forget_credentials();
                self.refuse(answer);
            }
        }
        None
    }

    /// A refusal counts as a bad command: who guesses has few guesses.
    fn on_credentials(&mut self, accepted: bool, answer: Answer<'_>) {
        self.stage = Stage::Commands;
        self.session.on_credentials(accepted);
        self.forget_credentials();
        if accepted { self.say(answer) } else { self.refuse(answer) }
    }

    /// Wipes what the client said about itself, wherever it stood.
    fn forget_credentials(&mut self) {
        self.intake.wipe_lent();
        self.auth.forget();
    }

    // --- content ---

    /// Takes what has come of the content.
    fn take_content(&mut self) -> Option<Told> {
        let piece = self.content.take(self.intake.held(), &self.config);
        self.intake.lend(piece.consumed);
        if !piece.end {
            return piece.content.map(Told::Content);
        }
        let fault = self.content.fault(&self.config);
        let told = self.next_verdict(Verdicts::new(fault.map(ContentFault::answer)));
        fault.map(Told::ContentRefused).or(told)
    }

    /// BDAT, which is judged already.
    fn begin_chunk(&mut self, chunk: Chunk) {
        self.stage = Stage::Chunk(chunk);
        if chunk.refusal.is_none() {
            if let Some(content) = self.session.on_chunk() {
                self.content = content;
            }
            self.content.announce(chunk.size);
        }
    }

    /// Takes what has come of the chunk, or answers when that was all.
    fn take_chunk(&mut self, mut chunk: Chunk) -> Option<Told> {
        if chunk.is_whole() {
            return self.end_chunk(chunk);
        }
        let taken = chunk.take(self.intake.held().len());
        self.intake.lend(taken);
        self.stage = Stage::Chunk(chunk);
        let wanted =
            chunk.refusal.is_none() && self.content.take_chunk(self.intake.lent(), &self.config);
        wanted.then_some(Told::Content(0))
    }

    fn end_chunk(&mut self, chunk: Chunk) -> Option<Told> {
        if let Some(refusal) = chunk.refusal {
            return self.refuse_chunk(chunk, refusal);
        }
        if chunk.last {
            self.content.end_chunks();
        }
        match self.content.fault(&self.config) {
            Some(fault) => {
                self.refuse_chunk(chunk, fault.answer());
                Some(Told::ContentRefused(fault))
            }
            None if chunk.last => self.next_verdict(Verdicts::new(None)),
            None => {
                self.await_command();
                self.replies.say_octets(chunk.size);
                self.check_room();
                None
            }
        }
    }

    fn refuse_chunk(&mut self, chunk: Chunk, refusal: Answer<'static>) -> Option<Told> {
        if chunk.last {
            return self.next_verdict(Verdicts::new(Some(refusal)));
        }
        self.session.refuse_chunks(refusal);
        self.await_command();
        self.say_refusal(refusal);
        None
    }

    fn next_verdict(&mut self, verdicts: Verdicts) -> Option<Told> {
        self.stage = Stage::Verdicts(verdicts);
        let Some(refusal) = verdicts.refusal else {
            return Some(self.ask(Question::ContentEnd { recipient: verdicts.recipient }));
        };
        self.say_refusal(refusal);
        self.after_verdict();
        None
    }

    /// Refuses content or a chunk; a chunk outside of a transaction is a bad command too.
    fn say_refusal(&mut self, refusal: Answer<'static>) {
        match self.session.transaction() {
            Some(_) => self.say(refusal),
            None => self.refuse(refusal),
        }
    }

    /// One verdict is known: on to the next, or the transaction is over.
    fn after_verdict(&mut self) {
        let Stage::Verdicts(verdicts) = self.stage else { return };
        let recipient = verdicts.recipient + 1;
        if recipient < self.session.final_replies(self.config.protocol) {
            self.stage = Stage::Verdicts(Verdicts { recipient, ..verdicts });
        } else {
            self.session.end_transaction();
            self.await_command();
        }
    }

    fn await_command(&mut self) {
        self.stage = Stage::Commands;
        self.look();
    }

    // --- answers ---

    /// The application's answer, whose code the question admits.
    fn on_answer(&mut self, question: Question, answer: Answer<'_>) {
        let accepted = !answer.code().is_refusal();
        self.asked = None;
        self.replies.hurry(!question.may_wait());
        match question {
            Question::Connection => {
                self.stage = Stage::Commands;
                self.session.on_connection(accepted);
                self.replies.say_with_name(answer, self.config.name);
            }
            Question::Hello { extended } => self.on_hello(extended, accepted, answer),
            Question::Credentials | Question::Exchange(_) => {
                self.on_credentials(accepted, answer);
            }
            Question::Mail { smtp_utf8, binary } => {
                self.session.on_mail(accepted, smtp_utf8, binary);
                self.say(answer);
            }
            Question::Recipient => {
                self.session.on_recipient(accepted);
                self.say(answer);
            }
            Question::Data => {
                self.session.on_data();
                if accepted {
                    self.stage = Stage::Content;
                    self.content = Content::default();
                }
                self.say(answer);
            }
            Question::ContentEnd { .. } => {
                self.after_verdict();
                self.say(answer);
            }
            Question::Verify | Question::Expand => self.say(answer),
        }
        self.check_room();
        if answer.code() == Code::SERVICE_CLOSING {
            self.finish(End::ServiceClosing);
        }
    }

    /// A refusal leaves everything as it was (RFC 5321 4.1.4).
    fn on_hello(&mut self, extended: bool, accepted: bool, answer: Answer<'_>) {
        if !accepted {
            return self.say(answer.plain());
        }
        self.session.on_hello(extended);
        if extended {
            self.replies.say_offers(answer, &self.config, self.session.is_secure());
        } else {
            self.replies.say_with_name(answer, self.config.name);
        }
    }

    /// Answers a command that is refused for what it is; too many of them end the session.
    fn refuse(&mut self, answer: Answer<'_>) {
        self.bad_commands =
            self.bad_commands.saturating_add(self.session.is_bad_command(answer).into());
        if self.bad_commands > self.config.limits.bad_commands {
            self.say(Answer::TOO_MANY_BAD_COMMANDS);
            return self.finish(End::TooManyBadCommands);
        }
        self.say(answer);
    }

    fn say(&mut self, answer: Answer<'_>) {
        self.replies.say(answer);
        self.check_room();
    }

    /// A reply that does not fit the transmit buffer ends the session.
    fn check_room(&mut self) {
        if self.replies.have_overflown() {
            self.close(End::NoRoom);
        }
    }

    // --- ends ---

    /// The session ends when what is queued has left; the first cause stays.
    fn finish(&mut self, end: End) {
        if self.stage != Stage::Closed {
            self.stage = Stage::Closing;
            self.end.get_or_insert(end);
            self.intake.clear();
        }
        self.close_if_done();
    }

    /// The session is over at once; the first cause stays.
    fn close(&mut self, end: End) {
        self.end.get_or_insert(end);
        self.stage = Stage::Closed;
        self.asked = None;
        self.replies.clear();
    }

    /// The last reply has left.
    fn close_if_done(&mut self) {
        if self.stage == Stage::Closing && self.replies.are_done() {
            self.stage = Stage::Closed;
        }
    }
}

impl<B: Octets> fmt::Debug for Server<B> {
    /// Shows how far the session has come and none of its octets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("stage", &self.stage)
            .field("secure", &self.is_secure())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
