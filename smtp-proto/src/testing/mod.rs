//! A server that follows a script, without IO: for the tests of whoever speaks SMTP (feature `test-kit`).
//!
//! A script is a dialogue as RFCs and transcripts show it, one step a line:
//!
//! | line | step |
//! |---|---|
//! | `S: text` | says this line |
//! | `S+ text` | says this text as it is, with `\r`, `\n` and `\xNN` written out |
//! | `C: text` | the client has to say this line |
//! | `C+ text` | the client has to say this text, written as behind `S+` |
//! | `C? text` | the client has to say a line that starts like this |
//! | `CONTENT` | takes lines up to the lone dot |
//! | `QUIET` | the client has to say nothing now |
//! | `TLS` | shakes hands |
//! | `REST` | hears whatever comes until the client closes |
//! | `WAIT` | the same, and forgets it |
//! | `UNTERMINATED` | the same as `WAIT`, and there has to be no lone dot |
//! | `CLOSE` | closes |
//! | `# text`, nothing | nothing |
//!
//! The peer says nothing before it has heard all that it expects, and minds commands that come before it has
//! answered: so a script also tells which commands have to arrive in one group, and which must not.
//!
//! ```
//! use smtp_proto::testing::{Peer, PeerWants};
//!
//! let mut peer = Peer::new("S: 220 mx.example ready\nC: EHLO client.example\nS: 250 mx.example")?;
//! assert_eq!(peer.say(), b"220 mx.example ready\r\n");
//! peer.said(peer.say().len());
//! peer.hear(b"EHLO client.exam")?;
//! assert_eq!(peer.wants(), PeerWants::Hear);
//! peer.hear(b"ple\r\n")?;
//! assert_eq!(peer.say(), b"250 mx.example\r\n");
//! peer.said(peer.say().len());
//! assert!(peer.is_done());
//!
//! let mismatch = Peer::new("C: EHLO client.example")?.hear(b"HELO x\r\n").unwrap_err();
//! assert!(mismatch.to_string().starts_with(r#"heard "HELO x\x0d\x0a" in place of "EHLO client."#));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod peer;
mod script;

pub use self::{
    peer::{Mismatch, Peer, PeerWants},
    script::ScriptError,
};
