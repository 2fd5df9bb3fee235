//! All the memory that the session has: one static block, taken once.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, Ordering};

use smtp_proto::{
    client::{self, Slot},
    server,
};

use crate::Pair;

/// Storage that is passed in.
pub type Bytes = &'static mut [u8];

struct Static {
    client: ([u8; 1024], [u8; 1024], [Slot; 16], [u8; 192]),
    server: ([u8; 1024], [u8; 896]),
    pair: Option<Pair>,
}

struct Once {
    taken: AtomicBool,
    block: UnsafeCell<Static>,
}

// SAFETY: `take` hands the block out to one caller only.
unsafe impl Sync for Once {}

static STORAGE: Once = Once {
    taken: AtomicBool::new(false),
    block: UnsafeCell::new(Static {
        client: ([0; 1024], [0; 1024], [Slot::EMPTY; 16], [0; 192]),
        server: ([0; 1024], [0; 896]),
        pair: None,
    }),
};

/// The pair that `make` makes of the block; `None` the second time.
pub fn take(
    make: fn(client::Buffers<Bytes>, server::Buffers<Bytes>) -> Pair,
) -> Option<&'static mut Pair> {
    if STORAGE.taken.swap(true, Ordering::AcqRel) {
        return None;
    }
    // SAFETY: this is the only reference, for `taken` was not set before.
    let Static { client, server, pair } = unsafe { &mut *STORAGE.block.get() };
    let client = client::Buffers {
        receive: &mut client.0[..],
        transmit: &mut client.1[..],
        in_flight: &mut client.2[..],
        capabilities: &mut client.3[..],
        // One bit for each recipient, for LMTP alone.
        recipients: &mut [],
    };
    let server = server::Buffers { receive: &mut server.0[..], transmit: &mut server.1[..] };
    Some(pair.insert(make(client, server)))
}
