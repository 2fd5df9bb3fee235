//! Clients that never fall silent, and never come to an end.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// The limit of a server for a command.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// The pause between two octets, or two commands.
const PAUSE: Duration = Duration::from_millis(30);

/// Far more than go within the server's patience.
const MANY: usize = 600;

/// Sends `said` at once, then `octets` one by one, over and over; returns whether the server has given up.
pub fn is_given_up(address: SocketAddr, said: &str, octets: &[u8]) -> bool {
    let mut stream = TcpStream::connect(address).expect("a listener");
    stream.write_all(said.as_bytes()).expect("a connection");
    trickle(&mut stream, octets)
}

/// Sends octets one by one, over and over, as in a handshake or below TLS; returns whether the server has given up.
pub fn trickle(stream: &mut TcpStream, octets: &[u8]) -> bool {
    octets.iter().cycle().take(MANY).any(|octet| {
        thread::sleep(PAUSE);
        stream.write_all(&[*octet]).is_err()
    })
}

/// Asks something again and again, and reads the replies; whether the server has had enough of it.
pub fn is_session_ended(address: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(address).expect("a listener");
    let mut space = [0; 1024];
    (0..MANY).any(|_| {
        thread::sleep(PAUSE);
        stream.write_all(b"NOOP\r\n").is_err() || !matches!(stream.read(&mut space), Ok(1..))
    })
}

/// Says this again and again, as fast as that goes or with a pause each time, whatever comes back; whether the server has had
/// enough of it, within more time than any of them has.
pub fn is_flood_ended(address: SocketAddr, said: &[u8], pause: Duration) -> bool {
    let mut stream = TcpStream::connect(address).expect("a listener");
    let mut replies = stream.try_clone().expect("a socket");
    let reader = thread::spawn(move || std::io::copy(&mut replies, &mut std::io::sink()).ok());
    let limit = Instant::now() + 60 * PATIENCE;
    let mut ended = false;
    while !ended && Instant::now() < limit {
        thread::sleep(pause);
        ended = stream.write_all(said).is_err();
    }
    stream.shutdown(Shutdown::Both).ok();
    reader.join().ok();
    ended
}

/// Commands that clients send before they slow down, and the octets that follow, without TLS.
pub const CLEAR: [(&str, &[u8]); 5] = [
    ("", b"N"),
    ("EHLO c.example\r\n", b"MAIL FROM:<x"),
    ("EHLO c.example\r\nAUTH LOGIN\r\n", b"Y"),
    ("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@x>\r\nDATA\r\n", b"x\r\n"),
    ("EHLO c.example\r\nMAIL FROM:<>\r\nRCPT TO:<b@x>\r\nBDAT 100000\r\n", b"x"),
];

/// The start of a record of a handshake that never becomes whole.
pub const HANDSHAKE: [u8; 7] = [22, 3, 1, 64, 0, 1, 0];
/// The start of a record behind the handshake that never becomes whole.
pub const RECORD: [u8; 5] = [23, 3, 3, 64, 0];
