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

pub const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
pub const MX: u16 = 15;
const TXT: u16 = 16;
pub const AAAA: u16 = 28;

/// No chain of aliases is followed further.
const MOST_ALIASES: usize = 8;

/// What is answered in place of what is known.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fault {
    /// This response code, and nothing else.
    Code(u8),
    Silence,
    /// The header says that the answer is cut short, and holds none.
    Truncated,
    /// No more octets than these.
    Cut(usize),
    /// A record of a type that nobody has asked for.
    OtherType,
    /// A record of the right type that belongs to another name.
    OtherName,
    /// A record of the right type with one octet of data.
    Short,
    /// A record of the right type without data.
    Empty,
    /// No record, but a name server that is to be asked.
    Referral,
}

/// What the server knows. A name it does not know does not exist.
#[derive(Clone, Default)]
pub struct Zone {
    records: HashMap<String, Vec<(u16, Vec<u8>)>>,
    /// Of a name and a type; of all types where none is said.
    faults: HashMap<(String, Option<u16>), Fault>,
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

    pub fn servfail(self, name: &str) -> Self {
        self.fault(name, None, Fault::Code(2))
    }

    pub fn silence(self, name: &str) -> Self {
        self.fault(name, None, Fault::Silence)
    }

    pub fn fault(mut self, name: &str, kind: Option<u16>, fault: Fault) -> Self {
        self.faults.insert((name.to_owned(), kind), fault);
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
        let (name, end) = read_name(question, 12);
        let kind = u16::from_be_bytes([question[end], question[end + 1]]);
        let of = |kind| self.faults.get(&(name.clone(), kind)).copied();
        let mut reply = Reply::new(question, end);
        match of(Some(kind)).or_else(|| of(None)) {
            None => self.look_up(name, kind, &mut reply),
            Some(Fault::Silence) => return None,
            Some(Fault::Code(code)) => reply.code = code,
            Some(Fault::Truncated) => reply.truncated = true,
            Some(Fault::Cut(octets)) => {
                self.look_up(name, kind, &mut reply);
                return Some(reply.octets()[..octets].to_vec());
            }
            Some(Fault::OtherType) => reply.record(&name, TXT, b"\x02Hi"),
            Some(Fault::OtherName) => reply.record("elsewhere.example", kind, &data_of(kind)),
            Some(Fault::Short) => reply.record(&name, kind, &[0]),
            Some(Fault::Empty) => reply.record(&name, kind, &[]),
            Some(Fault::Referral) => {
                reply.record(&name, NS, &wire("ns.example"));
                reply.authorities = core::mem::take(&mut reply.count);
            }
        }
        Some(reply.octets())
    }

    fn look_up(&self, mut name: String, kind: u16, reply: &mut Reply<'_>) {
        for _ in 0..MOST_ALIASES {
            let Some(records) = self.records.get(&name) else {
                reply.code = 3;
                return;
            };
            for (of, data) in records.iter().filter(|(of, _)| *of == kind || *of == CNAME) {
                reply.record(&name, *of, data);
            }
            let alias = records.iter().find(|(of, _)| *of == CNAME && kind != CNAME);
            let Some((_, target)) = alias else { return };
            name = read_name(target, 0).0;
        }
    }
}

/// What a record of this type may hold.
fn data_of(kind: u16) -> Vec<u8> {
    match kind {
        A => vec![127, 0, 0, 1],
        AAAA => vec![0; 16],
        _ => [&[0, 10], &*wire("mx.elsewhere.example")].concat(),
    }
}

/// An answer in the making.
struct Reply<'a> {
    question: &'a [u8],
    /// Where its name ends.
    end: usize,
    code: u8,
    truncated: bool,
    count: u16,
    /// How many of the records are not answers.
    authorities: u16,
    answers: Vec<u8>,
}

impl<'a> Reply<'a> {
    const fn new(question: &'a [u8], end: usize) -> Self {
        let answers = Vec::new();
        Self { question, end, code: 0, truncated: false, count: 0, authorities: 0, answers }
    }

    fn record(&mut self, name: &str, kind: u16, data: &[u8]) {
        let asked = &self.question[12..self.end];
        let data = compressed(data, asked);
        self.answers.extend(compressed(&wire(name), asked));
        self.answers.extend([0, kind as u8, 0, 1, 0, 0, 0, 60]);
        self.answers.extend((data.len() as u16).to_be_bytes());
        self.answers.extend(data);
        self.count += 1;
    }

    fn octets(&self) -> Vec<u8> {
        let mut reply = self.question[..2].to_vec();
        reply.extend([0x81 | if self.truncated { 2 } else { 0 }, 0x80 | self.code, 0, 1]);
        reply.extend(self.count.to_be_bytes());
        reply.extend(self.authorities.to_be_bytes());
        reply.extend([0; 2]);
        reply.extend(&self.question[12..self.end + 4]);
        reply.extend(&self.answers);
        reply
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
