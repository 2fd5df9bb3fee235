//! smtp-sync, in any of our [ways](super::ours).

use std::net::SocketAddr;

use smtp_sync::{Client, Connector, Envelope, Error, Outcome, TlsPolicy};

use super::{SENDER, ours::Way, recipients};
use crate::load::{
    Failure,
    client::{Report, Session, blocking},
    content::Content,
    job::Job,
};

struct Ours {
    client: Client,
    /// Hands all messages over at once.
    batch: bool,
}

impl Session for Ours {
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let envelope = envelope(job.recipients)?;
        let content = Content::new(job.octets);
        if self.batch {
            let messages = (0..job.messages).map(|_| (&envelope, content.clone()));
            return self.client.send_all(messages).into_iter().try_for_each(delivered);
        }
        (0..job.messages).try_for_each(|_| delivered(self.client.send(&envelope, content.clone())))
    }
}

pub(super) fn run(address: SocketAddr, job: &Job, way: &Way) -> Result<Report, Failure> {
    blocking(address, job, |address| {
        let connector = Connector::new(&address.ip().to_string(), address.port())
            .with_tls(TlsPolicy::None)
            .with_sizes(way.sizes)
            .configure(way.configure);
        Ok(Ours { client: connector.connect()?, batch: way.batch })
    })
}

pub(super) fn envelope(count: usize) -> Result<Envelope, Failure> {
    let mut envelope = Envelope::new(SENDER)?;
    for recipient in recipients(count) {
        envelope.push(&recipient)?;
    }
    Ok(envelope)
}

pub(super) fn delivered(outcome: Result<Outcome, Error>) -> Result<(), Failure> {
    if outcome?.is_delivered() { Ok(()) } else { Err("not delivered to everybody".into()) }
}
