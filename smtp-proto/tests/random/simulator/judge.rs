//! What the client reported, held against what its wire showed and what the server did.

use smtp_proto::{
    client::{End, Status},
    server,
};

use super::{
    host::Stored,
    plan::Plan,
    sender::Report,
    wire::canonical,
    witness::{Found, statuses},
    world::World,
};

pub(crate) fn judge(world: &World<'_>) -> Found {
    check_reports(world)?;
    if world.plan.knows_truth() {
        check_store(world.plan, &world.host.stored)?;
        check_truth(world)?;
    }
    if world.plan.fault.is_none() { check_undisturbed(world) } else { Ok(()) }
}

/// How many recipients are accepted, and of how many it is unknown.
pub(crate) fn count(reports: &[Report]) -> (usize, usize) {
    let of = |status| {
        let ended = reports.iter().filter_map(|report| match report {
            Report::Ended(statuses) => Some(statuses),
            _ => None,
        });
        ended.flatten().filter(|&&found| found == status).count()
    };
    (of(Status::Accepted), of(Status::Unknown))
}

/// Each recipient has one outcome, and it is that which the wire allows (D24, D26, D27).
fn check_reports(world: &World<'_>) -> Found {
    let witness = &world.sender.witness;
    let mut transaction = 0;
    for (index, (message, report)) in
        world.plan.messages.iter().zip(&world.sender.reports).enumerate()
    {
        let count = message.recipients.len();
        match report {
            Report::Refused(_) if witness.message(transaction) == Some(index) => {
                return Err(format!("message {index} is refused and begun"));
            }
            Report::NotBegun | Report::Refused(_) => {}
            Report::Begun => return Err(format!("message {index} has no end")),
            Report::Ended(found) => {
                let evidence = witness.evidence(transaction);
                let expected = statuses(&evidence.truths(count));
                let doubtful = evidence.doubtful_truths(count);
                if *found != expected
                    && doubtful.map(|truths| statuses(&truths)) != Some(found.clone())
                {
                    return Err(format!("message {index}: {found:?}, but it is {expected:?}"));
                }
                if found.contains(&Status::Unknown) && !evidence.is_sent {
                    return Err(format!("message {index} has not left and is unknown"));
                }
                transaction += 1;
            }
        }
    }
    Ok(())
}

/// What is stored is whole, and there once.
fn check_store(plan: &Plan, stored: &[Stored]) -> Found {
    for (at, one) in stored.iter().enumerate() {
        let Some(message) = one.message.and_then(|index| plan.messages.get(index)) else {
            return Err(format!("a message of nobody: {one:?}"));
        };
        if one.content != canonical(&message.content) {
            return Err(format!("message {:?} is stored changed", one.message));
        }
        let same =
            |other: &Stored| (other.message, other.recipient) == (one.message, one.recipient);
        if stored[..at].iter().any(same) {
            return Err(format!("stored twice: {:?} for {:?}", one.message, one.recipient));
        }
    }
    Ok(())
}

/// Accepted is stored; stored is accepted or unknown.
fn check_truth(world: &World<'_>) -> Found {
    for (index, message) in world.plan.messages.iter().enumerate() {
        for recipient in 0..message.recipients.len() {
            let is_it =
                |one: &Stored| (one.message, one.recipient) == (Some(index), Some(recipient));
            let stored = world.host.stored.iter().any(is_it);
            let reported = match &world.sender.reports[index] {
                Report::Ended(statuses) => statuses.get(recipient).copied(),
                _ => None,
            };
            let is_true = match reported {
                Some(Status::Accepted) => stored,
                Some(Status::Unknown) => true,
                _ => !stored,
            };
            if !is_true {
                return Err(format!("m{index} for r{recipient}: {reported:?}, stored: {stored}"));
            }
        }
    }
    Ok(())
}

/// Without a fault nothing is left open.
fn check_undisturbed(world: &World<'_>) -> Found {
    let end = world.sender.client.end();
    // What follows a refused MAIL in a group counts as bad commands.
    let had_enough = world.host.server.end() == Some(server::End::TooManyBadCommands);
    let open = [Status::Unknown, Status::NotAttempted];
    let is_open = |report: &Report| match report {
        Report::Ended(statuses) => statuses.iter().any(|status| open.contains(status)),
        Report::NotBegun | Report::Begun => true,
        Report::Refused(_) => false,
    };
    match end {
        Some(End::Quit) if world.sender.reports.iter().any(is_open) => {
            Err(format!("QUIT, but {:?}", world.sender.reports))
        }
        Some(
            End::Quit
            | End::TlsUnavailable
            | End::Refused { .. }
            | End::BadContent(_)
            | End::ContentRefused(_)
            | End::RefusedInFlight { .. },
        ) => Ok(()),
        _ if had_enough => Ok(()),
        other => Err(format!("the session ends with {other:?}")),
    }
}
