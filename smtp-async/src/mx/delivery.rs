//! A message's way: domain after domain, host after host, address after address.

use core::{future::Future, net::IpAddr, sync::atomic::Ordering};
use std::{io, sync::Arc};

use smtp_proto::{
    address::DomainName,
    client::{AsEnvelope, Fate, When},
    envelope::{Delivery, Envelope},
    route::{Destination, MxRecord, Next, RouteError, exchanges, is_local},
};
use tokio::{
    io::AsyncBufRead,
    time::{Instant, timeout, timeout_at},
};

use super::{
    HostFailure, HostTls, LookupError, MxDelivery, MxError, MxReport, Resolve, Security,
    report::At, session::Session,
};
use crate::Error;

impl<R: Resolve, T: HostTls> MxDelivery<R, T> {
    /// Sends a message to all its recipients; `content` gives the content anew for each transaction.
    ///
    /// The report contains all errors and the result for each recipient. If the future is dropped there is no report,
    /// and some recipients may have the message already.
    pub async fn deliver<C: AsyncBufRead + Unpin>(
        &self,
        envelope: &Envelope,
        mut content: impl FnMut() -> C,
    ) -> MxReport {
        let mut report = MxReport::new(envelope);
        let deadline = self.delivery_limit.and_then(|limit| Instant::now().checked_add(limit));
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        for (domain, waiting) in envelope.by_domain() {
            let mut run =
                Run { envelope, domain, waiting, deadline, passed_over: None, report: &mut report };
            match before(deadline, self.route(&run.domain, seed)).await {
                Ok(hosts) => self.try_hosts(&mut run, hosts, &mut content).await,
                Err(error) => run.fail(None, &error),
            }
        }
        report
    }

    /// The hosts to try, in order.
    async fn route(&self, domain: &str, seed: u64) -> Result<Hosts, MxError> {
        let domain = match Destination::of(domain).map_err(MxError::Route)? {
            Destination::Address(address) => return Ok(Hosts::Literal(address)),
            Destination::Domain(domain) => domain,
        };
        let mut records =
            self.in_time(self.resolver.mx(domain.as_str())).await.map_err(of_domain)?;
        let implicit = records.is_empty();
        if implicit {
            records.push(MxRecord::implicit(domain.clone()));
        }
        records.sort();
        let own = self.own_among(&records).await;
        let odd = records.iter().any(MxRecord::is_odd);
        let is_own = |host: &DomainName| own.contains(host);
        let hosts = exchanges(&domain, records, is_own, seed).map_err(MxError::Route)?;
        let all = !odd && hosts.len() <= self.hosts;
        let names = hosts.iter().take(self.hosts).map(|host| host.exchange().into()).collect();
        Ok(if implicit { Hosts::Implicit(names) } else { Hosts::Named { names, all } })
    }

    /// The hosts that are this machine, by name or by address.
    async fn own_among(&self, records: &[MxRecord]) -> Vec<DomainName> {
        let mut own = Vec::new();
        for (place, host) in records.iter().filter_map(MxRecord::host).enumerate() {
            let look_up = place < self.hosts.max(super::MAX_OWN_LOOKUPS);
            if self.own_names.contains(host) || (look_up && self.has_own_address(host).await) {
                own.push(host.clone());
            }
        }
        own
    }

    async fn has_own_address(&self, host: &DomainName) -> bool {
        if self.own_addresses.is_empty() {
            return false;
        }
        // One that cannot be looked up is not gone to either.
        let addresses =
            self.in_time(self.resolver.addresses(host.as_str())).await.unwrap_or_default();
        addresses.into_iter().any(|address| self.is_own(address) || self.is_forbidden(address))
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.own_addresses.contains(&address.to_canonical())
    }

    /// The addresses to try, in order.
    fn allowed(&self, addresses: &[IpAddr]) -> Vec<IpAddr> {
        let allowed = addresses.iter().copied().filter(|&address| !self.is_forbidden(address));
        allowed.take(self.addresses).collect()
    }

    fn is_forbidden(&self, address: IpAddr) -> bool {
        !self.loopback && is_local(address)
    }

