//! What is asked of ours in a row.

use core::fmt;

use crate::{
    contender::Role,
    measure::{Measured, Result},
};

/// One goal; the first contender that is [`Role::Ours`] is held to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// Time at most this many times that of the near limit.
    Near(f64),
    /// At least this many times as fast as the best peer.
    Peer(f64),
    /// Octets of input per nanosecond, at least.
    Speed(f64),
    /// Nanoseconds an item, at most.
    Nanoseconds(f64),
    /// No allocation.
    NoAllocation,
}

/// What became of a goal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// What was reached, in the unit of the goal.
    pub value: f64,
    /// Whether that is enough.
    pub met: bool,
}

impl Goal {
    /// Holds a result to the goal; `None` where there is nobody to compare with.
    #[must_use]
    pub fn verdict(&self, result: &Result) -> Option<Verdict> {
        let ours = result.ours()?;
        let (value, met) = match *self {
            Self::Near(most) => {
                let ratio = 1.0 / result.find(Role::NearLimit)?.per_ours;
                (ratio, ratio <= most)
            }
            Self::Peer(least) => {
                let ratio = result.best_peer()?.per_ours;
                (ratio, ratio >= least)
            }
            Self::Speed(least) => {
                let speed = result.speed(ours);
                (speed, speed >= least)
            }
            Self::Nanoseconds(most) => {
                let time = result.per_item(ours);
                (time, time <= most)
            }
            Self::NoAllocation => (ours.allocations, ours.allocations == 0.0),
        };
        Some(Verdict { value, met })
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Near(most) => write!(f, "at most {most} x near limit"),
            Self::Peer(least) => write!(f, "at least {least} x best peer"),
            Self::Speed(least) => write!(f, "at least {least} GB/s"),
            Self::Nanoseconds(most) => write!(f, "at most {most} ns"),
            Self::NoAllocation => f.write_str("no allocation"),
        }
    }
}

impl Result {
    /// The contender that is held to the goals.
    #[must_use]
    pub fn ours(&self) -> Option<&Measured> {
        self.find(Role::Ours)
    }

    /// The fastest of the peers, by the ratio to ours.
    #[must_use]
    pub fn best_peer(&self) -> Option<&Measured> {
        let peers = self.contenders.iter().filter(|contender| contender.role == Role::Peer);
        peers.min_by(|a, b| a.per_ours.total_cmp(&b.per_ours))
    }

    /// The first contender of a role.
    #[must_use]
    pub fn find(&self, role: Role) -> Option<&Measured> {
        self.contenders.iter().find(|contender| contender.role == role)
    }
}
