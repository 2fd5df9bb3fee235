//! What goes wrong with the network, and what still has to hold when it has.
//!
//! Whatever happens, the client may only say what the octets that it wrote and read allow, which the
//! [`Witness`](super::witness) tells. That is all that can be asked where replies are forged; where not, the client's
//! word is held against the truth as well:
//!
//! * what is reported accepted is stored, for that recipient, octet for octet;
//! * what is stored is reported accepted or unknown;
//! * nothing is stored twice, changed, or for somebody else.
//!
//! | fault | holds | why |
//! |---|---|---|
//! | EOF, reset, stall, 421 | always | what comes is a part of what was said, in its order, from its start |
//! | noise to the client | always | it breaks replies, and makes and joins none (see `NOISE`) |
//! | a reply twice | SMTP with DATA | 354 is unlike all other replies, so a shift by one is seen there at the latest; with LMTP or BDAT one verdict follows another, and the next message's MAIL may be refused unseen |
//! | a reply lost | SMTP, one message at a time | one reply is missing for ever, and the client waits for it before the next message; what runs ahead takes the reply to RSET for a verdict |
//! | a forged reply | not at all | it is as good as any |
//! | anything forged to the server | not at all | the server stores what it gets |
//!
//! EOF, reset and 421 never make both wait for ever; with the others a time limit may have to end it.

/// Which stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    ToServer,
    ToClient,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The stream ends.
    Eof,
    /// Both streams end, and what is on its way is lost.
    Reset,
    /// No more comes, and nobody says so: the driver's time limit runs out.
    Stall,
    /// Octets are put in.
    Inserted(&'static [u8]),
    /// The reply, or the line to the server, of which this octet is a part comes twice.
    Twice,
    /// It does not come at all.
    Dropped,
    /// Something else comes in its place.
    Replaced(&'static [u8]),
    /// The server says 421 when it has written, or read, so many octets, and goes.
    Closing,
}

/// One fault, at one octet of one stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    pub(crate) direction: Direction,
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

/// No digit, no hyphen, no space, and no line end last: none of them makes a reply or joins two, nor
/// does the rest of a line behind them.
pub(crate) const NOISE: [&[u8]; 5] = [b"\xff", b"\0\r", b"\n!", b"SSH?\r\n?", b"\x16\x03"];

/// Whole replies.
pub(crate) const REPLIES: [&[u8]; 4] =
    [b"250 2.0.0 OK\r\n", b"354 go ahead\r\n", b"421 4.3.2 closing\r\n", b"550 5.0.0 no\r\n"];

/// Octets that are a reply, or change one.
pub(crate) const FORGED: [&[u8]; 7] =
    [REPLIES[0], REPLIES[1], REPLIES[2], REPLIES[3], b"250-", b"5", b".\r\n"];

impl Kind {
    /// Each kind once, and what may be inserted.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let inserted = NOISE.into_iter().chain(FORGED).map(Kind::Inserted);
        [Kind::Eof, Kind::Reset, Kind::Stall, Kind::Twice, Kind::Dropped, Kind::Closing]
            .into_iter()
            .chain(inserted)
            .chain(REPLIES.map(Kind::Replaced))
    }

    /// Whether all that arrives is a part of what was said, in its order.
    pub(crate) const fn is_honest(self) -> bool {
        matches!(self, Kind::Eof | Kind::Reset | Kind::Stall | Kind::Closing)
    }

    /// Whether both sides may wait for ever.
    pub(crate) const fn may_stall(self) -> bool {
        !matches!(self, Kind::Eof | Kind::Reset | Kind::Closing)
    }
}

impl Fault {
    /// Whether what the client says can be held against what the server did.
    pub(crate) fn leaves_truth(self, one_final: bool, by_data: bool, runs_ahead: bool) -> bool {
        match (self.direction, self.kind) {
            (_, kind) if kind.is_honest() => true,
            (Direction::ToServer, _) => false,
            (_, Kind::Inserted(octets)) => NOISE.contains(&octets),
            (_, Kind::Twice) => one_final && by_data,
            (_, Kind::Dropped) => one_final && !runs_ahead,
            _ => false,
        }
    }
}
