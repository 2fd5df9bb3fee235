//! What a search is about: how the client is configured, what its caller does, and what can happen.

use std::collections::VecDeque;

use smtp_proto::{
    client::{BufferSizes, Chunking, Client, Config, Limits, Protocol, TlsPolicy, Wants},
    envelope::Envelope,
    hello::EhloName,
};
use stateright::{Model, Property};

use crate::{
    asked::Asked,
    broken::Broken,
    oracle::{Oracle, ROUNDS},
    session::{Machine, Reached, Session},
    symbol::Symbol,
    wire::Mode,
};

/// The recipients that there are.
pub const ADDRESSES: [&str; 4] = ["a@a.example", "b@b.example", "c@c.example", "d@d.example"];
/// Every message.
pub const CONTENT: &[u8] = b".\r\n";
/// The same as it has to leave.
pub const CONTENT_ON_THE_WIRE: &[u8] = b"..\r\n.\r\n";

/// One search.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Scenario {
    /// Whether there is TLS.
    pub tls: TlsPolicy,
    /// Whether the offers name PIPELINING.
    pub pipelining: bool,
    /// LMTP in place of SMTP.
    pub lmtp: bool,
    /// Whether content leaves by BDAT where CHUNKING is offered, which it is unless this is off.
    pub chunking: Chunking,
    /// The largest chunk.
    pub chunk_size: usize,
    /// The server is known to swallow chunks that it has no use for.
    pub swallows: bool,
    /// Octets of commands and content that fit at once.
    pub transmit: usize,
    /// Commands that may be in flight.
    pub in_flight: usize,
    /// Envelopes run ahead of the verdict before them.
    pub run_ahead: bool,
    /// The caller allows AUTH in the clear.
    pub plaintext_auth: bool,
    /// The caller tries AUTH once.
    pub auth: bool,
    /// NOOPs that the caller may say.
    pub noops: u8,
    /// The caller's messages, by their recipients.
    pub messages: &'static [usize],
    /// What may come before anything of it is taken.
    pub unread: usize,
}

/// What can happen next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "as the client's calls")]
pub enum Action {
    Reply(Symbol),
    Poll,
    Write,
    WriteAllButOne,
    Deaf,
    Abort,
    Shake,
    Authenticate,
    Begin,
    Envelope,
    Content,
    Noop,
    Quit,
}

impl Scenario {
    /// One message to one recipient, one thing read at a time.
    pub const fn new(tls: TlsPolicy, pipelining: bool) -> Self {
        Self {
            tls,
            pipelining,
            lmtp: false,
            chunking: Chunking::Off,
            chunk_size: usize::MAX,
            swallows: false,
            // Little, so that an envelope does not fit at once; and fast to copy.
            transmit: 96,
            in_flight: 6,
            run_ahead: false,
            plaintext_auth: false,
            auth: false,
            noops: 0,
            messages: &[1],
            unread: 1,
        }
    }

    /// The envelope of the message at this place.
    pub fn envelope(&self, index: usize) -> Envelope {
        let empty = Envelope::new("a@example.org").expect("an address");
        let recipients = ADDRESSES.iter().take(self.messages[index]);
        recipients.fold(empty, |envelope, to| envelope.to(to).expect("an address"))
    }

    fn client(&self) -> Client<Box<[u8]>> {
        let name = EhloName::parse("client.example").expect("a name");
        let mut limits = Limits::default();
        limits.auth_rounds = ROUNDS;
        // Refusals are longer, and are cut.
        limits.line = 24;
        let config = Config::new(name)
            .with_tls(self.tls)
            .with_protocol(if self.lmtp { Protocol::Lmtp } else { Protocol::Smtp })
            .with_chunking(self.chunking)
            .with_chunk_size(self.chunk_size)
            .with_swallowed_chunks(self.swallows)
            .with_run_ahead(self.run_ahead)
            .with_plaintext_auth(self.plaintext_auth)
            .with_limits(limits);
        let sizes = BufferSizes::SMALL.with_receive(192).with_in_flight(self.in_flight);
        let mut sizes = sizes.with_transmit(self.transmit);
        sizes.capabilities = 64;
        sizes.recipients = 1;
        Client::with_sizes(config, sizes)
    }

    fn oracle(&self) -> Oracle {
        let implicit = self.tls == TlsPolicy::Implicit;
        Oracle {
            broken: None,
            must_end: None,
            secure: false,
            in_handshake: implicit,
            starttls_refused: false,
            offers: None,
            expected: if implicit { VecDeque::new() } else { [Asked::Greeting].into() },
            arrived: VecDeque::new(),
            line: Vec::new(),
            mode: Mode::Commands,
            recipients_left: 0,
            chunked: 0,
            forfeit: None,
            auth_verdict: None,
            open: VecDeque::new(),
            ended: 0,
            rounds: 0,
            lmtp: self.lmtp,
            tls_required: self.tls == TlsPolicy::Required,
            tls_wanted: self.tls != TlsPolicy::None,
            run_ahead: self.run_ahead,
            pipelining: self.pipelining,
            chunks: self.chunking != Chunking::Off,
            in_flight: self.chunking == Chunking::InFlight,
            swallows: self.swallows,
        }
    }

