//! smtp-async, in any of our [ways](super::ours).

use std::net::SocketAddr;

use smtp_async::{Client, Connector, TlsPolicy};

use super::{
    ours::Way,
    smtp_sync::{delivered, envelope},
};
use crate::load::{
    Failure,
    client::{AsyncSession, Report, tokio},
    content::Content,
    job::Job,
};

struct Ours {
    client: Client,
    /// Hands all messages over at once.
    batch: bool,
}

impl AsyncSession for Ours {
    async fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let envelope = envelope(job.recipients)?;
        let content = Content::new(job.octets);
        if self.batch {
            let messages = (0..job.messages).map(|_| (&envelope, content.clone()));
            return self.client.send_all(messages).await.into_iter().try_for_each(delivered);
        }
        for _ in 0..job.messages {
            delivered(self.client.send(&envelope, content.clone()).await)?;
        }
        Ok(())
    }
}

pub(super) fn run(address: SocketAddr, job: &Job, way: &Way) -> Result<Report, Failure> {
    tokio(address, job, async |address: SocketAddr| {
        let connector = Connector::new(&address.ip().to_string(), address.port())
            .with_tls(TlsPolicy::None)
            .with_sizes(way.sizes)
            .configure(way.configure);
        Ok(Ours { client: connector.connect().await?, batch: way.batch })
    })
}
