//! A message in as many transactions as the server's limits ask for.

use smtp_sync::{
    AsEnvelope, Client, Delivery, Error,
    proto::{
        address::AddressError,
        command::{Mail, Recipient},
        envelope,
    },
};

use crate::message::Envelope;

/// An envelope with some of its recipients.
struct Part<'a> {
    whole: &'a Envelope<'a>,
    positions: &'a [usize],
}

impl AsEnvelope for Part<'_> {
    fn mail(&self) -> Mail<'_> {
        self.whole.mail()
    }

    fn recipient(&self, index: usize) -> Option<Recipient<'_>> {
        self.whole.recipient(*self.positions.get(index)?)
    }
}

/// What the limits split: addresses without parameters, in the same order.
fn addresses(envelope: &Envelope<'_>) -> Result<envelope::Envelope, AddressError> {
    let mut addresses = envelope::Envelope::new("")?;
    for recipient in (0..).map_while(|index| envelope.recipient(index)) {
        addresses.push(recipient.address().as_str())?;
    }
    Ok(addresses)
}

/// Sends a message that was found good. What keeps it from being sent on stands beside what became of it so far.
pub(crate) fn deliver(
    client: &mut Client,
    whole: &Envelope<'_>,
    content: &[u8],
) -> (Delivery, Option<Error>) {
    // Every address has been checked.
    let addresses = addresses(whole).unwrap_or_else(|error| unreachable!("{error}"));
    let mut delivery = Delivery::new(&addresses, client.capabilities().limits());
    while let Some(positions) = delivery.positions() {
        match client.send(&Part { whole, positions }, content) {
            Ok(outcome) => delivery.record(outcome),
            Err(error) => return (delivery, Some(error)),
        }
    }
    (delivery, None)
}
