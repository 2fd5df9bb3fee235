//! The rows: what has to be done, where, and how often it is measured.

use core::time::Duration;

use super::{contender::Contender, job::Job};

/// Which CPUs client and sink may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Placement {
    /// The same one: what is measured is what both cost, not how fast one wakes the other.
    OneCpu,
    /// One each.
    TwoCpus,
    /// Any: what is measured is the wire.
    Free,
}

/// What a row's speed is told in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Speed {
    Messages,
    Mebibytes,
    /// Of a row with a delay: how many of it a message took.
    RoundTrips,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) job: Job,
    pub(crate) placement: Placement,
    pub(crate) speed: Speed,
    pub(crate) rounds: usize,
    /// Messages on each connection for those who wait 45 ms with each.
    pub(crate) few: usize,
    /// Messages of a short and of a long run under strace; the difference is what they cost.
    pub(crate) traced: Option<[usize; 2]>,
}

/// There and back.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(20);

pub(crate) const ALL: [Row; 7] = [
    Row {
        name: "10,000 x 1 KiB, 1 connection",
        job: Job { connections: 1, messages: 10_000, recipients: 1, octets: 1 << 10 },
        placement: Placement::OneCpu,
        speed: Speed::Messages,
        rounds: 5,
        few: 20,
        traced: Some([64, 704]),
    },
    Row {
        name: "10,000 x 1 KiB, 16 connections",
        job: Job { connections: 16, messages: 625, recipients: 1, octets: 1 << 10 },
        placement: Placement::TwoCpus,
        speed: Speed::Messages,
        rounds: 5,
        few: 10,
        traced: None,
    },
    Row {
        name: "10,000 x 1 KiB, 256 connections",
        job: Job { connections: 256, messages: 39, recipients: 1, octets: 1 << 10 },
        placement: Placement::TwoCpus,
        speed: Speed::Messages,
        rounds: 5,
        few: 5,
        traced: None,
    },
    Row {
        name: "1 message, 1,000 recipients",
        job: Job { connections: 1, messages: 50, recipients: 1000, octets: 1 << 10 },
        placement: Placement::OneCpu,
        speed: Speed::Messages,
        rounds: 5,
        few: 5,
        traced: Some([2, 12]),
    },
    Row {
        name: "100 x 10 MiB",
        job: Job { connections: 1, messages: 100, recipients: 1, octets: 10 << 20 },
        placement: Placement::TwoCpus,
        speed: Speed::Mebibytes,
        rounds: 3,
        few: 20,
        traced: Some([1, 4]),
    },
    Row {
        name: "20 ms round trip, 20 x 1 KiB",
        job: Job { connections: 1, messages: 20, recipients: 1, octets: 1 << 10 },
        placement: Placement::Free,
        speed: Speed::RoundTrips,
        rounds: 1,
        few: 10,
        traced: None,
    },
    Row {
        name: "20 ms round trip, 1,000 recipients",
        job: Job { connections: 1, messages: 1, recipients: 1000, octets: 1 << 10 },
        placement: Placement::Free,
        speed: Speed::RoundTrips,
        rounds: 1,
        few: 1,
        traced: None,
    },
];

impl Row {
    /// The same with little to do: shows that it works, and nothing else.
    pub(crate) fn quick(self) -> Self {
        let Job { messages, recipients, .. } = self.job;
        let job = Job {
            messages: messages.div_ceil(50),
            recipients: recipients.div_ceil(20),
            ..self.job
        };
        let traced = self.traced.filter(|_| self.job == ALL[0].job).map(|_| [1, 3]);
        Self { job, rounds: 1, few: 2, traced, ..self }
    }

    /// What this contender is given to do.
    pub(crate) fn job_for(&self, contender: &Contender) -> Job {
        let few = if contender.waits { self.few } else { usize::MAX };
        Job { messages: self.job.messages.min(few), ..self.job }
    }

    /// The CPUs of client and sink.
    pub(crate) fn cpus(&self) -> [Option<usize>; 2] {
        match self.placement {
            Placement::OneCpu => [Some(0), Some(0)],
            Placement::TwoCpus if super::usage::cpus() > 1 => [Some(0), Some(1)],
            Placement::TwoCpus | Placement::Free => [None, None],
        }
    }

    pub(crate) const fn placement_name(&self) -> &'static str {
        match self.placement {
            Placement::OneCpu => "client and sink on one CPU",
            Placement::TwoCpus => "client and sink on a CPU each",
            Placement::Free => "client and sink on any CPU",
        }
    }
}