    /// Whether chunks may leave with the envelope.
    fn is_in_flight(&self) -> bool {
        self.chunking == Chunking::InFlight && self.pipelining
    }

    /// What the driver and the caller may do, and the contract allows.
    fn calls(&self, state: &Session, wants: Wants, actions: &mut Vec<Action>) {
        let client = &state.client.0;
        match wants {
            Wants::Event => return actions.push(Action::Poll),
            Wants::Tls => actions.push(Action::Shake),
            Wants::Credentials => actions.push(Action::Authenticate),
            Wants::Envelope => actions.push(Action::Envelope),
            Wants::Content => actions.push(Action::Content),
            Wants::Command => {
                actions.push(Action::Quit);
                if self.auth && !state.auth_tried {
                    actions.push(Action::Authenticate);
                }
                if state.noops < self.noops {
                    actions.push(Action::Noop);
                }
            }
            _ => {}
        }
        if client.can_begin() && state.begun < self.messages.len() {
            actions.push(Action::Begin);
        }
        match client.transmit().len() {
            0 => {}
            1 => actions.extend([Action::Write, Action::Deaf]),
            _ => actions.extend([Action::Write, Action::WriteAllButOne, Action::Deaf]),
        }
        actions.push(Action::Abort);
    }
}

impl Model for Scenario {
    type State = Session;
    type Action = Action;

    fn init_states(&self) -> Vec<Session> {
        vec![Session {
            client: Machine(self.client()),
            oracle: self.oracle(),
            begun: 0,
            content: 0,
            auth_tried: false,
            noops: 0,
            stream_ended: false,
            deaf: false,
            reached: None,
        }]
    }

    fn actions(&self, state: &Session, actions: &mut Vec<Action>) {
        let wants = state.client.0.wants();
        // What follows a broken property is of no interest: the way there stays short.
        if wants == Wants::Nothing || state.oracle.broken.is_some() {
            return;
        }
        self.calls(state, wants, actions);
        if state.stream_ended {
            return;
        }
        if state.oracle.arrived.len() < self.unread {
            let said = Symbol::ALL.into_iter().filter(|symbol| *symbol != Symbol::End);
            actions.extend(said.map(Action::Reply));
        }
        // While something waits to be taken, a read of nothing says nothing.
        if wants != Wants::Event {
            actions.push(Action::Reply(Symbol::End));
        }
    }

    fn next_state(&self, last: &Session, action: Action) -> Option<Session> {
        last.after(self, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! never {
            ($($property:ident $says:literal)*) => { vec![$(
                Property::always($says, |_: &Self, state: &Session| state.oracle.broken != Some(Broken::$property)),
            )*] };
        }
        macro_rules! somewhere {
            ($($reached:ident)*) => { [$(
                Property::sometimes(stringify!($reached), |_: &Self, state: &Session| {
                    state.reached == Some(Reached::$reached)
                }),
            )*] };
        }
        let mut properties = never! {
            D12 "D12 nothing between 220 and the handshake"
            D13 "D13 nothing in the clear where TLS is required"
            D14 "D14 offers are those of the last EHLO"
            D15 "D15 no credential in the clear"
            D21 "D21 chunks add up, and none behind a refusal"
            D23 "D23 each reply to its command"
            D24 "D24 no code outside its classes"
            D25 "D25 no content without 354 and a recipient"
            D26 "D26 one outcome for each recipient"
            D27 "D27 a verdict for each recipient of LMTP"
            D28 "D28 an outcome does not change"
            D33 "D33 advice is about the message that it is given for"
            D34 "D34 a verdict that was read is told"
            Wire "known commands, in order, in groups"
            Stuck "nothing is waited for in vain"
        };
        properties.extend(somewhere! { Delivered Unknown });
        let chunks = self.chunking != Chunking::Off;
        // Without PIPELINING, DATA is not said to a server that has refused everybody; with it, the
        // content leaves by BDAT.
        if self.pipelining && !self.lmtp && !chunks {
            properties.extend(somewhere! { LoneDot });
        }
        if chunks {
            properties.extend(somewhere! { DeliveredInChunks });
        }
        if chunks && self.chunk_size <= CONTENT.len() {
            properties.extend(somewhere! { ChunkTaken ChunkRefused });
        }
        if chunks && self.is_in_flight() && self.swallows {
            properties.extend(somewhere! { ChunkForNobody });
        }
        if self.auth {
            properties.extend(somewhere! { Authenticated });
        }
        let ahead = self.run_ahead || (self.is_in_flight() && self.messages.len() > 1);
        if ahead && self.pipelining {
            properties.extend(somewhere! { RanAhead });
        }
        properties.extend(somewhere! { Injected });
        properties
    }
}
