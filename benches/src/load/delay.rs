//! A wire that takes time: octets go through unchanged, in order, at any rate, and a little later.

use core::time::Duration;
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Instant,
};

/// Octets, and when they arrive.
type Parcel = (Instant, Vec<u8>);

/// Stands before `target` until this process ends; says where.
pub(crate) fn before(target: SocketAddr, one_way: Duration) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            connect(&client, target, one_way).ok();
        }
    });
    Ok(address)
}

fn connect(client: &TcpStream, target: SocketAddr, one_way: Duration) -> io::Result<()> {
    let server = TcpStream::connect(target)?;
    for (from, to) in [(client, &server), (&server, client)] {
        let (from, to) = (from.try_clone()?, to.try_clone()?);
        to.set_nodelay(true)?;
        let (sender, receiver) = channel();
        thread::spawn(move || take(from, &sender, one_way));
        thread::spawn(move || deliver(to, &receiver));
    }
    Ok(())
}

fn take(mut from: TcpStream, sender: &Sender<Parcel>, one_way: Duration) {
    let mut space = vec![0; 256 << 10];
    while let Ok(n @ 1..) = from.read(&mut space) {
        if sender.send((Instant::now() + one_way, space[..n].to_vec())).is_err() {
            break;
        }
    }
}

fn deliver(mut to: TcpStream, receiver: &Receiver<Parcel>) {
    for (due, octets) in receiver {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if to.write_all(&octets).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Write).ok();
}
