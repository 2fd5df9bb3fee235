//! smtp-async, in the ways of [`smtp_sync`](super::smtp_sync).

use std::net::SocketAddr;

use smtp_async::{
    Client, Connector, TlsPolicy,
    proto::client::{BufferSizes, Config},
};

use super::smtp_sync::{delivered, envelope, in_flight, large_buffers};
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

pub(super) fn by_default(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    run(address, job, false, BufferSizes::LARGE, |config| config)
}

pub(super) fn ahead(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    run(address, job, true, BufferSizes::LARGE, |config| config.with_run_ahead(true))
}

pub(super) fn chunks(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    run(address, job, true, BufferSizes::LARGE, in_flight)
}

pub(super) fn large(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    run(address, job, false, large_buffers(), |config| config)
}

pub(super) fn large_chunks(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    run(address, job, true, large_buffers(), in_flight)
}

fn run(
    address: SocketAddr,
    job: &Job,
    batch: bool,
    sizes: BufferSizes,
    configure: fn(Config) -> Config,
) -> Result<Report, Failure> {
    tokio(address, job, async |address: SocketAddr| {
        let connector = Connector::new(&address.ip().to_string(), address.port())
            .with_tls(TlsPolicy::None)
            .with_sizes(sizes)
            .configure(configure);
        Ok(Ours { client: connector.connect().await?, batch })
    })
}
