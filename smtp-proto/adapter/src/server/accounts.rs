//! The accounts that can authenticate, for every mechanism.

use std::{collections::HashMap, sync::Arc};

use smtp_proto::sasl::server::{self, Exchange, Random, TlsExporter};

/// Passwords and tokens of users.
#[derive(Clone, Default)]
pub(super) struct Accounts {
    passwords: HashMap<String, String>,
    users_of_tokens: HashMap<String, String>,
}

impl Accounts {
    pub(super) fn add_password(&mut self, user: &str, password: &str) {
        self.passwords.insert(user.to_owned(), password.to_owned());
    }

    pub(super) fn add_token(&mut self, user: &str, token: &str) {
        self.users_of_tokens.insert(token.to_owned(), user.to_owned());
    }
}

impl server::Accounts for Accounts {
    fn password(&self, user: &str) -> Option<&str> {
        self.passwords.get(user).map(String::as_str)
    }

    fn user_of_token(&self, token: &str) -> Option<&str> {
        self.users_of_tokens.get(token).map(String::as_str)
    }
}

/// A new exchange with these accounts; none where the operating system has no random octets.
pub(super) fn exchange(
    accounts: &Arc<Accounts>,
    mechanism: &str,
    channel: Option<&TlsExporter>,
) -> Option<Box<dyn Exchange + Send>> {
    let mut random = Random::default();
    getrandom::getrandom(&mut random).ok()?;
    server::exchange(mechanism, Arc::clone(accounts), &random, channel)
}
