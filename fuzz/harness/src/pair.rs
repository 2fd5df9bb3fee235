//! Client and server joined in memory.

use core::fmt::Write as _;

use smtp_proto::{
    client::{self, Client, Event as Told, Journal},
    sasl::{Mechanism, server::Exchange},
    server::{self, Answer, Event, Server},
};

use smtp_test_support::oracle::Wire;

use crate::cuts::Sizes;

/// What the server's application says to an event.
pub(crate) enum Reaction {
    Accept,
    Answer(Answer<'static>),
    /// Hands the response over to the exchange; a new one begins.
    Exchange {
        mechanism: &'static str,
        begins: bool,
    },
}

/// Who runs the server.
pub(crate) trait Application {
    fn react(&mut self, event: &Event<'_>) -> Reaction;

    /// The exchange of this mechanism, a new one where it begins.
    fn exchange(&mut self, mechanism: &str, begins: bool) -> Option<&mut dyn Exchange> {
        let _ = (mechanism, begins);
        None
    }

    /// An exchange has let the client in.
    fn admitted(&mut self) {}

    /// The line that the server is about to take.
    fn line(&mut self, line: &[u8]) {
        let _ = line;
    }
}

/// Both ends, and what is on its way between them.
pub(crate) struct Pair<'a, A> {
    pub(crate) client: Client<Box<[u8]>>,
    pub(crate) server: Server<Box<[u8]>>,
    pub(crate) application: A,
    pub(crate) journal: Journal,
    /// What both ends show of themselves, where somebody looks.
    pub(crate) shown: Option<String>,
    /// The oracle that is shown the octets at the client's end of the wire, if one judges by them.
    pub(crate) wire: Option<Wire>,
    sizes: Sizes<'a>,
    to_client: Vec<u8>,
    to_server: Vec<u8>,
    /// Octets that the server gets to say before the connection breaks.
    patience: usize,
}

impl<'a, A: Application> Pair<'a, A> {
    pub(crate) fn new(
        client: Client<Box<[u8]>>,
        server: Server<Box<[u8]>>,
        application: A,
        sizes: &'a [u8],
    ) -> Self {
        Self {
            client,
            server,
            application,
            journal: Journal::new(),
            shown: None,
            wire: None,
            sizes: Sizes::new(sizes),
            to_client: Vec::new(),
            to_server: Vec::new(),
            patience: usize::MAX,
        }
    }

    /// The connection breaks when the server has said so much.
    pub(crate) fn breaking_after(self, patience: usize) -> Self {
        Self { patience, ..self }
    }

    /// Drives both until it is the client's caller's turn.
    pub(crate) fn run(&mut self) -> client::Wants {
        loop {
            self.show();
            match self.client.wants() {
                client::Wants::Event => self.take_events(),
                client::Wants::Write => self.write(),
                client::Wants::Flush => self.client.flushed(),
                client::Wants::Read => self.read(),
                client::Wants::Tls => self.client.tls_established().expect("wanted"),
                other => return other,
            }
        }
    }

    /// The whole AUTH dialogue; `false` where the client does not begin it.
    pub(crate) fn authenticate(&mut self, mechanism: &mut dyn Mechanism) -> bool {
        let mechanisms: &mut [&mut dyn Mechanism] = &mut [mechanism];
        let begun = self.client.authenticate(mechanisms).is_ok();
        while begun && self.run() == client::Wants::Credentials {
            // A mechanism that does not fit the buffers cancels.
            if self.client.authenticate(mechanisms).is_err() {
                return false;
            }
        }
        begun
    }

    fn take_events(&mut self) {
        while let Ok(Some(event)) = self.client.poll_event() {
            self.journal.record(&event);
            if let Some(shown) = &mut self.shown {
                let reply = Told::reply(&event).map(|reply| reply.to_string());
                write!(shown, "{event:?}{reply:?}").expect("a string");
            }
        }
    }

    fn write(&mut self) {
        let n = self.client.transmit().len().min(self.sizes.next());
        if let Some(shown) = &mut self.shown {
            for span in self.client.transmit_spans(n) {
                write!(shown, "{span:?}").expect("a string");
            }
        }
        if let Some(wire) = &mut self.wire {
            wire.sent(&self.client.transmit()[..n]);
        }
        self.to_server.extend_from_slice(&self.client.transmit()[..n]);
        self.client.transmitted(n).expect("in bounds");
    }

    /// The server's turn, until there is something to read.
    fn read(&mut self) {
        while self.to_client.is_empty() && self.serve() {}
        let space = self.client.read_buf();
        let n = space.len().min(self.to_client.len()).min(self.sizes.next()).min(self.patience);
        space[..n].copy_from_slice(&self.to_client[..n]);
        self.to_client.drain(..n);
        match &mut self.wire {
            Some(wire) if n > 0 => wire.received(&space[..n]),
            Some(wire) => wire.ended(),
            None => {}
        }
        self.patience -= n;
        // Nothing to read: the server has closed, or the connection broke.
        let over = self.patience == 0 || self.server.wants() == server::Wants::Nothing;
        assert!(n > 0 || over, "both wait: {:?} {:?}", self.client, self.server);
        self.client.received(n).expect("in bounds");
    }

    /// One step of the server; `false` when it can do nothing more.
    pub(crate) fn serve(&mut self) -> bool {
        match self.server.wants() {
            server::Wants::Event => self.serve_event(),
            server::Wants::Write => {
                let n = self.server.transmit().len().min(self.sizes.next());
                self.to_client.extend_from_slice(&self.server.transmit()[..n]);
                self.server.transmitted(n).expect("in bounds");
            }
            server::Wants::Flush => self.server.flushed(),
            server::Wants::Tls => self.server.tls_established().expect("wanted"),
            server::Wants::Read if !self.to_server.is_empty() => {
                let n = self.to_server.len().min(self.sizes.next());
                let space = self.server.read_buf();
                let n = n.min(space.len());
                space[..n].copy_from_slice(&self.to_server[..n]);
                self.to_server.drain(..n);
                self.server.received(n).expect("in bounds");
            }
            _ => return false,
        }
        true
    }

    fn serve_event(&mut self) {
        if let Some(line) = self.server.pending_line() {
            self.application.line(line);
        }
        let Ok(Some(event)) = self.server.poll_event() else { return };
        if let Some(shown) = &mut self.shown {
            write!(shown, "{event:?}").expect("a string");
        }
        let reaction = self.application.react(&event);
        if self.server.wants() != server::Wants::Answer {
            return;
        }
        let answered = match reaction {
            Reaction::Accept => self.server.accept(),
            Reaction::Answer(answer) => self.server.answer(answer),
            Reaction::Exchange { mechanism, begins } => {
                match self.application.exchange(mechanism, begins) {
                    Some(exchange) => self.server.authenticate(exchange),
                    None => self.server.accept(),
                }
            }
        };
        answered.expect("an answer that fits");
        if self.server.is_authenticated() {
            self.application.admitted();
        }
    }

    fn show(&mut self) {
        if let Some(shown) = &mut self.shown {
            write!(shown, "{:?}{:?}", self.client, self.server).expect("a string");
        }
    }
}
