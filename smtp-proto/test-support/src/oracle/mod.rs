//! The fate of each recipient, from the wire alone.
//!
//! Four judges hold the client against it: the simulator, the model checker, the fuzz harness and the tests. It shares
//! no code with the client but the parser that finds the end of a reply.
//!
//! | part | holds |
//! |---|---|
//! | [`Evidence`] | the replies about one message, and whether its content has left whole: the [`Truth`] about each recipient, and the advice that it allows |
//! | [`Oracle`] | the commands without a reply; takes the octets that arrive, and gives the k-th reply to the k-th command |
//! | [`Wire`] | an oracle that reads the commands from the octets that leave, for who does not read them anyway |
//!
//! A judge that knows more keeps that to itself: what may leave when (simulator, model), what the server stored
//! (simulator, fuzz harness).

mod evidence;
mod replies;
mod wire;

pub use evidence::{Ending, Evidence, Recipient, Truth};
pub use replies::{Asked, Oracle, Rules, Turn, Verb};
pub use wire::Wire;
