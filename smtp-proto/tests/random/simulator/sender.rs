//! The client and its driver.

use std::collections::VecDeque;

use smtp_proto::{
    client::{
        Client, End, Event, Fate, Inquiry, Journal, Outcome, Phase, Refusal, Status, Wants, When,
    },
    envelope::Envelope,
    sasl::Plain,
};

use smtp_test_support::oracle::{Ending, Evidence, Truth};

use super::{
    dialogue::Dialogue,
    fault::Direction,
    network::{Network, Read, Written},
    plan::Plan,
    random::Random,
    witness::{Found, Witness},
};

/// What the client said about one message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Report {
    NotBegun,
    /// Refused before anything was written.
    Refused(Refusal),
    Begun,
    Ended(Vec<Status>),
}

#[derive(Debug)]
pub(crate) struct Sender<'p> {
    plan: &'p Plan,
    pub(crate) client: Client<Box<[u8]>>,
    pub(crate) witness: Witness<'p>,
    journal: Journal,
    pub(crate) reports: Vec<Report>,
    /// Transactions that have ended.
    ended: u32,
    next: usize,
    envelope: Option<Envelope>,
    content: VecDeque<u8>,
    asked_noop: usize,
    tried_to_log_in: bool,
    said_quit: bool,
    pub(crate) is_gone: bool,
}

