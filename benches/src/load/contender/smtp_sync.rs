//! smtp-sync: by default, ahead of verdicts, by BDAT in flight, and with buffers for large messages.

use std::net::SocketAddr;

use smtp_sync::{
    Client, Connector, Envelope, Error, Outcome, TlsPolicy,
    proto::client::{BufferSizes, Chunking, Config},
};

use super::{SENDER, recipients};
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
    blocking(address, job, |address| {
        let connector = Connector::new(&address.ip().to_string(), address.port())
            .with_tls(TlsPolicy::None)
            .with_sizes(sizes)
            .configure(configure);
        Ok(Ours { client: connector.connect()?, batch })
    })
}

/// Content by BDAT, with everything that may be in flight.
pub(super) const fn in_flight(config: Config) -> Config {
    config.with_chunking(Chunking::InFlight)
}

/// A thousand recipients, or a socket buffer of content, in one write.
pub(super) const fn large_buffers() -> BufferSizes {
    BufferSizes::LARGE.with_in_flight(2048).with_transmit(256 << 10).with_receive(64 << 10)
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
