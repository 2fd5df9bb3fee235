//! Many recipients, and many messages.

use smtp_proto::{
    client::{AsEnvelope, BufferSizes, Chunking, Config},
    envelope::{Delivery, Envelope},
    hello::{Capabilities, Extensions, ServerLimits},
};

use super::{
    Growth,
    far::{Rcpt, Session, config},
};

/// Half of that in each of two domains, and twice that too, was once compared each with each.
const RECIPIENTS: usize = 500;
const MESSAGES: usize = 200;

type Kind = (&'static str, fn(usize) -> Envelope);
type Job = (&'static str, fn(&Envelope) -> usize);

const KINDS: [Kind; 3] = [
    ("one-domain", |size| envelope(size, |_| "example.net".to_owned())),
    ("two-domains", |size| envelope(size, move |at| format!("{}.example", 2 * at / size))),
    ("own-domains", |size| envelope(size, |at| format!("{at}.example"))),
];

const JOBS: [Job; 6] = [
    ("split", |whole| whole.split(100).iter().map(Envelope::len).sum()),
    ("by-domain", |whole| whole.by_domain().len()),
    ("only", |whole| whole.only(&(0..whole.len()).collect::<Vec<_>>()).len()),
    ("recipients", |whole| whole.recipients().map(str::len).sum()),
    ("delivery", |whole| parts(whole, b"LIMITS RCPTMAX=100")),
    ("delivery-domains", |whole| parts(whole, b"LIMITS RCPTDOMAINMAX=2")),
];

pub(super) fn all() -> Vec<Growth> {
    let mut all = Vec::new();
    for (kind, envelope) in KINDS {
        for (job, run) in JOBS {
            all.push(Growth::new(format!("{job}/{kind}"), RECIPIENTS, move |size| {
                let envelope = envelope(size);
                move || run(&envelope)
            }));
        }
        all.push(Growth::new(format!("parse/{kind}"), RECIPIENTS, move |size| {
            move || envelope(size).len()
        }));
        for (way, sizes) in [("send", BufferSizes::LARGE), ("send-small", BufferSizes::SMALL)] {
            let make = move |_| Session::with(sizes, config(), Rcpt::Accept);
            all.push(sending(format!("{way}/{kind}"), envelope, make));
        }
    }
    let (_, one_domain) = KINDS[0];
    for (way, rcpt) in [("too-many", Rcpt::TooMany), ("refused", Rcpt::Refuse)] {
        let make = move |_| Session::with(BufferSizes::LARGE, config(), rcpt);
        all.push(sending(format!("send/{way}"), one_domain, make));
    }
    all.push(sending("send/lmtp".to_owned(), one_domain, |size| {
        let mut sizes = BufferSizes::LARGE;
        sizes.recipients = size.div_ceil(8);
        Session::lmtp(sizes)
    }));
    all.extend(
        [("behind-replies", false), ("ahead", true)].map(|(way, ahead)| {
            messages(format!("messages/{way}"), config().with_run_ahead(ahead))
        }),
    );
    let in_flight = config().with_chunking(Chunking::InFlight).with_window(8);
    all.push(messages("messages/in-flight".to_owned(), in_flight));
    all
}

/// One message to many; what became of them is read in every way.
fn sending(
    name: String,
    envelope: fn(usize) -> Envelope,
    make: impl Fn(usize) -> Session + 'static,
) -> Growth {
    Growth::new(name, RECIPIENTS, move |size| {
        let (mut session, envelope) = (make(size), envelope(size));
        move || {
            let outcome = session.send(&envelope, b"Hi\r\n");
            let left = envelope.remaining(&outcome).map_or(0, |left| left.len());
            let later = envelope.deferred(&outcome).map_or(0, |left| left.len());
            let mut delivery = Delivery::new(&envelope, ServerLimits::default());
            let hint = usize::from(outcome.hint(Extensions::EMPTY).is_some());
            let seen = outcome.recipients().count() + usize::from(outcome.is_delivered());
            let late = usize::from(outcome.came_too_late());
            delivery.record(outcome);
            left + later + hint + seen + late + delivery.recipients().flatten().count()
        }
    })
}

/// Many messages over one session.
fn messages(name: String, config: Config) -> Growth {
    Growth::new(name, MESSAGES, move |size| {
        let mut session = Session::with(BufferSizes::LARGE, config, Rcpt::Accept);
        move || (0..size).map(|_| session.send_one(b"Hi\r\n")).sum()
    })
}

fn parts(whole: &Envelope, limits: &[u8]) -> usize {
    let limits = Capabilities::new(limits).limits();
    Delivery::new(whole, limits).envelope().map_or(0, AsEnvelope::recipient_count)
}

fn envelope(size: usize, domain: impl Fn(usize) -> String) -> Envelope {
    let mut envelope = Envelope::new("").expect("the null sender");
    for at in 0..size {
        envelope.push(&format!("{at}@{}", domain(at))).expect("an address");
    }
    envelope
}
