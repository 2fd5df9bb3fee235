//! Starts and ends the servers by the scripts beside this file, whose README.md says what they have.
#![allow(unreachable_pub, reason = "a module of a test")]

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use smtp_sync::{Connector, Timeouts, TlsConfig, TlsPolicy};

/// No test waits longer for anything; far beyond what anything takes.
const LIMIT: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Postfix,
    Aiosmtpd,
    Dovecot,
    Sink,
}

impl Kind {
    /// Those that take mail for users by SMTP.
    pub const ALL: [Kind; 2] = [Kind::Postfix, Kind::Aiosmtpd];

    const fn name(self) -> &'static str {
        match self {
            Kind::Postfix => "postfix",
            Kind::Aiosmtpd => "aiosmtpd",
            Kind::Dovecot => "dovecot",
            Kind::Sink => "sink",
        }
    }

    /// What it stores at the end of a line.
    pub const fn newline(self) -> &'static str {
        match self {
            Kind::Aiosmtpd => "\r\n",
            Kind::Postfix | Kind::Dovecot | Kind::Sink => "\n",
        }
    }

    /// The server that all tests share; it ends with this process. None where it is not installed,
    /// which is said, and which is a failure where the variable CI is set.
    pub fn shared(self) -> Option<&'static Server> {
        static SHARED: [OnceLock<Server>; 4] = [const { OnceLock::new() }; 4];
        let shared = &SHARED[self as usize];
        let ready = shared.get().is_some() || self.is_available();
        ready.then(|| shared.get_or_init(|| Server::start(self, &[])))
    }

    /// A server of its own for one test; otherwise as [`shared`](Self::shared).
    pub fn start(self) -> Option<Server> {
        self.start_with(&[])
    }

    /// The same, with options for its script.
    pub fn start_with(self, options: &[&str]) -> Option<Server> {
        self.is_available().then(|| Server::start(self, options))
    }

    fn is_available(self) -> bool {
        let available = Command::new(script("available.sh")).arg(self.name()).output();
        let available = available.expect("a shell");
        let missing = String::from_utf8_lossy(&available.stdout);
        let missing = missing.trim();
        assert!(available.status.success() || env::var_os("CI").is_none(), "in CI: {missing}");
        if !available.status.success() {
            let test = thread::current().name().unwrap_or_default().to_owned();
            // Not `eprintln`, whose output the test runner keeps back.
            writeln!(io::stderr(), "SKIPPED: {test}: {missing}").ok();
        }
        available.status.success()
    }
}

fn script(name: &str) -> PathBuf {
    // From the tests of either adapter.
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../smtp-sync/tests/live").join(name)
}

/// A server that runs, and what it stores. It ends, and its directory goes, when this is dropped.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    process: Process,
    ready: Value,
    tls: Option<TlsConfig>,
    /// Its own also while it is stopped.
    _ports: Ports,
}

impl Server {
    fn start(kind: Kind, options: &[&str]) -> Self {
        let ports = Ports::reserve();
        let (process, ready) = Process::start(kind, ports.first, options);
        let tls = ready["ca"].as_str().map(|authority| {
            let authority = fs::read(authority).expect("an authority");
            TlsConfig::with_pem_anchors(&authority).expect("an anchor")
        });
        Self { kind, process, ready, tls, _ports: ports }
    }

    /// Ends the server, in the middle of whatever it does. What it has stored stays.
    pub fn stop(&mut self) {
        self.process.stop();
    }

    /// Starts it once more, on the same ports.
    pub fn start_again(&mut self) {
        assert!(Kind::ALL.contains(&self.kind), "{:?} cannot be started again", self.kind);
        let directory = self.process.directory.clone();
        let (process, ready) = Process::start_in(directory, self.kind, self.port("plain"), &[]);
        self.process = process;
        assert_eq!(ready["ports"], self.ready["ports"]);
    }

    /// What the server said of itself when it was ready.
    pub fn said(&self, name: &str) -> &str {
        self.ready[name].as_str().expect("what the server says")
    }

    /// Where all its state is.
    pub fn directory(&self) -> &Path {
        &self.process.directory
    }

    pub fn trust(&self) -> TlsConfig {
        self.tls.clone().expect("a server with TLS")
    }

    pub fn port(&self, name: &str) -> u16 {
        let port = self.ready["ports"][name].as_u64().expect("a port that the server has");
        port.try_into().expect("a port")
    }

    /// TLS by STARTTLS, but from the start on `smtps`, trusting the server's authority alone;
    /// in the clear where the server has no TLS.
    pub fn connector(&self, port: &str) -> Connector {
        let implicit = port == "smtps";
        let connector =
            Connector::new("127.0.0.1", self.port(port)).with_timeouts(Timeouts::uniform(LIMIT));
        match &self.tls {
            None => connector.with_tls(TlsPolicy::None),
            Some(tls) => connector
                .with_tls(if implicit { TlsPolicy::Implicit } else { TlsPolicy::Required })
                .with_tls_config(tls.clone()),
        }
    }

