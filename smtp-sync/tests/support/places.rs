//! Addresses where nobody is, or nobody answers, and folders of a test's own. The tests of both adapters use them; none
//! of them is in the way of another run beside this one.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

fn bound() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    let address = socket.local_addr().expect("an address");
    (socket, address.as_socket().expect("an address"))
}

/// An address that refuses connections as long as this is there: the port is taken, and nobody listens. One that was
/// somebody's and is given back could be given to anybody.
pub struct Refusing {
    pub address: SocketAddr,
    _socket: Socket,
}

impl Refusing {
    pub fn new() -> Self {
        let (socket, address) = bound();
        Self { address, _socket: socket }
    }
}

/// A listener that answers nobody: its queue is full.
pub struct FullListener {
    pub address: SocketAddr,
    listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl FullListener {
    /// Takes all that are in the queue, as long as there are any.
    pub fn make_room(&self) {
        self.listener.set_nonblocking(true).expect("a socket");
        while self.listener.accept().is_ok() {}
    }
}

/// Fills the shortest queue that there is.
pub fn full_listener() -> FullListener {
    let (socket, address) = bound();
    socket.listen(1).expect("a listener");
    let soon = Duration::from_millis(200);
    let connect = || TcpStream::connect_timeout(&address, soon).ok();
    let queue = std::iter::from_fn(connect).take(64).collect();
    FullListener { address, listener: socket.into(), _queue: queue }
}

/// A listener whose queue is full; the clients in it are gone, and keep their places.
#[cfg(unix)]
pub fn full_unix_listener(path: &Path) -> std::os::unix::net::UnixListener {
    let address = socket2::SockAddr::unix(path).expect("a path");
    let socket = || Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
    let listener = socket();
    listener.bind(&address).expect("a name that is free");
    listener.listen(1).expect("a listener");
    loop {
        let client = socket();
        client.set_nonblocking(true).expect("a socket");
        match client.connect(&address) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            connected => connected.expect("a place in the queue"),
        }
    }
    std::os::fd::OwnedFd::from(listener).into()
}

/// A folder that is this test's alone, and goes with it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        let parent = std::env::temp_dir();
        let number = (0..1000).find(|number| fs::create_dir(parent.join(name(*number))).is_ok());
        Self(parent.join(name(number.expect("a name that is free"))))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

fn name(number: u32) -> String {
    format!("smtp-test-{}-{number}", std::process::id())
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
