//! The ways in which ours send: by default, ahead of verdicts, by BDAT in flight, and with buffers for large messages.

use smtp_proto::client::{BufferSizes, Chunking, Config};

/// One of them, for either adapter.
pub(super) struct Way {
    /// Hands all messages over at once.
    pub(super) batch: bool,
    pub(super) sizes: BufferSizes,
    pub(super) configure: fn(Config) -> Config,
}

pub(super) const BY_DEFAULT: Way =
    Way { batch: false, sizes: BufferSizes::LARGE, configure: |config| config };

pub(super) const AHEAD: Way =
    Way { batch: true, configure: |config| config.with_run_ahead(true), ..BY_DEFAULT };

/// Content by BDAT, with everything that may be in flight.
pub(super) const CHUNKS: Way =
    Way { batch: true, configure: |config| config.with_chunking(Chunking::InFlight), ..BY_DEFAULT };

/// A thousand recipients, or a socket buffer of content, in one write.
pub(super) const LARGE: Way = Way {
    sizes: BufferSizes::LARGE.with_in_flight(2048).with_transmit(256 << 10).with_receive(64 << 10),
    ..BY_DEFAULT
};

pub(super) const LARGE_CHUNKS: Way = Way { sizes: LARGE.sizes, ..CHUNKS };
