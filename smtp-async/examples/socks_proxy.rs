//! Through a SOCKS5 proxy: the stream comes from elsewhere, here from the crate `tokio-socks`; TLS and all
//! the rest is as without. HTTP CONNECT, or any other tunnel, goes the same way.
//!
//! ```text
//! cargo run -p smtp-async --example socks_proxy
//! ```

use smtp_async::{
    Connector, Envelope, TlsPolicy,
    server::{Server, Store},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_socks::tcp::Socks5Stream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::new();
    let server = Server::bind(Server::builder(), store.clone()).await?;
    let proxy = TcpListener::bind("127.0.0.1:0").await?;
    let proxy_address = proxy.local_addr()?;
    tokio::spawn(serve_socks(proxy, server.address()));

    let target = ("mx.example.org", 25);
    let stream = Socks5Stream::connect(proxy_address, target).await?;
    // The host's name is what its certificate is verified against; nothing is looked up here.
    let mut client = Connector::new(target.0, target.1)
        .with_tls(TlsPolicy::None)
        .with_transcript(|line| println!("{line}"))
        .over(stream);
    let envelope = Envelope::new("alice@example.org")?.to("bob@example.net")?;
    let outcome = client.send(&envelope, &b"Subject: Hi\r\n\r\nHello Bob.\r\n"[..]).await?;
    client.quit().await?;
    assert!(outcome.is_delivered());
    assert_eq!(store.take().len(), 1);
    Ok(())
}

/// As much of RFC 1928 as the example needs: no authentication, and one way out whatever is asked for.
async fn serve_socks(listener: TcpListener, there: std::net::SocketAddr) -> std::io::Result<()> {
    let (mut client, _) = listener.accept().await?;
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting).await?;
    client.read_exact(&mut vec![0; usize::from(greeting[1])]).await?;
    client.write_all(&[5, 0]).await?;
    let mut request = [0; 5];
    client.read_exact(&mut request).await?;
    let mut name_and_port = vec![0; usize::from(request[4]) + 2];
    client.read_exact(&mut name_and_port).await?;
    println!(
        "-- the proxy is asked for {}",
        String::from_utf8_lossy(&name_and_port[..name_and_port.len() - 2])
    );
    client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    let mut server = TcpStream::connect(there).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
