//! lettre: its blocking transport with a pool, one connection of it without, and its Tokio transport.
//!
//! A transport is made once and its clones share the pool, as its documentation says. It sets no `TCP_NODELAY`
//! and gives no access to its socket.

use core::{mem::ManuallyDrop, time::Duration};
use std::{net::SocketAddr, sync::OnceLock};

use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, SmtpTransport, Tokio1Executor, Transport as _,
    address::Envelope,
    transport::smtp::{PoolConfig, client::SmtpConnection, extension::ClientId},
};

use super::{SENDER, recipients};
use crate::load::{
    Failure,
    client::{self, AsyncSession, Report, Session},
    content::in_memory,
    job::Job,
};

impl Session for SmtpTransport {
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let (envelope, content) = (envelope(job.recipients)?, in_memory(job.octets));
        for _ in 0..job.messages {
            self.send_raw(&envelope, &content)?;
        }
        Ok(())
    }
}

impl Session for SmtpConnection {
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let (envelope, content) = (envelope(job.recipients)?, in_memory(job.octets));
        for _ in 0..job.messages {
            Self::send(self, &envelope, &content)?;
        }
        Ok(())
    }
}

impl AsyncSession for AsyncSmtpTransport<Tokio1Executor> {
    async fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let (envelope, content) = (envelope(job.recipients)?, in_memory(job.octets));
        for _ in 0..job.messages {
            self.send_raw(&envelope, &content).await?;
        }
        Ok(())
    }
}

pub(super) fn pooled(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    let transport = SmtpTransport::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .pool_config(pool(job)?)
        .build();
    client::blocking(address, job, |_| Ok(transport.clone()))
}

pub(super) fn single(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    client::blocking(address, job, |address| {
        let limit = Some(Duration::from_secs(30));
        Ok(SmtpConnection::connect(address, limit, &ClientId::default(), None, None)?)
    })
}

pub(super) fn tokio(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    let pool = pool(job)?;
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
        .port(address.port())
        .pool_config(pool);
    // Its pool wants to be inside a runtime when it is made, and when it is dropped.
    let transport = ManuallyDrop::new(OnceLock::new());
    client::tokio(address, job, async |_| {
        Ok(transport.get_or_init(|| builder.clone().build::<Tokio1Executor>()).clone())
    })
}

fn pool(job: &Job) -> Result<PoolConfig, Failure> {
    Ok(PoolConfig::new().max_size(u32::try_from(job.connections)?))
}

fn envelope(count: usize) -> Result<Envelope, Failure> {
    let to: Result<Vec<_>, _> = recipients(count).map(|recipient| recipient.parse()).collect();
    Ok(Envelope::new(Some(SENDER.parse()?), to?)?)
}
