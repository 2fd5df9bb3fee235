//! The server that follows a script: whatever breaks it fails the test.
#![allow(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a test has std")]

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    panic::{AssertUnwindSafe, catch_unwind},
};

use smtp_sync::testing::ScriptedServer;

const SCRIPT: &str = "S: 220 mx\nC: QUIT\nS: 221 bye";

fn start() -> ScriptedServer {
    ScriptedServer::start(SCRIPT).expect("a port")
}

/// Says this and closes.
fn client(server: &ScriptedServer, said: &str) {
    let mut client = TcpStream::connect(("127.0.0.1", server.port())).expect("a listener");
    client.write_all(said.as_bytes()).expect("a connection");
    client.shutdown(Shutdown::Write).ok();
    client.read_to_end(&mut Vec::new()).ok();
}

fn panics(drop: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(drop)).is_err()
}

#[test]
fn a_script_that_is_followed_fails_nothing() {
    let server = start();
    client(&server, "QUIT\r\n");
    assert_eq!(server.finish().expect("an end"), "QUIT\r\n");
    let server = start();
    client(&server, "QUIT\r\n");
    drop(server);
}

#[test]
fn a_script_that_is_not_followed_fails_its_test_with_and_without_finish() {
    for said in ["NOOP\r\n", ""] {
        let server = start();
        client(&server, said);
        server.finish().expect_err("another command");
        let server = start();
        client(&server, said);
        assert!(panics(|| drop(server)), "{said:?}");
    }
}

#[test]
fn a_server_without_a_client_ends_and_fails_its_test() {
    assert!(panics(|| drop(start())));
}

#[test]
fn a_test_that_panics_already_is_not_aborted_by_its_server() {
    let panic = catch_unwind(|| {
        let _server = start();
        std::panic::panic_any("the test's own reason");
    });
    let reason = panic.expect_err("a panic");
    assert_eq!(reason.downcast_ref(), Some(&"the test's own reason"));
}

#[test]
fn nobody_but_this_machine_can_reach_it() {
    let server = start();
    for address in std::fs::read_to_string("/proc/net/tcp").unwrap_or_default().lines().skip(1) {
        let Some(local) = address.split_whitespace().nth(1) else { continue };
        if local.ends_with(&format!(":{:04X}", server.port())) {
            // 127.0.0.1, as the kernel writes it.
            assert!(local.starts_with("0100007F"), "{local}");
        }
    }
    client(&server, "QUIT\r\n");
}
