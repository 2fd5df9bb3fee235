//! The addresses of a host: looked up, and in the order in which they are tried (RFC 8305).

use core::{net::IpAddr, time::Duration};
use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    thread,
};

/// The time to wait for one address before the next is tried too (RFC 8305 5).
const DELAY: Duration = Duration::from_millis(250);

/// The maximum number of addresses to try. Trying all addresses of a name with more does not make success more likely.
const MAX_ADDRESSES: usize = 16;

/// Returns the time to wait for one address before the next is tried too. Each of the `addresses` gets its share of the
/// `limit` for all of them.
#[must_use]
pub fn delay(addresses: usize, limit: Duration) -> Duration {
    let addresses = u32::try_from(addresses).unwrap_or(u32::MAX).max(1);
    DELAY.min(limit / addresses)
}

/// Families in turn, that of the resolver's first address first, each in the resolver's order (RFC
/// 8305 4); only the source's family where there is one.
#[must_use]
pub fn in_turns(addresses: Vec<SocketAddr>, source: Option<IpAddr>) -> Vec<SocketAddr> {
    let fits = |address: &SocketAddr| source.is_none_or(|s| s.is_ipv4() == address.is_ipv4());
    let addresses: Vec<_> = addresses.into_iter().filter(fits).collect();
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (mut one, mut other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first_is_v4);
    let mut turns = Vec::new();
    let (mut one, mut other) = (one.drain(..), other.drain(..));
    while turns.len() < MAX_ADDRESSES {
        let pair = [one.next(), other.next()];
        if pair == [None, None] {
            break;
        }
        turns.extend(pair.into_iter().flatten());
    }
    turns.truncate(MAX_ADDRESSES);
    turns
}

/// Tells the addresses of a host; what is an address itself is not looked up.
///
/// The system's resolver has no time limit that a caller could set, and cannot be interrupted. So it is asked in a
/// thread of its own, which whoever has no more time leaves alone: it ends when the resolver gives up (by default after
/// some ten seconds for each of its servers), and what it then tells is heard by nobody.
///
/// # Errors
/// There is no thread to be had.
pub fn look_up(
    host: &str,
    port: u16,
    tell: impl FnOnce(io::Result<Vec<SocketAddr>>) + Send + 'static,
) -> io::Result<()> {
    if let Ok(address) = host.parse::<IpAddr>() {
        tell(Ok(vec![SocketAddr::new(address, port)]));
        return Ok(());
    }
    let host = host.to_owned();
    ask(move || Ok((host.as_str(), port).to_socket_addrs()?.collect()), tell)
}

/// Asks in a thread of its own.
fn ask<T: 'static>(
    question: impl FnOnce() -> T + Send + 'static,
    tell: impl FnOnce(T) + Send + 'static,
) -> io::Result<()> {
    let thread = thread::Builder::new().name("smtp-lookup".into());
    thread.spawn(move || tell(question())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::{DELAY, ask, delay};
    use core::time::Duration;
    use std::sync::mpsc;

    #[test]
    fn every_address_has_its_share_of_the_limit() {
        assert_eq!(delay(2, Duration::from_secs(300)), DELAY);
        assert_eq!(delay(4, Duration::from_millis(400)), Duration::from_millis(100));
        assert_eq!(delay(0, Duration::from_millis(100)), Duration::from_millis(100));
    }

    #[test]
    fn a_resolver_that_does_not_answer_is_not_waited_for() {
        let (answer, question) = mpsc::channel::<&str>();
        let (tell, told) = mpsc::channel();
        ask(move || question.recv(), move |answer| tell.send(answer).unwrap_or_default())
            .expect("a thread");
        assert_eq!(
            told.recv_timeout(Duration::from_millis(1)),
            Err(mpsc::RecvTimeoutError::Timeout)
        );
        answer.send("late").expect("a question");
        assert_eq!(told.recv(), Ok(Ok("late")));
    }
}
