//! The server that takes the message when no other is named.

use smtp_sync::{
    proto::{
        hello::{EhloName, Extensions},
        reply::Escaped,
        sasl::server::MECHANISMS,
        server::{Answer, AuthPolicy, Config},
    },
    server::{Server, Store},
};

use crate::{args::Args, output, secrets::Secrets};

/// A server on loopback that keeps what it gets, and refuses `nobody` at every domain named.
pub(crate) struct Embedded {
    server: Server,
    store: Store,
}

impl Embedded {
    /// Starts it; it lets in whom the command line names.
    pub(crate) fn start<'a>(
        args: &Args,
        secrets: &Secrets,
        recipients: impl Iterator<Item = &'a str>,
    ) -> Result<Self, String> {
        // It delivers nothing, and so owes nobody a notification.
        let mut config = Config::new(EhloName::LOCALHOST).with_extensions(Extensions::ALL);
        let mut store = Store::new();
        if let Some(user) = &args.user {
            config = config
                .with_auth(AuthPolicy::Offered)
                .with_plaintext_auth(true)
                .with_mechanisms(MECHANISMS);
            if let Some(password) = &secrets.password {
                store = store.with_user(user, password);
            }
            if let Some(token) = &secrets.token {
                store = store.with_token(user, token);
            }
        }
        for recipient in recipients.filter(|recipient| recipient.starts_with("nobody@")) {
            store = store.with_refusal(recipient, Answer::NO_SUCH_MAILBOX);
        }
        let server = Server::bind(Server::builder().with_config(config), store.clone());
        let server = server.map_err(|error| format!("the embedded server: {error}"))?;
        Ok(Self { server, store })
    }

    pub(crate) fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Shows what it received; on standard error where standard output holds the result.
    pub(crate) fn show(&self, on_stderr: bool) {
        for message in self.store.messages() {
            let mut text = format!("received from <{}>\n", message.from);
            for recipient in &message.recipients {
                text += &format!("received for <{recipient}>\n");
            }
            for line in message.content.split(|&octet| octet == b'\n') {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                text += &format!("| {}\n", Escaped(line));
            }
            if on_stderr { output::diagnostic(&text) } else { output::result(&text) }
        }
    }
}
