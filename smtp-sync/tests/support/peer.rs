//! A server that follows a script, in a thread of its own.
//!
//! ```text
//! S: text       sends a line
//! S+ text       sends text as it is, with \r and \n written out
//! C: text       the client has to say this line
//! C? prefix     the client has to say a line that starts like this
//! CONTENT       reads up to the lone dot
//! QUIET         nothing comes for a moment
//! TLS           shakes hands
//! CLOSE         closes
//! UNTERMINATED  stays until the client closes, and there is no lone dot until then
//! WAIT          stays until the client closes
//! REST          the same, and what comes until then is heard
//! ```
//!
//! Behind the end of its script the server closes.
//!
//! It knows nothing of the client that it talks to: the tests of both adapters use it.

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use smtp_sync::Envelope;

#[cfg(feature = "tls")]
use super::tls;

pub trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// The server; `join` says what it has heard, and fails where that was not in the script.
pub struct Peer {
    pub port: u16,
    thread: JoinHandle<String>,
}

impl Peer {
    pub fn join(self) -> String {
        match self.thread.join() {
            Ok(heard) => heard,
            Err(reason) => std::panic::resume_unwind(reason),
        }
    }
}

/// Starts a server that follows the script with one client.
pub fn peer(script: &str) -> Peer {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let script = script.to_owned();
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        stream.set_nodelay(true).expect("a socket");
        Play::new(stream).run(&script)
    });
    Peer { port, thread }
}

struct Play {
    /// To set time limits on, whatever stands above it.
    socket: TcpStream,
    stream: Option<Box<dyn Duplex>>,
    ahead: Vec<u8>,
    heard: String,
}

impl Play {
    fn new(stream: TcpStream) -> Self {
        let socket = stream.try_clone().expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        Self { socket, stream: Some(Box::new(stream)), ahead: Vec::new(), heard: String::new() }
    }

    fn run(mut self, script: &str) -> String {
        for step in script.lines().map(str::trim).filter(|step| !step.is_empty()) {
            self.step(step);
        }
        self.heard
    }

    fn step(&mut self, step: &str) {
        match step.split_at(step.len().min(3)) {
            ("S: " | "S:", text) => self.say(&format!("{text}\r\n")),
            ("S+ ", text) => self.say(&text.replace("\\r", "\r").replace("\\n", "\n")),
            ("C: " | "C:", text) => assert_eq!(self.hear(), text, "heard so far: {}", self.heard),
            ("C? ", text) => {
                let line = self.hear();
                assert!(line.starts_with(text), "{line} instead of {text}");
            }
            _ => self.act(step),
        }
    }

    fn act(&mut self, step: &str) {
        match step {
            "CONTENT" => while self.hear() != "." {},
            "QUIET" => self.hear_nothing(),
            "WAIT" => {
                self.stream().read_to_end(&mut Vec::new()).ok();
            }
            "REST" => {
                let mut rest = std::mem::take(&mut self.ahead);
                self.stream().read_to_end(&mut rest).ok();
                self.heard.push_str(&String::from_utf8_lossy(&rest));
            }
            "UNTERMINATED" => {
                let mut rest = std::mem::take(&mut self.ahead);
                self.stream().read_to_end(&mut rest).expect("an end");
                assert!(!rest.windows(3).any(|octets| octets == b"\n.\r"), "a dot");
            }
            "CLOSE" => self.stream = None,
            #[cfg(feature = "tls")]
            "TLS" => {
                let stream = self.stream.take().expect("an open stream");
                self.stream = Some(tls::accept(stream));
            }
            _ => panic!("no such step: {step}"),
        }
    }

    fn stream(&mut self) -> &mut dyn Duplex {
        self.stream.as_mut().expect("an open stream")
    }

    fn say(&mut self, text: &str) {
        // A client that is gone hears nothing.
        self.stream().write_all(text.as_bytes()).ok();
        self.stream().flush().ok();
    }

    fn hear(&mut self) -> String {
        while !self.ahead.contains(&b'\n') {
            let mut octets = [0; 4096];
            let n = self.stream().read(&mut octets).expect("a line");
            assert!(n > 0, "the client closed; heard so far: {}", self.heard);
            self.ahead.extend_from_slice(&octets[..n]);
        }
        let end = self.ahead.iter().position(|&octet| octet == b'\n').expect("a line") + 1;
        let line = String::from_utf8(self.ahead.drain(..end).collect()).expect("UTF-8");
        self.heard.push_str(&line);
        line.strip_suffix("\r\n").expect("CRLF").to_owned()
    }

    fn hear_nothing(&mut self) {
        assert!(self.ahead.is_empty(), "{:?}", String::from_utf8_lossy(&self.ahead));
        self.socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a socket");
        let error = self.stream().read(&mut [0; 1]).expect_err("the client has spoken");
        assert!(matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut));
        self.socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
    }
}

/// From a@example.org to these.
pub fn envelope(recipients: &[&str]) -> Envelope {
    let empty = Envelope::new("a@example.org").expect("an address");
    recipients.iter().fold(empty, |envelope, to| envelope.to(to).expect("an address"))
}

/// Gathers the lines of a transcript.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<String>>);

impl Lines {
    pub fn sink(&self) -> impl FnMut(&str) + Send + 'static {
        let lines = Arc::clone(&self.0);
        move |line| lines.lock().expect("no panic").extend([line, "\n"])
    }

    pub fn text(&self) -> String {
        self.0.lock().expect("no panic").clone()
    }
}

/// Greeting and EHLO of a server with these extensions.
pub fn opening(extensions: &[&str]) -> String {
    let mut lines = vec!["mx.example".to_owned()];
    lines.extend(extensions.iter().map(ToString::to_string));
    let last = lines.pop().unwrap_or_default();
    let more: Vec<_> = lines.iter().map(|line| format!("S: 250-{line}")).collect();
    format!("S: 220 mx.example ready\nC: EHLO client.example\n{}\nS: 250 {last}\n", more.join("\n"))
}