    async fn try_hosts<C: AsyncBufRead + Unpin>(
        &self,
        run: &mut Run<'_>,
        hosts: Hosts,
        content: &mut impl FnMut() -> C,
    ) {
        let (names, unusable) = match hosts {
            Hosts::Literal(address) if self.is_own(address) => {
                return run.fail(None, &MxError::Route(RouteError::MailLoop));
            }
            Hosts::Literal(address) => {
                let host = address.to_string().into();
                self.try_host(run, &host, &[address], false, content).await;
                return run.give_up(None);
            }
            Hosts::Implicit(names) => (names, None),
            Hosts::Named { names, all: true } => (names, Some(RouteError::NoUsableMx)),
            Hosts::Named { names, all: false } => (names, Some(RouteError::NoHostSoFar)),
        };
        let by_mx = unusable.is_some();
        for host in &names {
            if run.waiting.is_empty() {
                return;
            }
            match before(run.deadline, self.addresses(host)).await {
                Ok(addresses) if addresses.is_empty() => run.skip(host, RouteError::NoAddress),
                Err(MxError::Route(error)) => run.skip(host, error),
                Err(error) => run.fail(Some((host, None)), &error),
                Ok(addresses) => self.try_host(run, host, &addresses, by_mx, content).await,
            }
        }
        run.give_up(unusable);
    }

    /// Waits for a lookup; a late result is a temporary failure.
    async fn in_time<A>(
        &self,
        answer: impl Future<Output = Result<A, LookupError>>,
    ) -> Result<A, LookupError> {
        let late =
            |_| Err(LookupError::Temporary(Arc::new(io::Error::from(io::ErrorKind::TimedOut))));
        timeout(self.lookup_limit, answer).await.unwrap_or_else(late)
    }

    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, MxError> {
        self.in_time(self.resolver.addresses(host)).await.map_err(of_domain)
    }

    async fn security(&self, domain: &str, host: &str) -> Result<Security, MxError> {
        let answer = self.in_time(async { Ok(self.tls.security(domain, host).await) }).await;
        answer.map_err(MxError::Lookup)?.ok_or(MxError::Shunned)
    }

    /// Tries a host, address after address; `by_mx` says that an MX record names it.
    async fn try_host<C: AsyncBufRead + Unpin>(
        &self,
        run: &mut Run<'_>,
        host: &Arc<str>,
        addresses: &[IpAddr],
        by_mx: bool,
        content: &mut impl FnMut() -> C,
    ) {
        let allowed = self.allowed(addresses);
        if allowed.is_empty() {
            return run.skip(host, RouteError::LocalAddress);
        }
        let security = match before(run.deadline, self.security(&run.domain, host)).await {
            Ok(security) => security,
            Err(error) => return run.fail(Some((host, None)), &error),
        };
        let security = match security.for_message(run.envelope.mail(), by_mx) {
            Ok(security) => security,
            Err(error) => return run.fail(Some((host, None)), &MxError::Route(error)),
        };
        for address in allowed {
            if run.waiting.is_empty() {
                return;
            }
            match self.session(host, address, security.clone(), run.deadline).await {
                Ok(session) => run.transact(session, host, address, content).await,
                Err(error) => run.fail(Some((host, Some(address))), &MxError::Host(error)),
            }
        }
    }
}

/// The hosts to which a domain's mail goes.
enum Hosts {
    Literal(IpAddr),
    /// The domain itself, for there is no MX record.
    Implicit(Vec<Arc<str>>),
    Named {
        names: Vec<Arc<str>>,
        /// The domain has no other hosts.
        all: bool,
    },
}

/// Within the time of the whole delivery.
async fn before<T>(
    deadline: Option<Instant>,
    answer: impl Future<Output = Result<T, MxError>>,
) -> Result<T, MxError> {
    match deadline {
        None => answer.await,
        Some(end) => timeout_at(end, answer).await.unwrap_or(Err(MxError::OutOfTime)),
    }
}

fn of_domain(error: LookupError) -> MxError {
    match error {
        LookupError::NoSuchDomain => MxError::Route(RouteError::NoSuchDomain),
        error => MxError::Lookup(error),
    }
}

/// One domain's part of a message.
struct Run<'a> {
    envelope: &'a Envelope,
    domain: String,
    /// The positions of those for whom the next host is to be tried.
    waiting: Vec<usize>,
    /// The end of the time for the whole delivery.
    deadline: Option<Instant>,
    /// The reason for passing over a host.
    passed_over: Option<RouteError>,
    report: &'a mut MxReport,
}

