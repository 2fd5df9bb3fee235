//! The exit status (sysexits.h), over all messages of a run.

use smtp_sync::{Fate, When};

use crate::failure::Failure;

/// What the exit status is made of.
#[derive(Default, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Exit {
    /// Something was wrong with what the program was told.
    usage: bool,
    messages: usize,
    refused_locally: usize,
    /// A recipient was attempted.
    attempted: bool,
    /// A recipient may be tried again.
    open: bool,
    /// A recipient was refused for good, or its message cannot be sent as it is.
    refused: bool,
    /// How the session, or the login, failed first: 77, 76 or 74.
    session: Option<u8>,
    /// How the first action failed: what counts where there is no message.
    action: Option<u8>,
}

impl Exit {
    pub(crate) const fn usage(&mut self) {
        self.usage = true;
    }

    /// Takes note of a message.
    pub(crate) const fn message(&mut self, refused_locally: bool) {
        self.messages += 1;
        self.refused_locally += refused_locally as usize;
    }

    /// Takes note of a recipient.
    pub(crate) const fn recipient(&mut self, fate: Fate) {
        self.attempted |= !matches!(fate, Fate::NotAttempted(_));
        match fate {
            Fate::Accepted => {}
            Fate::Rejected | Fate::NotAttempted(When::Never) => self.refused = true,
            Fate::Unknown | Fate::Deferred(_) | Fate::NotAttempted(_) => self.open = true,
        }
    }

    /// Takes note of what went wrong.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        if let Some(status) = failure.session_code() {
            self.session.get_or_insert(status);
        }
        self.action(failure.exit_code());
    }

    /// Takes note of how an action failed.
    pub(crate) fn action(&mut self, status: u8) {
        self.action.get_or_insert(status);
    }

    /// The first row that fits.
    pub(crate) fn code(&self) -> u8 {
        let unsent = self.messages > 0 && self.messages == self.refused_locally;
        match self.session {
            _ if self.usage || unsent => 64,
            Some(status) if !self.attempted => status,
            _ if self.messages == 0 => self.action.unwrap_or_default(),
            _ if self.open => 75,
            _ if self.refused => 69,
            _ => 0,
        }
    }
}
