//! A server that follows a script, in memory, for tests of SMTP clients (feature `test-kit`).
//!
//! A script is a session in the form in which RFCs and transcripts show it, one step on each line:
//!
//! | line | step |
//! |---|---|
//! | `S: text` | sends this line |
//! | `S+ text` | sends this text as it is, with `\r`, `\n` and `\xNN` as escapes |
//! | `C: text` | expects this line from the client |
//! | `C+ text` | expects this text from the client, with escapes like `S+` |
//! | `C? text` | expects a line that starts like this |
//! | `CONTENT` | receives lines up to the line with a single dot |
//! | `QUIET` | expects that the client sends nothing now |
//! | `TLS` | does a TLS handshake |
//! | `REST` | receives everything until the client closes |
//! | `WAIT` | like `REST`, but does not keep it for `heard` |
//! | `UNTERMINATED` | like `WAIT`, and expects no line with a single dot |
//! | `CLOSE` | closes the connection |
//! | `# text`, empty line | ignored |
//!
//! The peer sends nothing before it has received all that it expects. It refuses commands that arrive before its
//! replies to those before. So a script also tests which commands have to arrive in one group, and which must not.
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
//! assert!(mismatch.to_string().starts_with(r#"received "HELO x\x0d\x0a" instead of "EHLO client."#));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod peer;
mod script;

pub use self::{
    peer::{Mismatch, Peer, PeerWants},
    script::ScriptError,
};