impl<'p> Sender<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Self {
        Self {
            plan,
            client: Client::with_sizes(plan.client_config(), plan.sizes),
            witness: Witness::new(plan),
            journal: Journal::new(),
            reports: vec![Report::NotBegun; plan.messages.len()],
            ended: 0,
            next: 0,
            envelope: None,
            content: VecDeque::new(),
            asked_noop: 0,
            tried_to_log_in: false,
            said_quit: false,
            is_gone: false,
        }
    }

    /// One step; false when there is nothing to do but wait.
    pub(crate) fn step(
        &mut self,
        network: &mut Network,
        random: &mut Random,
        dialogue: &mut Dialogue,
    ) -> Result<bool, String> {
        let wants = self.client.wants();
        if wants == Wants::Event {
            self.take_events(dialogue)?;
            return Ok(true);
        }
        if wants == Wants::Nothing {
            network.leave();
            self.witness.oracle.ended();
            return Ok(!std::mem::replace(&mut self.is_gone, true));
        }
        let reads = wants == Wants::Read
            || (self.plan.reads_first && wants != Wants::Tls && !random.one_in(8));
        if reads && network.has_news(Direction::ToClient) {
            return self.read(network, dialogue);
        }
        if self.begins_early() {
            return self.begin(dialogue);
        }
        if self.quits_early() {
            return Ok(true);
        }
        match wants {
            Wants::Write => return self.write(network, random, dialogue),
            Wants::Flush => self.client.flushed(),
            Wants::Read => return Ok(false),
            Wants::Tls => return self.wait_for_handshake(network, dialogue),
            Wants::Credentials => self.log_in(),
            Wants::Envelope => {
                let envelope = self.envelope.as_ref().ok_or("an envelope is wanted of nothing")?;
                self.client.continue_envelope(envelope).map_err(|error| error.to_string())?;
            }
            Wants::Content => self.hand_over(random, dialogue)?,
            Wants::Command => return self.command(dialogue),
            other => return Err(format!("{other:?} is wanted")),
        }
        Ok(true)
    }

    // --- events ---

    fn take_events(&mut self, dialogue: &mut Dialogue) -> Found {
        loop {
            match self.client.poll_event() {
                Ok(Some(event)) => {
                    dialogue.note(|| format!("{event:?}"));
                    check_event(&self.witness, self.ended, &event)?;
                    self.ended += u32::from(matches!(event, Event::Ended { .. }));
                    self.journal.record(&event);
                }
                Ok(None) => break,
                Err(error) => {
                    dialogue.note(|| error.to_string());
                    break;
                }
            }
        }
        self.take_outcomes()
    }

    /// As soon as they are there: what is known later may not change them (D28).
    fn take_outcomes(&mut self) -> Found {
        while let Some(outcome) = self.journal.take_outcome(self.client.end()) {
            let number = outcome.transaction().index();
            let message = self.witness.message(number).ok_or("an outcome of nothing")?;
            if self.reports[message] != Report::Begun {
                return Err(format!("message {message} ends twice"));
            }
            check_advice(&self.witness.evidence(number), &outcome, self.client.end())?;
            let statuses = outcome.recipients().map(|recipient| recipient.status()).collect();
            self.reports[message] = Report::Ended(statuses);
        }
        Ok(())
    }

    // --- transport ---

    fn write(
        &mut self,
        network: &mut Network,
        random: &mut Random,
        dialogue: &mut Dialogue,
    ) -> Result<bool, String> {
        let octets = self.client.transmit();
        if octets.is_empty() || octets.len() > self.plan.sizes.transmit {
            return Err(format!("{} octets to be written", octets.len()));
        }
        let n = octets.len().min(self.plan.cut).min(1 + random.below(octets.len() * 4));
        match network.write(Direction::ToServer, &octets[..n]) {
            // Whoever waits for room may have to read first, for the server waits for room too.
            Written::Full if self.plan.reads_first => return self.read(network, dialogue),
            Written::Full => return Ok(false),
            Written::Some(n) => {
                dialogue.heard("client", &octets[..n]);
                self.witness.sent(&octets[..n])?;
                self.client.transmitted(n).map_err(|error| error.to_string())?;
            }
            Written::Broken if self.plan.gentle => {
                dialogue.note(|| "the client cannot write".into());
                self.client.transmit_failed();
            }
            Written::Broken => self.give_up(dialogue),
        }
        Ok(true)
    }

    fn read(&mut self, network: &mut Network, dialogue: &mut Dialogue) -> Result<bool, String> {
        let room = self.client.read_buf();
        if room.is_empty() || room.len() > self.plan.sizes.receive {
            return Err(format!("{} octets of room to read into", room.len()));
        }
        let most = room.len().min(self.plan.cut);
        let room = &mut room[..most];
        match network.read(Direction::ToClient, room) {
            Read::Nothing => return Ok(false),
            Read::Some(n) => {
                dialogue.heard("server", &room[..n]);
                self.witness.received(&room[..n]);
                self.client.received(n).map_err(|error| error.to_string())?;
            }
            Read::Reset if !self.plan.gentle => self.give_up(dialogue),
            Read::End | Read::Reset => {
                dialogue.note(|| "the stream to the client ends".into());
                self.witness.oracle.ended();
                self.client.received(0).map_err(|error| error.to_string())?;
            }
        }
        Ok(true)
    }

    /// What comes before the handshake is read: the TLS library would, and fail.
    fn wait_for_handshake(
        &mut self,
        network: &mut Network,
        dialogue: &mut Dialogue,
    ) -> Result<bool, String> {
        if network.has_news(Direction::ToClient) { self.read(network, dialogue) } else { Ok(false) }
    }

    /// A time limit, or a connection that is broken.
    pub(crate) fn give_up(&mut self, dialogue: &mut Dialogue) {
        dialogue.note(|| "the client gives up".into());
        self.client.abort();
        self.witness.oracle.ended();
    }

    pub(crate) fn shook_hands(&mut self, dialogue: &mut Dialogue) -> Found {
        dialogue.note(|| "they shake hands".into());
        self.witness.shook_hands()?;
        self.client.tls_established().map_err(|error| error.to_string())
    }

    // --- the caller ---

    fn begins_early(&self) -> bool {
        let ready = self.tried_to_log_in || !self.plan.log_in;
        self.plan.hasty && ready && !self.wants_noop() && self.client.can_begin() && self.has_more()
    }

    /// Behind the last message, which may not be answered yet, if there is room.
    fn quits_early(&mut self) -> bool {
        let is_last = !self.has_more() && self.ended < self.next_transaction();
        let quits = self.plan.hasty && is_last && !self.said_quit && self.client.can_begin();
        self.said_quit |= quits && self.client.quit().is_ok();
        quits && self.said_quit
    }

    fn next_transaction(&self) -> u32 {
        let begun = |report: &&Report| matches!(report, Report::Begun | Report::Ended(_));
        u32::try_from(self.reports.iter().filter(begun).count()).unwrap_or(u32::MAX)
    }

    fn has_more(&self) -> bool {
        self.next < self.plan.messages.len()
    }

    fn wants_noop(&self) -> bool {
        let noop = self.plan.messages.get(self.next).is_some_and(|message| message.noop);
        noop && self.asked_noop <= self.next
    }

    fn command(&mut self, dialogue: &mut Dialogue) -> Result<bool, String> {
        if self.plan.log_in && !self.tried_to_log_in {
            self.tried_to_log_in = true;
            self.log_in();
        } else if self.wants_noop() {
            self.asked_noop = self.next + 1;
            self.client.inquire(Inquiry::Noop).map_err(|error| error.to_string())?;
        } else if self.has_more() {
            return self.begin(dialogue);
        } else if self.said_quit {
            return Err("a command is wanted behind QUIT".into());
        } else {
            self.said_quit = true;
            self.client.quit().map_err(|error| error.to_string())?;
        }
        Ok(true)
    }

    fn log_in(&mut self) {
        let mut plain = Plain::new("alice", self.plan.password);
        // Where AUTH is not offered the session goes on without.
        let _ = self.client.authenticate(&mut plain);
    }

    fn begin(&mut self, dialogue: &mut Dialogue) -> Result<bool, String> {
        let (index, message) = (self.next, &self.plan.messages[self.next]);
        self.next += 1;
        let envelope = message.envelope(index);
        match self.client.begin(&envelope) {
            Ok(transaction) => {
                self.journal.begin(transaction, envelope.len());
                self.witness.begun(index);
                self.reports[index] = Report::Begun;
                self.content = message.content.iter().copied().collect();
                self.envelope = Some(envelope);
            }
            Err(Refusal::Misuse(misuse)) => return Err(misuse.to_string()),
            Err(refusal) => {
                dialogue.note(|| format!("message {index}: {refusal}"));
                self.reports[index] = Report::Refused(refusal);
            }
        }
        Ok(true)
    }

    fn hand_over(&mut self, random: &mut Random, dialogue: &mut Dialogue) -> Found {
        let content = self.content.make_contiguous();
        let handed = if content.is_empty() {
            self.client.finish().map(|()| 0)
        } else {
            let n = content.len().min(self.plan.cut).min(1 + random.below(content.len() * 4));
            self.client.content(&content[..n])
        };
        match handed {
            Ok(taken) => drop(self.content.drain(..taken)),
            Err(Refusal::Content(error)) => {
                dialogue.note(|| error.to_string());
                // Behind whole chunks QUIT is said.
                self.witness.oracle.gave_up();
                if self.client.is_closed() {
                    self.witness.oracle.ended();
                }
            }
            Err(refusal) => return Err(refusal.to_string()),
        }
        Ok(())
    }
}

