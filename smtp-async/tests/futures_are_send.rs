//! Futures can be sent to other threads, and a client too: compiled, not run.

use smtp_async::{Client, Connector, Delivery, Envelope, Inquiry};

const fn is_send<T: Send>(_: &T) {}

#[allow(dead_code, reason = "compiled, not run")]
fn futures_are_send(mut client: Client, connector: Connector, envelope: &Envelope) {
    is_send(&connector.connect());
    is_send(&client.open());
    is_send(&client.login("", ""));
    is_send(&client.send(envelope, &b""[..]));
    is_send(&client.send_all([(envelope, &b""[..])]));
    is_send(&client.inquire(Inquiry::Noop));
    let mut delivery = Delivery::new(envelope, client.capabilities().limits());
    is_send(&client.deliver(&mut delivery, || &b""[..]));
    is_send(&client.quit());
}
