//! io-smtp: its stream is the caller's, so it has `TCP_NODELAY`; its content is handed over as a `Vec`.

use std::{borrow::Cow, net::SocketAddr, net::TcpStream};

use io_smtp::{
    client::{SmtpClient, SmtpClientStd},
    message::SmtpMessageSendOptions,
    rfc5321::{SmtpDomain, SmtpEhloDomain, SmtpForwardPath, SmtpLocalPart, SmtpMailbox},
};

use super::{SENDER, recipients};
use crate::load::{
    Failure,
    client::{Report, Session, blocking},
    content::in_memory,
    job::Job,
};

impl Session for SmtpClientStd {
    fn send(&mut self, job: &Job) -> Result<(), Failure> {
        let content = in_memory(job.octets);
        let from = mailbox(SENDER);
        let to: Vec<_> =
            recipients(job.recipients).map(|to| SmtpForwardPath(mailbox(&to))).collect();
        for _ in 0..job.messages {
            let (from, options) = (from.clone().into(), SmtpMessageSendOptions::default());
            SmtpClient::send(self, from, to.clone(), content.clone(), options)?;
        }
        Ok(())
    }
}

pub(super) fn run(address: SocketAddr, job: &Job) -> Result<Report, Failure> {
    blocking(address, job, |address| {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let mut client = SmtpClientStd::new(stream);
        client.greeting()?;
        client.ehlo(domain("client.example".to_owned()))?;
        Ok(client)
    })
}

fn mailbox(address: &str) -> SmtpMailbox<'static> {
    let (local, host) = address.split_once('@').unwrap_or((address, ""));
    SmtpMailbox {
        local_part: SmtpLocalPart(Cow::Owned(local.to_owned())),
        domain: domain(host.to_owned()),
    }
}

const fn domain(name: String) -> SmtpEhloDomain<'static> {
    SmtpEhloDomain::SmtpDomain(SmtpDomain(Cow::Owned(name)))
}
