//! async-smtp: its stream is the caller's, so it has `TCP_NODELAY`; its content comes from a reader, and is
//! read to its end before it is sent.

use std::net::SocketAddr;

use async_smtp::{EmailAddress, Envelope, SendableEmail, SmtpClient, SmtpTransport};
use tokio::{io::BufStream, net::TcpStream};

use super::{SENDER, recipients};
use crate::load::{
    Failure,
    client::{AsyncSession, Report, tokio},
    content::Content,
    job::Job,
};

impl AsyncSession for SmtpTransport<BufStream<TcpStream>> {
    async fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let to: Result<Vec<_>, _> = recipients(job.recipients).map(EmailAddress::new).collect();
        let envelope = Envelope::new(Some(EmailAddress::new(SENDER.to_owned())?), to?)?;
        for _ in 0..job.messages {
            let content = Box::new(Content::new(job.octets));
            Self::send(self, SendableEmail::new_with_reader(envelope.clone(), content)).await?;
        }
        Ok(())
    }
}

pub(super) fn run(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    tokio(address, job, async |address: SocketAddr| {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(SmtpTransport::new(SmtpClient::new(), BufStream::new(stream)).await?)
    })
}
