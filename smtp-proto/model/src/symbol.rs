//! What the server may say at any moment, whether it was asked or not.

/// One thing that comes from the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Symbol {
    /// 220.
    Ready,
    /// 250 on one line.
    Ok,
    /// 250 with offers: STARTTLS, AUTH, and PIPELINING and CHUNKING where the scenario has them.
    Offers,
    /// 250 that offers AUTH and nothing else, STARTTLS neither.
    Bare,
    /// 334 with an empty challenge.
    Challenge,
    /// 354.
    GoAhead,
    /// 235.
    Authenticated,
    /// 421.
    Closing,
    /// 450.
    Deferral,
    /// 550.
    Refusal,
    /// 221.
    Bye,
    /// A line that is no reply.
    Garbage,
    /// The first line of a 250 that goes on.
    Start,
    /// The end of the stream.
    End,
}

impl Symbol {
    /// All of them.
    pub const ALL: [Symbol; 14] = [
        Symbol::Ready,
        Symbol::Ok,
        Symbol::Offers,
        Symbol::Bare,
        Symbol::Challenge,
        Symbol::GoAhead,
        Symbol::Authenticated,
        Symbol::Closing,
        Symbol::Deferral,
        Symbol::Refusal,
        Symbol::Bye,
        Symbol::Garbage,
        Symbol::Start,
        Symbol::End,
    ];

    /// The code of the reply that ends with it.
    pub const fn code(self) -> Option<u16> {
        Some(match self {
            Symbol::Ready => 220,
            Symbol::Ok | Symbol::Offers | Symbol::Bare => 250,
            Symbol::Challenge => 334,
            Symbol::GoAhead => 354,
            Symbol::Authenticated => 235,
            Symbol::Closing => 421,
            Symbol::Deferral => 450,
            Symbol::Refusal => 550,
            Symbol::Bye => 221,
            Symbol::Garbage | Symbol::Start | Symbol::End => return None,
        })
    }

    /// What comes.
    pub const fn octets(self, pipelining: bool, chunking: bool) -> &'static [u8] {
        match self {
            Symbol::Ready => b"220 x\r\n",
            Symbol::Ok => b"250 x\r\n",
            Symbol::Offers => offers(pipelining, chunking),
            Symbol::Bare => b"250-x\r\n250 AUTH LOGIN PLAIN\r\n",
            Symbol::Challenge => b"334 \r\n",
            Symbol::GoAhead => b"354 x\r\n",
            Symbol::Authenticated => b"235 x\r\n",
            Symbol::Closing => b"421 x\r\n",
            Symbol::Deferral => b"450 4.2.1 longer than a line\r\n",
            Symbol::Refusal => b"550 5.1.1 longer than a line\r\n",
            Symbol::Bye => b"221 x\r\n",
            Symbol::Garbage => b"x\r\n",
            Symbol::Start => b"250-x\r\n",
            Symbol::End => b"",
        }
    }
}

const fn offers(pipelining: bool, chunking: bool) -> &'static [u8] {
    match (pipelining, chunking) {
        (false, false) => b"250-x\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS\r\n",
        (true, false) => b"250-x\r\n250-PIPELINING\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS\r\n",
        (false, true) => b"250-x\r\n250-CHUNKING\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS\r\n",
        (true, true) => {
            b"250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-AUTH LOGIN PLAIN\r\n250 STARTTLS\r\n"
        }
    }
}
