//! A DNS server of a few lines: it answers from a table, over UDP on loopback.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr, UdpSocket},
    thread,
    time::Duration,
};

use smtp_async::mx::{
    TokioResolver,
    hickory_resolver::{
        Name,
        config::{NameServerConfig, ResolverConfig},
        name_server::TokioConnectionProvider,
        proto::xfer::Protocol,
    },
};

const A: u16 = 1;
const CNAME: u16 = 5;
const MX: u16 = 15;
const AAAA: u16 = 28;

/// What is answered, whatever is asked of a name.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    ServFail,
    Silence,
}

/// What the server knows. A name it does not know does not exist.
#[derive(Clone, Default)]
pub struct Zone {
    records: HashMap<String, Vec<(u16, Vec<u8>)>>,
    faults: HashMap<String, Fault>,
}

impl Zone {
    pub fn new() -> Self {
        Self::default()
    }

    /// A name that exists; without records unless some are added.
    pub fn name(mut self, name: &str) -> Self {
        self.records.entry(name.to_owned()).or_default();
        self
    }

    pub fn mx(self, name: &str, preference: u16, exchange: &str) -> Self {
        let data = [&preference.to_be_bytes()[..], &wire(exchange)].concat();
        self.record(name, MX, data)
    }

    pub fn address(self, name: &str, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => self.record(name, A, address.octets().to_vec()),
            IpAddr::V6(address) => self.record(name, AAAA, address.octets().to_vec()),
        }
    }

    pub fn cname(self, name: &str, target: &str) -> Self {
        self.record(name, CNAME, wire(target))
    }

    pub fn servfail(mut self, name: &str) -> Self {
        self.faults.insert(name.to_owned(), Fault::ServFail);
        self
    }

    pub fn silence(mut self, name: &str) -> Self {
        self.faults.insert(name.to_owned(), Fault::Silence);
        self
    }

    fn record(mut self, name: &str, kind: u16, data: Vec<u8>) -> Self {
        self.records.entry(name.to_owned()).or_default().push((kind, data));
        self
    }

    /// A resolver that asks a server that knows this.
    pub fn resolver(self) -> TokioResolver {
        self.resolver_with_patience(Duration::from_secs(20))
    }

    pub fn resolver_with_patience(self, patience: Duration) -> TokioResolver {
        let mut config = ResolverConfig::new();
        // What a system's resolver may have, and mail must not use.
        config.add_search(Name::from_ascii("search.example").expect("a name"));
        config.add_name_server(NameServerConfig::new(self.serve(), Protocol::Udp));
        let provider = TokioConnectionProvider::default();
        let mut builder = TokioResolver::builder_with_config(config, provider);
        builder.options_mut().timeout = patience;
        builder.options_mut().attempts = 1;
        // Forty records need more than 512 octets.
        builder.options_mut().edns0 = true;
        builder.build()
    }

    /// Answers for as long as the tests run.
    pub fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        thread::spawn(move || {
            let mut question = [0; 1024];
            while let Ok((length, peer)) = socket.recv_from(&mut question) {
                if let Some(answer) = self.answer(&question[..length]) {
                    socket.send_to(&answer, peer).ok();
                }
            }
        });
        address
    }

    fn answer(&self, question: &[u8]) -> Option<Vec<u8>> {
        let (mut name, end) = read_name(question, 12);
        let kind = u16::from_be_bytes([question[end], question[end + 1]]);
        let fault = self.faults.get(&name);
        if fault == Some(&Fault::Silence) {
            return None;
        }
        let asked = wire(&name);
        let (mut count, mut answers) = (0_u16, Vec::new());
        let mut found = self.records.get(&name);
        while let (Some(records), None) = (found, fault) {
            let alias = records.iter().find(|(of, _)| *of == CNAME && kind != CNAME);
            for (of, data) in records.iter().filter(|(of, _)| *of == kind || *of == CNAME) {
                let data = compressed(data, &asked);
                answers.extend(compressed(&wire(&name), &asked));
                answers.extend([0, *of as u8, 0, 1, 0, 0, 0, 60]);
                answers.extend((data.len() as u16).to_be_bytes());
                answers.extend(data);
                count += 1;
            }
            let Some((_, target)) = alias else { break };
            name = read_name(target, 0).0;
            found = self.records.get(&name);
        }
        let code = match (fault, found) {
            (Some(_), _) => 2,
            (None, None) => 3,
            (None, Some(_)) => 0,
        };
        let mut reply = question[..2].to_vec();
        reply.extend([0x81, 0x80 | code, 0, 1]);
        reply.extend(count.to_be_bytes());
        reply.extend([0; 4]);
        reply.extend(&question[12..end + 4]);
        reply.extend(answers);
        Some(reply)
    }
}

fn wire(name: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        octets.push(label.len() as u8);
        octets.extend(label.as_bytes());
    }
    octets.push(0);
    octets
}

/// With a pointer to the question in the place of its name (RFC 1035 4.1.4).
fn compressed(octets: &[u8], asked: &[u8]) -> Vec<u8> {
    match octets.strip_suffix(asked) {
        Some(before) => [before, &[0xC0, 12]].concat(),
        None => octets.to_owned(),
    }
}

/// The name in lower case, and where it ends.
fn read_name(octets: &[u8], mut at: usize) -> (String, usize) {
    let mut labels = Vec::new();
    while octets[at] > 0 {
        let end = at + 1 + usize::from(octets[at]);
        labels.push(String::from_utf8_lossy(&octets[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}
