//! `--mx`: each message to the hosts that the DNS names.

use core::future::{Future, ready};
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    net::SocketAddr,
};

use smtp_async::mx::{
    HostTls, MxDelivery, Security, TokioResolver,
    hickory_resolver::{
        config::{NameServerConfig, ResolverConfig},
        name_server::TokioConnectionProvider,
        proto::xfer::Protocol,
    },
};
use smtp_sync::{
    AsEnvelope, OwnedRecipient, TlsPolicy,
    proto::{client::Config, command::Recipient, envelope, hello::EhloName, parameter::Parameter},
};

use crate::{
    args::Args,
    message::{Envelope, Message},
    output,
    report::Report,
};

/// An error is one before anything was sent.
pub(crate) fn run(
    args: &Args,
    messages: &[Message],
    envelopes: &[Envelope<'_>],
    report: &mut Report,
) -> Result<(), String> {
    let envelopes = envelopes.iter().map(owned).collect::<Result<Vec<_>, _>>()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let delivery = delivery(args)?;
        for (index, (message, envelope)) in messages.iter().zip(&envelopes).enumerate() {
            let told = delivery.deliver(envelope, || message.content.as_slice()).await;
            report.delivered(&format!("send:{index}"), &told);
        }
        Ok(())
    })
}

fn delivery(args: &Args) -> Result<MxDelivery<TokioResolver, Fixed>, String> {
    let resolver = match args.dns {
        Some(server) => asking(server),
        None => TokioResolver::builder_tokio().map_err(|error| format!("dns: {error}"))?.build(),
    };
    let mut security = Security::new(args.tls_policy().unwrap_or(TlsPolicy::Opportunistic));
    security.config = args.trust()?;
    let name = args.hello_name()?.unwrap_or(EhloName::LOCALHOST);
    let (config, verbose) = (args.config(Config::new(name)), args.verbose);
    let mut delivery = MxDelivery::new(resolver, name)
        .with_port(args.mx_port)
        .with_loopback_hosts(args.allow_loopback)
        .with_seed(RandomState::new().build_hasher().finish())
        .with_tls(Fixed(security))
        .configure(move |connector| connector.configure(|_| config));
    if let Some(timeouts) = args.timeouts()? {
        let limit = timeouts.command;
        delivery = delivery.with_timeouts(timeouts);
        delivery = delivery.with_lookup_limit(limit).with_connect_limit(limit);
    }
    if verbose {
        delivery = delivery.configure(|connector| connector.with_transcript(output::line));
    }
    Ok(delivery)
}

fn asking(server: SocketAddr) -> TokioResolver {
    let mut config = ResolverConfig::new();
    for protocol in [Protocol::Udp, Protocol::Tcp] {
        config.add_name_server(NameServerConfig::new(server, protocol));
    }
    TokioResolver::builder_with_config(config, TokioConnectionProvider::default()).build()
}

/// The same for every host.
struct Fixed(Security);

impl HostTls for Fixed {
    fn security(&self, _: &str, _: &str) -> impl Future<Output = Option<Security>> + Send {
        ready(Some(self.0.clone()))
    }
}

/// The same envelope with addresses of its own, so that it can be taken apart by domain.
fn owned(envelope: &Envelope<'_>) -> Result<envelope::Envelope, String> {
    let mail = envelope.mail();
    known(mail.extra())?;
    let mut owned = envelope::Envelope::new(mail.from().as_str())
        .map_err(|error| error.to_string())?
        .with_size(mail.size());
    owned = and(owned, mail.body(), envelope::Envelope::with_body);
    owned = and(owned, mail.ret(), envelope::Envelope::with_ret);
    owned = and(owned, mail.envid(), envelope::Envelope::with_envid);
    owned = and(owned, mail.auth(), envelope::Envelope::with_auth);
    owned = and(owned, mail.deliver_by(), envelope::Envelope::with_deliver_by);
    owned = and(owned, mail.priority(), envelope::Envelope::with_priority);
    owned = and(owned, mail.hold(), envelope::Envelope::with_hold);
    if mail.smtp_utf8() {
        owned = owned.with_smtp_utf8();
    }
    if mail.require_tls() {
        owned = owned.with_require_tls();
    }
    for recipient in (0..).map_while(|index| envelope.recipient(index)) {
        owned.push_recipient(owned_recipient(&recipient)?);
    }
    Ok(owned)
}

fn owned_recipient(recipient: &Recipient<'_>) -> Result<OwnedRecipient, String> {
    known(recipient.extra())?;
    let address = recipient.address();
    let owned = OwnedRecipient::new(address.as_str()).map_err(|error| error.to_string())?;
    let owned = and(owned, recipient.notify(), OwnedRecipient::with_notify);
    let owned = and(owned, recipient.orcpt(), OwnedRecipient::with_orcpt);
    Ok(and(owned, recipient.valid_since(), OwnedRecipient::with_valid_since))
}

/// What is there is set.
fn and<T, V>(owned: T, value: Option<V>, set: impl Fn(T, V) -> T) -> T {
    match value {
        Some(value) => set(owned, value),
        None => owned,
    }
}

fn known(extra: &[Parameter<'_>]) -> Result<(), String> {
    match extra {
        [] => Ok(()),
        _ => Err("--mx: params that the library does not know are not for many hosts".to_owned()),
    }
}
