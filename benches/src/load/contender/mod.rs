//! Who is compared, and what each of them can do.

mod async_smtp;
mod io_smtp;
mod lettre;
mod mail_send;
mod near;
mod ours;
mod smtp_async;
mod smtp_source;
mod smtp_sync;

use core::ops::RangeInclusive;
use std::net::SocketAddr;

use super::{Failure, client::Report, job::Job};

/// Whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Side {
    Ours,
    Peer,
    /// Octets that stand ready over a socket, replies that are only counted: what a client could reach.
    Limit,
}

/// A client under a name.
#[derive(Clone)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    pub(crate) side: Side,
    /// Waits for a delayed acknowledgement with each message (Nagle), so it is given fewer of them.
    pub(crate) waits: bool,
    /// Sends [`Job::WARM_UP`] over each connection before its clock starts. Else connecting and QUIT are timed.
    pub(crate) warms_up: bool,
    /// Octets that it adds to each message: a blank line at its end, a header.
    pub(crate) adds: RangeInclusive<usize>,
    /// Whether it is worth showing with such a job.
    pub(crate) takes: fn(&Job) -> bool,
    pub(crate) run: fn(SocketAddr, &Job) -> Result<Report, Failure>,
}

impl Contender {
    const fn new(name: &'static str, side: Side, run: Run) -> Self {
        Self { name, side, waits: false, warms_up: true, adds: 0..=0, takes: |_| true, run }
    }

    const fn waiting(self) -> Self {
        Self { waits: true, ..self }
    }

    /// Ends each message with a line of its own, be it complete or not.
    const fn with_blank_line(self) -> Self {
        Self { adds: 2..=2, ..self }
    }

    const fn only(self, takes: fn(&Job) -> bool) -> Self {
        Self { takes, ..self }
    }
}

type Run = fn(SocketAddr, &Job) -> Result<Report, Failure>;

pub(crate) const ALL: &[Contender] = &[
    Contender::new("smtp-sync", Side::Ours, |to, job| smtp_sync::run(to, job, &ours::BY_DEFAULT)),
    Contender::new("smtp-sync, ahead", Side::Ours, |to, job| smtp_sync::run(to, job, &ours::AHEAD))
        .only(has_many),
    Contender::new("smtp-sync, BDAT in flight", Side::Ours, |to, job| {
        smtp_sync::run(to, job, &ours::CHUNKS)
    }),
    Contender::new("smtp-sync, large buffers", Side::Ours, |to, job| {
        smtp_sync::run(to, job, &ours::LARGE)
    })
    .only(is_large),
    Contender::new("smtp-sync, BDAT, large buffers", Side::Ours, |to, job| {
        smtp_sync::run(to, job, &ours::LARGE_CHUNKS)
    })
    .only(is_large),
    Contender::new("smtp-async", Side::Ours, |to, job| smtp_async::run(to, job, &ours::BY_DEFAULT)),
    Contender::new("smtp-async, ahead", Side::Ours, |to, job| {
        smtp_async::run(to, job, &ours::AHEAD)
    })
    .only(has_many),
    Contender::new("smtp-async, BDAT in flight", Side::Ours, |to, job| {
        smtp_async::run(to, job, &ours::CHUNKS)
    }),
    Contender::new("smtp-async, large buffers", Side::Ours, |to, job| {
        smtp_async::run(to, job, &ours::LARGE)
    })
    .only(is_large),
    Contender::new("smtp-async, BDAT, large buffers", Side::Ours, |to, job| {
        smtp_async::run(to, job, &ours::LARGE_CHUNKS)
    })
    .only(is_large),
    Contender::new("lettre, SmtpTransport", Side::Peer, lettre::pooled).waiting().with_blank_line(),
    Contender::new("lettre, SmtpConnection", Side::Peer, lettre::single)
        .waiting()
        .with_blank_line(),
    Contender::new("lettre, Tokio", Side::Peer, lettre::tokio).waiting().with_blank_line(),
    Contender::new("mail-send", Side::Peer, mail_send::run).waiting().with_blank_line(),
    Contender::new("async-smtp", Side::Peer, async_smtp::run).with_blank_line(),
    Contender::new("io-smtp", Side::Peer, io_smtp::run),
    Contender {
        warms_up: false,
        adds: smtp_source::HEADER,
        ..Contender::new("smtp-source", Side::Peer, smtp_source::run)
            .only(|_| smtp_source::is_installed())
    },
    Contender::new("near limit, two round trips", Side::Limit, near::two_round_trips),
    Contender::new("near limit, one round trip", Side::Limit, near::one_round_trip).only(has_many),
    Contender::new("near limit, batches by BDAT", Side::Limit, near::batches),
];

pub(crate) fn named(name: &str) -> Option<&'static Contender> {
    ALL.iter().find(|contender| contender.name == name)
}

/// Running ahead of a verdict shows where there are further messages, and is no help where there are not.
const fn has_many(job: &Job) -> bool {
    !is_large(job)
}

/// A message that does not fit the buffers.
const fn is_large(job: &Job) -> bool {
    job.recipients > 1 || job.octets > 1024
}

const SENDER: &str = "alice@client.example";

/// Recipients of a message.
fn recipients(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("bob{n:04}@sink.example"))
}
