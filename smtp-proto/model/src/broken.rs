//! The properties, by the names of the requirements; each is an invariant over all reachable states.

/// A property that does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Broken {
    /// Any octet after the 220 to STARTTLS and before the handshake is an error, and nothing more is sent.
    D12,
    /// With TLS required, nothing but EHLO, STARTTLS and QUIT leaves before it.
    D13,
    /// What is offered inside TLS depends on the EHLO inside TLS alone.
    D14,
    /// No credential leaves in the clear unless the caller said so.
    D15,
    /// The chunks add up to the content, unstuffed, and none starts behind one that was refused.
    D21,
    /// The k-th reply belongs to the k-th command that is outstanding; one too many ends the session.
    D23,
    /// A code outside a command's classes ends the session.
    D24,
    /// Content leaves only after 354 with a recipient accepted, else the lone dot; a chunk only with
    /// a recipient accepted, or with the envelope as long as that is not known to be refused.
    D25,
    /// Each recipient ends in exactly one outcome, the one that the wire tells.
    D26,
    /// The same with LMTP, where each accepted recipient has a verdict of its own.
    D27,
    /// Nothing comes of a transaction after its end.
    D28,
    /// What the server said nothing of is for a new connection, and nothing that was not refused is for never.
    D33,
    /// How AUTH ended is told, whatever was said behind it.
    D34,
    /// Only known commands leave, recipients in order, in groups only where that is allowed.
    Wire,
    /// Nothing is waited for that was not asked, and nothing is left undone at the end.
    Stuck,
}