/// Status, advice and reply of a recipient are of one and the same cause (D33, D35).
fn check_advice(evidence: &Evidence, outcome: &Outcome, end: Option<End>) -> Found {
    for recipient in outcome.recipients() {
        let truth = Truth::reported(recipient.status());
        if !evidence.allows(truth, recipient.retry(), Ending::reported(end)) {
            return Err(format!("{recipient:?} at {end:?} is not what {evidence:?} allows"));
        }
        let class = recipient.reply.map(|reply| reply.code().value() / 100);
        let fits = match recipient.fate {
            Fate::Accepted => class == Some(2),
            Fate::Rejected => class == Some(5),
            Fate::Deferred(when) => class.is_some() && when != When::Never,
            Fate::Unknown => class.is_none() && recipient.phase == Phase::Final,
            Fate::NotAttempted(When::Never) => matches!(end, Some(End::BadContent(_))),
            Fate::NotAttempted(When::SameConnection) => false,
            Fate::NotAttempted(_) => end.is_some(),
        };
        if !fits {
            return Err(format!("{recipient:?}, and the session stands at {end:?}"));
        }
    }
    let deciding = outcome.deciding().ok_or("nothing decides")?;
    if deciding.reply != outcome.reply() {
        return Err(format!("{deciding:?} is not by {:?}", outcome.reply()));
    }
    Ok(())
}

/// Each answer is told of the one whom it answers (D23), and nothing of those who have ended (D28).
fn check_event(witness: &Witness<'_>, ended: u32, event: &Event<'_>) -> Found {
    let code = event.reply().map(|reply| reply.code().value());
    let (transaction, expected) = match *event {
        Event::Mail { transaction, .. } => (transaction, witness.mail_reply(transaction.index())),
        Event::Recipient { transaction, index, .. } => {
            (transaction, witness.recipient_reply(transaction.index(), index))
        }
        Event::Data { transaction, .. }
        | Event::Final { transaction, .. }
        | Event::Ended { transaction, .. } => (transaction, code),
        _ => return Ok(()),
    };
    if transaction.index() != ended {
        return Err(format!("{event:?} while transaction {ended} is at hand"));
    }
    if code != expected {
        return Err(format!("{event:?} where {expected:?} was said"));
    }
    Ok(())
}
