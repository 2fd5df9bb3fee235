//! The server, its driver and its application, which keeps what it takes: the truth.

use smtp_proto::{
    reply::{Code, EnhancedCode},
    server::{Answer, Event, Server, Wants},
};

use super::{
    dialogue::Dialogue,
    fault::{Direction, Fault, Kind},
    network::{Network, Read, Written},
    plan::{Decision, Message, Plan, number, sender},
    random::Random,
};

const LAST_WORDS: &[u8] = b"421 4.3.2 Service shutting down\r\n";

/// A message that the server answers for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stored {
    pub(crate) message: Option<usize>,
    pub(crate) recipient: Option<usize>,
    pub(crate) content: Vec<u8>,
}

/// The transaction at hand.
#[derive(Clone, Debug, Default)]
struct Open {
    message: Option<usize>,
    recipients: Vec<Option<usize>>,
    content: Vec<u8>,
    /// LMTP: how many verdicts were given.
    verdicts: usize,
}

#[derive(Debug)]
pub(crate) struct Host<'p> {
    plan: &'p Plan,
    pub(crate) server: Server<Box<[u8]>>,
    open: Open,
    pub(crate) stored: Vec<Stored>,
    /// Octets read so far.
    read: usize,
    pub(crate) is_gone: bool,
}

impl<'p> Host<'p> {
    pub(crate) fn new(plan: &'p Plan) -> Self {
        let server = Server::with_sizes(plan.server_config(), plan.server_sizes());
        let (open, stored) = (Open::default(), Vec::new());
        Self { plan, server, open, stored, read: 0, is_gone: false }
    }

    /// One step; false when there is nothing to do but wait.
    pub(crate) fn step(
        &mut self,
        network: &mut Network,
        random: &mut Random,
        dialogue: &mut Dialogue,
    ) -> Result<bool, String> {
        if self.is_closing(network) {
            self.close_service(network, dialogue);
        }
        match self.server.wants() {
            Wants::Event => self.take_event()?,
            Wants::Answer => return Err("an event was not answered".into()),
            Wants::Write => return self.write(network, random, dialogue),
            Wants::Flush => self.server.flushed(),
            Wants::Read | Wants::Tls => return self.read(network, dialogue),
            Wants::Nothing => {
                network.leave();
                return Ok(!std::mem::replace(&mut self.is_gone, true));
            }
            other => return Err(format!("the server wants {other:?}")),
        }
        Ok(true)
    }

    // --- transport ---

    fn write(
        &mut self,
        network: &mut Network,
        random: &mut Random,
        dialogue: &mut Dialogue,
    ) -> Result<bool, String> {
        let octets = self.server.transmit();
        let n = octets.len().min(self.plan.cut).min(1 + random.below(octets.len() * 4));
        match network.write(Direction::ToClient, &octets[..n]) {
            Written::Full => return Ok(false),
            Written::Some(n) => self.server.transmitted(n).map_err(|error| error.to_string())?,
            Written::Broken => self.give_up(dialogue),
        }
        Ok(true)
    }

    fn read(&mut self, network: &mut Network, dialogue: &mut Dialogue) -> Result<bool, String> {
        let most = self.plan.cut.min(self.until_fault());
        let handshake = self.server.wants() == Wants::Tls;
        let room = self.server.read_buf();
        if room.is_empty() {
            return Err("the server has no room to read into".into());
        }
        let most = most.min(room.len());
        match network.read(Direction::ToServer, &mut room[..most]) {
            Read::Nothing => return Ok(false),
            Read::Some(n) => {
                self.read += n;
                self.server.received(n).map_err(|error| error.to_string())?;
            }
            Read::End if !handshake => {
                self.server.received(0).map_err(|error| error.to_string())?;
            }
            Read::End | Read::Reset => self.give_up(dialogue),
        }
        Ok(true)
    }

    pub(crate) fn give_up(&mut self, dialogue: &mut Dialogue) {
        dialogue.note(|| "the server gives up".into());
        self.server.abort();
    }

    pub(crate) fn shook_hands(&mut self) -> Result<(), String> {
        self.open = Open::default();
        self.server.tls_established().map_err(|error| error.to_string())
    }

    // --- 421 ---

