//! What exchanges ask the application for.

/// Who may come in. An exchange owns it: a reference, an `Arc`, a value.
///
/// It is for servers that know passwords. One that keeps [`Secrets`](super::super::Secrets) alone
/// implements [`Exchange`](super::Exchange) over [`ScramServer`](super::super::ScramServer).
#[cfg_attr(not(feature = "scram"), allow(rustdoc::broken_intra_doc_links, reason = "of `scram`"))]
pub trait Accounts {
    /// The password of this user, if there is one. Users are told apart octet by octet.
    fn password(&self, user: &str) -> Option<&str> {
        let _ = user;
        None
    }

    /// The user that this access token stands for, if it is a good one.
    fn user_of_token(&self, token: &str) -> Option<&str> {
        let _ = token;
        None
    }
}

impl<A: Accounts + ?Sized> Accounts for &A {
    fn password(&self, user: &str) -> Option<&str> {
        (**self).password(user)
    }

    fn user_of_token(&self, token: &str) -> Option<&str> {
        (**self).user_of_token(token)
    }
}

#[cfg(feature = "alloc")]
impl<A: Accounts + ?Sized> Accounts for alloc::sync::Arc<A> {
    fn password(&self, user: &str) -> Option<&str> {
        (**self).password(user)
    }

    fn user_of_token(&self, token: &str) -> Option<&str> {
        (**self).user_of_token(token)
    }
}
