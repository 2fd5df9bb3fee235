//! A server that answers whole groups at once and throws everything away.
//!
//! One blocking thread for each connection: a read and a write for each group of the client's, and no event
//! loop between them.

mod session;

use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::Mutex,
    thread,
};

use self::session::Session;
use super::{Failure, job::Totals};

/// Room for what is read at once; a client's large content comes in pieces of a socket buffer.
const READ: usize = 256 << 10;

static TOTALS: Mutex<Totals> = Mutex::new(Totals { messages: 0, recipients: 0, octets: 0 });

/// Says its address, serves until its input ends, then says what it got.
pub(crate) fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    thread::spawn(move || accept(&listener));
    io::stdin().read_to_end(&mut Vec::new())?;
    let Totals { messages, recipients, octets } = totals();
    println!("{messages} {recipients} {octets}");
    Ok(())
}

fn totals() -> Totals {
    *TOTALS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn accept(listener: &TcpListener) {
    for stream in listener.incoming().map_while(Result::ok) {
        thread::spawn(move || serve(stream).ok());
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink.example ESMTP\r\n")?;
    let mut session = Session::new();
    let (mut buffer, mut filled) = (vec![0; READ], 0);
    while !session.has_ended() {
        let n = stream.read(&mut buffer[filled..])?;
        if n == 0 {
            break;
        }
        filled += n;
        let taken = session.take(&buffer[..filled]);
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
        answer(&mut stream, &mut session)?;
    }
    Ok(())
}

/// Counts before it answers: once a client has its answer, the totals hold its message.
fn answer(stream: &mut TcpStream, session: &mut Session) -> io::Result<()> {
    let counted = session.take_totals();
    if counted != Totals::default() {
        *TOTALS.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += counted;
    }
    if !session.replies().is_empty() {
        stream.write_all(session.replies())?;
        session.forget_replies();
    }
    Ok(())
}
