//! The stream between client and server.

use tokio::io::{AsyncRead, AsyncWrite};

/// A stream of octets both ways.
pub trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin + ?Sized> Stream for S {}

/// Any stream, as [`Connector::connect`](crate::Connector::connect) makes it.
pub type BoxedStream = Box<dyn Stream + Send>;
