//! The sender and the parameters of `MAIL`, owned.

use alloc::boxed::Box;

use crate::{
    address::ReversePath,
    command::Mail,
    parameter::{Body, Coded, DeliverBy, EnvelopeId, Hold, Priority, Ret, Submitter},
};

use super::mailbox::Mailbox;

/// The sender and the parameters of `MAIL`, owned.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Message {
    /// `None` for the null sender.
    pub(super) from: Option<Mailbox>,
    pub(super) size: Option<u64>,
    pub(super) body: Option<Body>,
    pub(super) smtp_utf8: bool,
    pub(super) require_tls: bool,
    pub(super) ret: Option<Ret>,
    pub(super) envid: Option<Coded<Box<str>>>,
    pub(super) auth: Option<OwnedSubmitter>,
    pub(super) deliver_by: Option<DeliverBy>,
    pub(super) priority: Option<Priority>,
    pub(super) hold: Option<Hold>,
}

/// The user who submitted the message, or `None` for `<>`, an unknown user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct OwnedSubmitter(Option<Coded<Box<str>>>);

impl From<Submitter<'_>> for OwnedSubmitter {
    fn from(submitter: Submitter<'_>) -> Self {
        Self(submitter.0.map(Coded::to_owned))
    }
}

impl Message {
    pub(super) fn as_mail(&self) -> Mail<'_> {
        let from = match &self.from {
            Some(mailbox) => ReversePath::Mailbox(mailbox.address()),
            None => ReversePath::Null,
        };
        let mut mail = Mail::new(from).adapted(self.size, self.body);
        if self.smtp_utf8 {
            mail = mail.with_smtp_utf8();
        }
        if let Some(ret) = self.ret {
            mail = mail.with_ret(ret);
        }
        if let Some(envid) = &self.envid {
            mail = mail.with_envid(EnvelopeId(envid.borrow()));
        }
        if let Some(auth) = &self.auth {
            mail = mail.with_auth(Submitter(auth.0.as_ref().map(Coded::borrow)));
        }
        if self.require_tls {
            mail = mail.with_require_tls();
        }
        if let Some(by) = self.deliver_by {
            mail = mail.with_deliver_by(by);
        }
        if let Some(priority) = self.priority {
            mail = mail.with_priority(priority);
        }
        if let Some(hold) = self.hold {
            mail = mail.with_hold(hold);
        }
        mail
    }
}
