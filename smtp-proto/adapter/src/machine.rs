//! The name of this machine, for EHLO.

use std::{fs, sync::OnceLock};

use smtp_proto::hello::EhloName;

/// Files in which systems keep their host name: Linux, Debian and others, OpenBSD. Without any of them the name is
/// unknown: the standard library has no call that asks the system.
const OWN_NAME: [&str; 3] = ["/proc/sys/kernel/hostname", "/etc/hostname", "/etc/myname"];

/// The file that contains the full host name if the system's own name is a short one.
const HOSTS: &str = "/etc/hosts";

/// Domains that mean nothing elsewhere (RFC 6761, 6762, 8375; `localdomain` by custom).
const LOCAL: [&str; 6] = ["localhost", "localdomain", "local", "internal", "invalid", "home.arpa"];

/// The machine's name, if it is a full one. RFC 5321 4.1.4 wants an address literal of a client that has none.
///
/// Only files are read, once for the process, and the network is not asked: that could take long.
#[must_use]
pub fn name() -> Option<EhloName> {
    static NAME: OnceLock<Option<EhloName>> = OnceLock::new();
    *NAME.get_or_init(|| {
        let own = OWN_NAME.iter().find_map(|file| fs::read_to_string(file).ok())?;
        full_name(own.trim(), &fs::read_to_string(HOSTS).unwrap_or_default())
    })
}

/// The first full name of the host that calls itself `own`: that itself, or one beside it in the table of hosts.
fn full_name(own: &str, hosts: &str) -> Option<EhloName> {
    let lines = hosts.lines().filter_map(|line| line.split('#').next());
    let names = lines.map(|line| line.split_whitespace().skip(1));
    let others = names.filter(|names| names.clone().any(|name| name.eq_ignore_ascii_case(own)));
    let mut names = core::iter::once(own).chain(others.flatten());
    names.find(|name| is_full(name)).and_then(|name| EhloName::parse(name).ok())
}

/// Returns whether other hosts can know this host by the name.
fn is_full(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    let name = name.to_ascii_lowercase();
    let is_below =
        |domain: &&str| name.strip_suffix(*domain).is_some_and(|host| host.ends_with('.'));
    // An address is no name.
    last.bytes().any(|octet| octet.is_ascii_alphabetic()) && !LOCAL.iter().any(is_below)
}

#[cfg(test)]
mod tests {
    use super::{EhloName, full_name};

    #[test]
    fn a_machine_has_a_name_if_it_is_a_full_one() {
        const HOSTS: &str = "127.0.0.1 localhost localhost.localdomain\n\
             127.0.1.1\tmx.example.org mx # mx.example.com\n\
             ::1 localhost box.local box\n\
             10.0.0.1 10.0.0.1 numbers\n";
        for (own, full) in [
            ("mail.example.net", Some("mail.example.net")),
            ("mx", Some("mx.example.org")),
            ("MX", Some("mx.example.org")),
            ("unlisted", None),
            ("localhost", None),
            ("box", None),
            ("box.local", None),
            ("box.Internal", None),
            ("a.home.arpa", None),
            ("notlocal.example", Some("notlocal.example")),
            ("numbers", None),
            ("192.0.2.1", None),
            ("not a name.example", None),
            ("", None),
        ] {
            let name = full_name(own, HOSTS);
            assert_eq!(name.as_ref().map(EhloName::as_str), full, "{own}");
        }
    }
}
