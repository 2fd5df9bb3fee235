//! A message's way: domain after domain, host after host, address after address.

use core::{net::IpAddr, sync::atomic::Ordering};
use std::sync::Arc;

use smtp_proto::{
    client::{AsEnvelope, Fate, TlsPolicy, When},
    envelope::{Delivery, Envelope},
    route::{Destination, MxRecord, Next, RouteError, exchanges},
};
use tokio::{io::AsyncBufRead, net::TcpStream};

use super::{HostFailure, HostTls, LookupError, MxDelivery, MxError, MxReport, Resolve, Security};
use crate::{Client, Error};

impl<R: Resolve, T: HostTls> MxDelivery<R, T> {
    /// Sends a message to all its recipients; `content` gives the content anew for each transaction.
    ///
    /// There is no error beside those in the report, which says of each recipient what became of it.
    /// A future that is dropped says nothing of any, and some may have the message then.
    pub async fn deliver<C: AsyncBufRead + Unpin>(
        &self,
        envelope: &Envelope,
        mut content: impl FnMut() -> C,
    ) -> MxReport {
        let mut report = MxReport::new(envelope);
        let seed = self.seed.fetch_add(1, Ordering::Relaxed);
        for (domain, waiting) in envelope.by_domain() {
            let mut run = Run { envelope, domain, waiting, report: &mut report };
            match self.route(&run.domain, seed).await {
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
        let mut records = self.resolver.mx(domain).await.map_err(of_domain)?;
        let implicit = records.is_empty();
        if implicit {
            records.push(MxRecord::new(0, domain));
        }
        records.sort();
        let mut own = Vec::new();
        for (place, record) in records.iter().enumerate() {
            let look_up = place < self.hosts.max(super::MAX_OWN_LOOKUPS);
            if self.is_own(record.exchange(), look_up).await {
                own.push(record.exchange().to_owned());
            }
        }
        let is_own = |host: &str| own.iter().any(|own| own == host);
        let hosts = exchanges(domain, records, is_own, seed).map_err(MxError::Route)?;
        let names = hosts.iter().take(self.hosts).map(|host| host.exchange().into()).collect();
        Ok(if implicit { Hosts::Implicit(names) } else { Hosts::Named(names) })
    }

    async fn is_own(&self, host: &str, look_up: bool) -> bool {
        if self.own_names.iter().any(|own| own == host) {
            return true;
        }
        if !look_up || self.own_addresses.is_empty() || host.is_empty() {
            return false;
        }
        // One that cannot be looked up is not gone to either.
        let addresses = self.resolver.addresses(host).await.unwrap_or_default();
        addresses.iter().any(|address| self.own_addresses.contains(address))
    }

    async fn try_hosts<C: AsyncBufRead + Unpin>(
        &self,
        run: &mut Run<'_>,
        hosts: Hosts,
        content: &mut impl FnMut() -> C,
    ) {
        let (names, unusable) = match hosts {
            Hosts::Literal(address) if self.own_addresses.contains(&address) => {
                return run.fail(None, &MxError::Route(RouteError::MailLoop));
            }
            Hosts::Literal(address) => {
                let host = address.to_string().into();
                return self.try_host(run, &host, &[address], content).await;
            }
            Hosts::Implicit(names) => (names, None),
            Hosts::Named(names) => (names, Some(RouteError::NoUsableMx)),
        };
        for host in &names {
            if run.waiting.is_empty() {
                return;
            }
            match self.resolver.addresses(host).await.map_err(of_domain) {
                Ok(addresses) if addresses.is_empty() => {
                    run.skip(host, MxError::Route(RouteError::NoAddress));
                }
                Err(error @ MxError::Route(_)) => run.skip(host, error),
                Err(error) => run.fail(Some((host, None)), &error),
                Ok(addresses) => self.try_host(run, host, &addresses, content).await,
            }
        }
        run.give_up(unusable);
    }

    async fn try_host<C: AsyncBufRead + Unpin>(
        &self,
        run: &mut Run<'_>,
        host: &Arc<str>,
        addresses: &[IpAddr],
        content: &mut impl FnMut() -> C,
    ) {
        let Some(security) = self.tls.security(&run.domain, host).await else {
            return run.fail(Some((host, None)), &MxError::Shunned);
        };
        let security = run.at_least_required(security);
        for &address in addresses.iter().take(self.addresses) {
            if run.waiting.is_empty() {
                return;
            }
            match self.session(host, address, security.clone()).await {
                Ok(client) => run.transact(client, host, address, content).await,
                Err(error) => run.fail(Some((host, Some(address))), &MxError::Host(error)),
            }
        }
    }
}

/// Where a domain's mail goes.
enum Hosts {
    Literal(IpAddr),
    /// The domain itself, for there is no MX record.
    Implicit(Vec<Arc<str>>),
    Named(Vec<Arc<str>>),
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
    report: &'a mut MxReport,
}

impl Run<'_> {
    /// Opportunity is not enough for a message that requires TLS (RFC 8689 4.2.1).
    fn at_least_required(&self, mut security: Security) -> Security {
        let lax = matches!(security.policy, TlsPolicy::Opportunistic | TlsPolicy::None);
        if lax && self.envelope.mail().require_tls() {
            security.policy = TlsPolicy::Required;
        }
        security
    }

    /// One session, and in it as many transactions as the host's limits ask for.
    async fn transact<C: AsyncBufRead + Unpin>(
        &mut self,
        mut client: Client<TcpStream>,
        host: &Arc<str>,
        address: IpAddr,
        content: &mut impl FnMut() -> C,
    ) {
        let part = self.envelope.only(&self.waiting);
        let mut delivery = Delivery::new(&part, client.capabilities().limits());
        let sent = client.deliver(&mut delivery, content).await;
        let failure = sent.err().or_else(|| client.failure().cloned());
        let places = core::mem::take(&mut self.waiting);
        for (place, outcome) in places.into_iter().zip(delivery.recipients()) {
            let recipient = &mut self.report.recipients[place];
            let next = match (outcome, &failure) {
                (Some(outcome), Some(error)) if is_for_next_host(outcome.fate) => {
                    recipient.fail(Some(host), &MxError::Host(error.clone()));
                    after(error)
                }
                (Some(outcome), _) => {
                    recipient.answer(host, &outcome);
                    Next::after_outcome(&outcome)
                }
                (None, Some(error)) => {
                    recipient.fail(Some(host), &MxError::Host(error.clone()));
                    after(error)
                }
                (None, None) => Next::Host,
            };
            if next == Next::Host {
                self.waiting.push(place);
            }
        }
        if let (Some(error), false) = (failure, self.waiting.is_empty()) {
            self.note(host, Some(address), MxError::Host(error));
        }
        // The report need not wait for manners.
        tokio::spawn(async move { client.quit().await.ok() });
    }

    fn note(&mut self, host: &Arc<str>, address: Option<IpAddr>, error: MxError) {
        let host = Arc::clone(host);
        self.report.failures.push(HostFailure { host, address, error });
    }

    /// The host has no address: that is said of the domain only if it holds for all of them.
    fn skip(&mut self, host: &Arc<str>, error: MxError) {
        self.note(host, None, error);
    }

    fn fail(&mut self, host: Option<(&Arc<str>, Option<IpAddr>)>, error: &MxError) {
        for &place in &self.waiting {
            self.report.recipients[place].fail(host.map(|(host, _)| host), error);
        }
        if let Some((host, address)) = host {
            self.note(host, address, error.clone());
        }
    }

    /// All hosts were tried. Where no session was, the domain is to blame: for what its own name
    /// lacks, or for records of which none is of use.
    fn give_up(&mut self, unusable: Option<RouteError>) {
        let last = self.report.failures.last().map(|failure| failure.error.clone());
        let error = unusable.map(MxError::Route).or(last);
        let Some(error) = error else { return };
        for &place in &self.waiting {
            let recipient = &mut self.report.recipients[place];
            if recipient.error.is_none() && recipient.host.is_none() {
                recipient.fail(None, &error);
            }
        }
    }
}

/// Whether the host failed before it said anything of the recipient, and the message is not to blame.
const fn is_for_next_host(fate: Fate) -> bool {
    matches!(fate, Fate::NotAttempted(when) if !matches!(when, When::Never))
}

/// Whether the next host is tried after a session that failed so.
fn after(error: &Error) -> Next {
    match error {
        Error::Content(_) | Error::Random(_) => Next::Nothing,
        Error::Refused(refusal) => Next::after_refusal(*refusal),
        _ => error.end().map_or(Next::Host, Next::after_end),
    }
}