impl Run<'_> {
    /// One session, and in it as many transactions as the host's limits ask for.
    async fn transact<C: AsyncBufRead + Unpin>(
        &mut self,
        Session { mut client, encryption }: Session,
        host: &Arc<str>,
        address: IpAddr,
        content: &mut impl FnMut() -> C,
    ) {
        let part = self.envelope.only(&self.waiting);
        let mut delivery = Delivery::new(&part, client.capabilities().limits());
        let sent = client.deliver(&mut delivery, content).await;
        let failure = sent.err().or_else(|| client.failure().cloned());
        let at = At { host, encryption: Some(encryption) };
        let places = core::mem::take(&mut self.waiting);
        for (place, outcome) in places.into_iter().zip(delivery.recipients()) {
            let recipient = &mut self.report.recipients[place];
            let next = match (outcome, &failure) {
                (Some(outcome), Some(error)) if is_for_next_host(outcome.fate) => {
                    recipient.fail(Some(at), &MxError::Host(error.clone()));
                    after(error)
                }
                (Some(outcome), _) => {
                    recipient.answer(at, &outcome);
                    if let (Fate::NotAttempted(_), Some(error)) = (outcome.fate, &failure) {
                        // Nobody but the session says why: content that cannot be sent, for example.
                        recipient.error = Some(MxError::Host(error.clone()));
                    }
                    Next::after_outcome(&outcome)
                }
                (None, Some(error)) => {
                    recipient.fail(Some(at), &MxError::Host(error.clone()));
                    after(error)
                }
                (None, None) => {
                    recipient.leave(at);
                    Next::Host
                }
            };
            if next == Next::Host {
                self.waiting.push(place);
            }
        }
        if let (Some(error), false) = (failure, self.waiting.is_empty()) {
            self.note(at, Some(address), MxError::Host(error));
        }
        // The report need not wait for manners.
        client.set_deadline(None);
        tokio::spawn(async move { client.quit().await.ok() });
    }

    fn note(&mut self, at: At<'_>, address: Option<IpAddr>, error: MxError) {
        let (host, encryption) = (Arc::clone(at.host), at.encryption);
        self.report.failures.push(HostFailure { host, address, encryption, error });
    }

    /// Passes over a host that has no usable address; the domain is blamed only if all its hosts are
    /// passed over. A local address is the more telling reason.
    fn skip(&mut self, host: &Arc<str>, error: RouteError) {
        if self.passed_over != Some(RouteError::LocalAddress) {
            self.passed_over = Some(error);
        }
        self.note(At { host, encryption: None }, None, MxError::Route(error));
    }

    /// Records a failure without a session for all who are waiting.
    fn fail(&mut self, host: Option<(&Arc<str>, Option<IpAddr>)>, error: &MxError) {
        let at = host.map(|(host, address)| (At { host, encryption: None }, address));
        for &place in &self.waiting {
            self.report.recipients[place].fail(at.map(|(at, _)| at), error);
        }
        if let Some((at, address)) = at {
            self.note(at, address, error.clone());
        }
    }

    /// All hosts were tried. Where no session was, the domain is to blame: for what its own name
    /// lacks, or for records of which none is of use.
    fn give_up(&mut self, unusable: Option<RouteError>) {
        let error = match (unusable, self.passed_over) {
            (Some(RouteError::NoUsableMx) | None, Some(RouteError::LocalAddress)) => {
                RouteError::LocalAddress
            }
            (Some(error), _) | (None, Some(error)) => error,
            (None, None) => return,
        };
        let error = MxError::Route(error);
        for &place in &self.waiting {
            let recipient = &mut self.report.recipients[place];
            if recipient.error.is_none() && recipient.host.is_none() {
                recipient.fail(None, &error);
            }
        }
    }
}

/// Returns whether the host failed before it replied for the recipient, and the message is not the cause.
const fn is_for_next_host(fate: Fate) -> bool {
    matches!(fate, Fate::NotAttempted(when) if !matches!(when, When::Never))
}

/// Returns the next step after a session that failed with this error.
fn after(error: &Error) -> Next {
    match error {
        Error::Content(_) | Error::Random(_) => Next::Nothing,
        Error::Refused(refusal) => Next::after_refusal(*refusal),
        _ => error.end().map_or(Next::Host, Next::after_end),
    }
}
