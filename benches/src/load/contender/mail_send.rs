//! mail-send: a message in memory is lent. It sets no `TCP_NODELAY`.

use std::net::SocketAddr;

use mail_send::{SmtpClient, SmtpClientBuilder, smtp::message::Message};
use tokio::net::TcpStream;

use super::{SENDER, recipients};
use crate::load::{
    Failure,
    client::{AsyncSession, Report, tokio},
    content::in_memory,
    job::Job,
};

impl AsyncSession for SmtpClient<TcpStream> {
    async fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let content = in_memory(job.octets);
        let to: Vec<String> = recipients(job.recipients).collect();
        for _ in 0..job.messages {
            let to = to.iter().map(String::as_str);
            Self::send(self, Message::new(SENDER, to, &content[..])).await?;
        }
        Ok(())
    }
}

pub(super) fn run(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    let builder = SmtpClientBuilder::new(address.ip().to_string(), address.port())?
        .implicit_tls(false)
        .helo_host("client.example");
    tokio(address, job, async |_| Ok(builder.connect_plain().await?))
}
