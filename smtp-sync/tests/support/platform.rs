//! Authorities that a process takes for the platform's, and handshakes counted where they are answered.
//!
//! The tests of both adapters use it.
#![allow(dead_code, unreachable_pub, reason = "not every test uses all of it")]

use std::{
    env,
    fs::{self, OpenOptions},
    io::Write,
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{
    ServerConfig,
    server::{ServerSessionMemoryCache, StoresServerSessions},
};
use smtp_sync::{
    proto::{
        hello::EhloName,
        server::{Config, TlsPolicy},
    },
    server::{Server, ServerBuilder},
};

use super::support::tls;

/// A server whose certificate is for `localhost`, and how many of its handshakes were resumed.
pub fn counting() -> (ServerBuilder, Resumed) {
    let resumed = Resumed::default();
    let sessions = Sessions { kept: ServerSessionMemoryCache::new(64), resumed: resumed.clone() };
    let mut tls = ServerConfig::clone(&tls::server_config());
    tls.session_storage = Arc::new(sessions);
    let config = Config::new(EhloName::LOCALHOST).with_tls(TlsPolicy::Required);
    (Server::builder().with_config(config).with_tls(Arc::new(tls)), resumed)
}

/// How many sessions clients have come back to.
#[derive(Clone, Debug, Default)]
pub struct Resumed(Arc<AtomicUsize>);

impl Resumed {
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn found(&self, session: Option<Vec<u8>>) -> Option<Vec<u8>> {
        self.0.fetch_add(usize::from(session.is_some()), Ordering::SeqCst);
        session
    }
}

/// What the server keeps of sessions.
#[derive(Debug)]
struct Sessions {
    kept: Arc<ServerSessionMemoryCache>,
    resumed: Resumed,
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.kept.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.resumed.found(self.kept.get(key))
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.resumed.found(self.kept.take(key))
    }

    fn can_cache(&self) -> bool {
        self.kept.can_cache()
    }
}

/// What the system reads its authorities from, in a process of its own.
pub struct Anchors(PathBuf);

impl Anchors {
    const VARIABLE: &str = "SSL_CERT_FILE";
    const CHILD: &str = "SMTP_TEST_ANCHORS";

    /// Runs the test of this name once more in another process, where `test` finds a place for anchors that are not there
    /// yet.
    pub fn with(name: &str, test: impl FnOnce(&Anchors)) {
        if let Some(path) = env::var_os(Self::CHILD) {
            return test(&Anchors(path.into()));
        }
        let path = env::temp_dir().join(format!("{name}-{}.pem", std::process::id()));
        let child = Command::new(env::current_exe().expect("a program"))
            .args([name, "--exact", "--nocapture"])
            .env(Self::VARIABLE, &path)
            .env_remove("SSL_CERT_DIR")
            .env(Self::CHILD, &path)
            .output()
            .expect("a process");
        fs::remove_file(&path).ok();
        let said = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{}{said}", String::from_utf8_lossy(&child.stdout));
    }

    /// Puts the test's authority there.
    pub fn write(&self) {
        self.write_pem(tls::authority_pem());
    }

    /// Puts another there.
    pub fn write_pem(&self, pem: &str) {
        fs::write(&self.0, pem).expect("a file");
    }

    /// Makes what can be read once, and only while somebody writes: see [`serve`](Self::serve).
    pub fn make_pipe(&self) {
        let made = Command::new("mkfifo").arg(&self.0).status().expect("a program");
        assert!(made.success());
    }

    /// Waits until somebody reads, then does something, then lets the anchors be read.
    pub fn serve(&self, before: impl FnOnce()) {
        let mut pipe = OpenOptions::new().write(true).open(&self.0).expect("a pipe");
        before();
        pipe.write_all(tls::authority_pem().as_bytes()).expect("a reader");
    }
}