    const fn until_fault(&self) -> usize {
        match self.plan.fault {
            Some(Fault { direction: Direction::ToServer, at, kind: Kind::Closing })
                if at > self.read =>
            {
                at - self.read
            }
            _ => usize::MAX,
        }
    }

    fn is_closing(&self, network: &Network) -> bool {
        let Some(Fault { direction, at, kind: Kind::Closing }) = self.plan.fault else {
            return false;
        };
        let passed = match direction {
            Direction::ToServer => self.read,
            Direction::ToClient => network.written(direction),
        };
        passed >= at && !self.is_gone && self.server.end().is_none()
    }

    /// All that is answered is said, then 421, and nothing that comes is heard any more.
    fn close_service(&mut self, network: &mut Network, dialogue: &mut Dialogue) {
        dialogue.note(|| "the server closes its service".into());
        network.say_last(self.server.transmit());
        network.say_last(LAST_WORDS);
        self.server.abort();
    }

    // --- the application ---

    fn take_event(&mut self) -> Result<(), String> {
        let Ok(Some(event)) = self.server.poll_event() else { return Ok(()) };
        let in_transaction =
            matches!(event, Event::Mail(_) | Event::Recipient(_) | Event::ContentEnd { .. });
        let wordy = self.plan.verbose && in_transaction;
        let decision = self.open.decide(self.plan, &event, &mut self.stored);
        if self.server.wants() != Wants::Answer {
            return Ok(());
        }
        let answer = match decision {
            Decision::Yes if wordy => Some(in_lines()),
            Decision::Yes => None,
            Decision::ForNow => Some(Answer::LOCAL_ERROR),
            Decision::ForGood => Some(Answer::NOT_ALLOWED),
        };
        let answered = match answer {
            Some(answer) => self.server.answer(answer),
            None => self.server.accept(),
        };
        answered.map_err(|error| error.to_string())
    }
}

/// Yes in several lines, one of which looks like a reply.
fn in_lines() -> Answer<'static> {
    let text = "first\nand second\n550 and third";
    Answer::with_lines(Code::OK, EnhancedCode::new(2, 0, 0), text).expect("lines")
}

impl Open {
    fn message<'p>(&self, plan: &'p Plan) -> Option<&'p Message> {
        plan.messages.get(self.message?)
    }

    fn decide(&mut self, plan: &Plan, event: &Event<'_>, stored: &mut Vec<Stored>) -> Decision {
        match event {
            Event::Authenticate(credentials) if !credentials.are("alice", "s3cret") => {
                Decision::ForGood
            }
            Event::Mail(mail) => {
                *self = Open { message: sender(mail.from()), ..Open::default() };
                self.message(plan).map(|message| message.mail).unwrap_or_default()
            }
            Event::Recipient(recipient) => self.add(plan, number(recipient.address().as_str())),
            Event::Data => self.message(plan).map(|message| message.data).unwrap_or_default(),
            Event::Content(piece) => {
                self.content.extend_from_slice(piece);
                Decision::Yes
            }
            Event::ContentEnd { recipient, .. } => self.conclude(plan, *recipient, stored),
            Event::ContentRefused(_) | Event::Reset | Event::Hello { .. } => {
                *self = Open::default();
                Decision::Yes
            }
            _ => Decision::Yes,
        }
    }

    /// The server itself refuses those beyond its limit before the application hears of them.
    fn add(&mut self, plan: &Plan, recipient: Option<usize>) -> Decision {
        let decisions = self.message(plan).map(|message| &message.recipients);
        let decision = decisions.and_then(|all| all.get(recipient?)).copied().unwrap_or_default();
        if decision == Decision::Yes {
            self.recipients.push(recipient);
        }
        decision
    }

    fn conclude(&mut self, plan: &Plan, nth: Option<u32>, stored: &mut Vec<Stored>) -> Decision {
        let verdict =
            |nth| self.message(plan).map(|message| message.verdict(nth)).unwrap_or_default();
        let decision = verdict(self.verdicts);
        let whom = match nth {
            Some(nth) => self.recipients.get(nth as usize..=nth as usize).unwrap_or_default(),
            None => &self.recipients,
        };
        if decision == Decision::Yes {
            let (message, content) = (self.message, &self.content);
            let keep = |&recipient| Stored { message, recipient, content: content.clone() };
            stored.extend(whom.iter().map(keep));
        }
        self.verdicts += 1;
        decision
    }
}
