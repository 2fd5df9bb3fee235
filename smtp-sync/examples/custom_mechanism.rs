//! A mechanism of one's own: PLAIN whose password is fetched only when the server asks for it.
//!
//! ```text
//! cargo run -p smtp-sync --example custom_mechanism
//! ```

use smtp_sync::{
    Connector, TlsPolicy,
    proto::{
        hello::EhloName,
        sasl::{CannotAnswer, Challenge, InitialResponse, Mechanism, Response},
        server::{AuthPolicy, Config},
    },
    server::{Server, Store},
};

/// Asks somebody, say a keyring, at the moment the password is needed.
struct Lazy<F> {
    user: &'static str,
    fetch: F,
    answered: bool,
}

impl<F: FnMut() -> Option<String>> Mechanism for Lazy<F> {
    fn name(&self) -> &'static str {
        "PLAIN"
    }

    // Not before the server has shown that it wants it.
    fn initial_response(&self) -> InitialResponse {
        InitialResponse::Never
    }

    fn restart(&mut self) {
        self.answered = false;
    }

    fn respond(
        &mut self,
        _challenge: Challenge<'_>,
        response: &mut Response<'_>,
    ) -> Result<(), CannotAnswer> {
        if self.answered {
            return Err(CannotAnswer::Stop);
        }
        let password = (self.fetch)().ok_or(CannotAnswer::TryNext)?;
        for part in ["\0", self.user, "\0", &password] {
            response.push(part.as_bytes());
        }
        self.answered = true;
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let config =
        Config::new(EhloName::LOCALHOST).with_auth(AuthPolicy::Required).with_plaintext_auth(true);
    let store = Store::new().with_user("alice", "s3cret");
    let server = Server::bind(Server::builder().with_config(config), store)?;

    let mut client = Connector::new("127.0.0.1", server.address().port())
        .with_tls(TlsPolicy::None)
        .configure(|config| config.with_plaintext_auth(true))
        .with_transcript(|line| println!("{line}"))
        .connect()?;
    let fetch = || {
        println!("-- the keyring is asked");
        Some("s3cret".to_owned())
    };
    client.authenticate(&mut Lazy { user: "alice", fetch, answered: false })?;
    client.quit()?;
    Ok(())
}
