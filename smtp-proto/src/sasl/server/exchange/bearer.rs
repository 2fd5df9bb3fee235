//! `OAUTHBEARER` (RFC 7628) and `XOAUTH2`, server side.

use core::fmt;

use crate::sasl::server::{OAuthBearerResponse, XOAuth2Response};

use super::{Accounts, Exchange, ServerChallenge, Step, User};

/// The mechanism of the exchange.
#[derive(Clone, Copy)]
enum Message {
    OAuthBearer,
    XOAuth2,
}

impl Message {
    /// The challenge after a refused token: `server-error` of RFC 7628 3.2.2, or the form that Google uses.
    const fn refusal(self) -> &'static [u8] {
        match self {
            Self::OAuthBearer => br#"{"status":"invalid_token"}"#,
            Self::XOAuth2 => br#"{"status":"401","schemes":"Bearer"}"#,
        }
    }
}

/// `OAUTHBEARER` and `XOAUTH2`, server side.
///
/// After a refused token the server sends a challenge in JSON, and 535 after the next response of the client,
/// whatever it is (RFC 7628 3.2.3).
pub struct BearerExchange<A> {
    accounts: A,
    message: Message,
    refused: bool,
    user: User,
}

impl<A: Accounts> BearerExchange<A> {
    /// Creates an exchange for `OAUTHBEARER`. If the client names a user, the token has to belong to that user.
    #[must_use]
    pub const fn oauthbearer(accounts: A) -> Self {
        Self { accounts, message: Message::OAuthBearer, refused: false, user: User::NOBODY }
    }

    /// Creates an exchange for `XOAUTH2`. The token has to belong to the user that the client names.
    #[must_use]
    pub const fn xoauth2(accounts: A) -> Self {
        Self { accounts, message: Message::XOAuth2, refused: false, user: User::NOBODY }
    }

    /// Returns the user that a message proves, or `None` if it proves none. Returns `Err` if the message is
    /// malformed.
    fn verify(&self, message: &[u8]) -> Result<Option<User>, Step> {
        let user = match self.message {
            Message::OAuthBearer => {
                let said = OAuthBearerResponse::parse(message).ok_or(Step::Malformed)?;
                let user = self.accounts.user_of_token(said.token());
                user.filter(|user| said.user().is_none_or(|name| name.matches(user)))
            }
            Message::XOAuth2 => {
                let said = XOAuth2Response::parse(message).ok_or(Step::Malformed)?;
                self.accounts.user_of_token(said.token()).filter(|user| *user == said.user())
            }
        };
        Ok(user.and_then(|user| User::new(user.chars())))
    }
}

impl<A: Accounts> Exchange for BearerExchange<A> {
    fn respond(&mut self, response: Option<&[u8]>, challenge: &mut ServerChallenge<'_>) -> Step {
        let Some(message) = response else { return Step::Challenge };
        if self.refused {
            return Step::Failure;
        }
        match self.verify(message) {
            Ok(Some(user)) => {
                self.user = user;
                Step::Success
            }
            Ok(None) => {
                self.refused = true;
                challenge.push(self.message.refusal());
                Step::Challenge
            }
            Err(step) => step,
        }
    }

    fn user(&self) -> &str {
        self.user.as_str()
    }
}

impl<A> fmt::Debug for BearerExchange<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerExchange").field("refused", &self.refused).finish_non_exhaustive()
    }
}
