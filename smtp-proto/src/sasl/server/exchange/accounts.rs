//! The accounts that an exchange checks.

/// The accounts of a server. An exchange owns it: a reference, an `Arc`, or a value.
///
/// Implement it in a server that can look up passwords. A server that keeps only [`Secrets`](super::super::Secrets)
/// implements [`Exchange`](super::Exchange) with [`ScramServer`](super::super::ScramServer) instead.
#[cfg_attr(not(feature = "scram"), allow(rustdoc::broken_intra_doc_links, reason = "of `scram`"))]
pub trait Accounts {
    /// The password of this user. `None` if there is no such user. Names are compared octet by octet.
    fn password(&self, user: &str) -> Option<&str> {
        let _ = user;
        None
    }

    /// The user to whom this access token belongs. `None` if the token is not valid.
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