    /// What `user` has got, once all that was accepted is delivered.
    pub fn stored(&self, user: &str) -> Vec<Vec<u8>> {
        match self.kind {
            Kind::Postfix | Kind::Dovecot => self.maildir(user),
            Kind::Sink => self.texts("mail", "").collect(),
            Kind::Aiosmtpd => {
                self.envelopes(user).into_iter().map(|(_, content)| content).collect()
            }
        }
    }

    fn maildir(&self, user: &str) -> Vec<Vec<u8>> {
        let start = Instant::now();
        // In the order in which a message wanders.
        while ["incoming", "active"].iter().any(|queue| !self.list("queue", queue).is_empty()) {
            assert!(start.elapsed() < LIMIT, "Postfix does not deliver");
            thread::sleep(Duration::from_millis(10));
        }
        let folder = if user.is_ascii() { user } else { "utf8" };
        self.texts("mail", &format!("{folder}/new")).collect()
    }

    /// What the files of a folder hold. One that is gone since it was listed is none: a server takes back what did not
    /// come whole.
    pub fn texts(&self, place: &str, folder: &str) -> impl Iterator<Item = Vec<u8>> + use<> {
        let read = |file| match fs::read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            text => Some(text.expect("a message")),
        };
        self.list(place, folder).into_iter().filter_map(read)
    }

    /// aiosmtpd's records of what `user` has got, each with the content, in the order of arrival.
    pub fn envelopes(&self, user: &str) -> Vec<(Value, Vec<u8>)> {
        let address = Value::from(format!("{user}@lab.test"));
        let records = self
            .list("mail", "")
            .into_iter()
            .filter(|file| file.extension().is_some_and(|extension| extension == "json"));
        records
            .map(|file| (json(&file), file.with_extension("eml")))
            .filter(|(record, _)| {
                record["rcpt_tos"].as_array().is_some_and(|to| to.contains(&address))
            })
            .map(|(record, content)| (record, fs::read(content).expect("a message")))
            .collect()
    }

    /// The files of a folder, sorted; none where there is no such folder.
    fn list(&self, place: &str, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.directory().join(place).join(folder));
        let mut files: Vec<_> =
            entries.into_iter().flatten().map(|entry| entry.expect("an entry").path()).collect();
        files.sort();
        files
    }
}

/// Ports that no run beside this one gets, until this is dropped or the process ends.
#[derive(Debug)]
struct Ports {
    first: u16,
    /// Its standard input is open until then.
    keeper: Child,
}

impl Ports {
    fn reserve() -> Self {
        let mut keeper = Command::new(script("ports.sh"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let stdout = keeper.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("text");
        Self { first: line.trim().parse().expect("a port"), keeper }
    }
}

impl Drop for Ports {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}

/// The script that runs, and the directory it was given.
#[derive(Debug)]
struct Process {
    child: Child,
    directory: PathBuf,
}

/// In the directory of a server that is to be started again.
const STOPPED: &str = "stopped";

/// Runs the script `$0` with its options until its input ends, and removes its directory, `$1`, unless
/// it is still needed. A daemon that is just ending may still write its log.
const RUN_AND_CLEAN: &str = r#"
    trap : INT TERM HUP
    directory=$1
    "$0" "$@"
    [ -e "$directory/stopped" ] || for try in 1 2 3 4 5 6 7 8; do rm -rf "$directory" && break; sleep 0.1; done"#;

impl Process {
    /// Starts the script; the line that it says when the server answers.
    fn start(kind: Kind, port: u16, options: &[&str]) -> (Self, Value) {
        let name = |number| format!("smtp-live-{}-{number}", std::process::id());
        let mut names = (0..1000).map(|number| env::temp_dir().join(name(number)));
        // What another run has left behind is not this one's.
        let directory = names.find(|directory| fs::create_dir(directory).is_ok());
        Self::start_in(directory.expect("a name that is free"), kind, port, options)
    }

    fn start_in(directory: PathBuf, kind: Kind, port: u16, options: &[&str]) -> (Self, Value) {
        fs::remove_file(directory.join(STOPPED)).ok();
        let child = Command::new("sh")
            .args(["-c", RUN_AND_CLEAN])
            .arg(script(&format!("{}.sh", kind.name())))
            .arg(&directory)
            .arg(port.to_string())
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        // From here on it is ended also when something panics.
        let mut process = Self { child, directory };
        let mut line = String::new();
        let stdout = process.child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("text");
        (process, serde_json::from_str(&line).expect("a server that says its ports"))
    }

    /// Ends the script and keeps its directory.
    fn stop(&mut self) {
        fs::write(self.directory.join(STOPPED), []).expect("a directory");
        self.end();
    }

    /// The end of its input ends the server.
    fn end(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}

impl Drop for Process {
    /// In a static this is never called; the end of the process, however it comes, does the same.
    fn drop(&mut self) {
        self.end();
        // Of a server that was stopped and not started again.
        if self.directory.join(STOPPED).exists() {
            fs::remove_dir_all(&self.directory).ok();
        }
    }
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).expect("a record")).expect("JSON")
}
