//! The storage of a session.

use crate::buffer::Octets;

/// The storage of a server, fixed for its life: boxes, arrays of one size, or slices.
#[derive(Debug)]
pub struct Buffers<B: Octets> {
    /// Commands and content. A command line has to fit whole; larger means fewer reads.
    pub receive: B,
    /// Replies on their way, at least 1,024 octets. Larger means that more replies to a group of
    /// commands leave in one write.
    pub transmit: B,
}

/// Sizes of owned [`Buffers`], in octets.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct BufferSizes {
    /// See [`Buffers::receive`].
    pub receive: usize,
    /// See [`Buffers::transmit`].
    pub transmit: usize,
}

#[cfg(feature = "alloc")]
impl BufferSizes {
    /// The longest AUTH line (12,288), and the replies to a group of some hundred commands.
    pub const DEFAULT: BufferSizes = BufferSizes { receive: 16_384, transmit: 4096 };

    /// Sets the octets for commands and content.
    #[must_use]
    pub const fn with_receive(self, receive: usize) -> Self {
        Self { receive, ..self }
    }

    /// Sets the octets for replies.
    #[must_use]
    pub const fn with_transmit(self, transmit: usize) -> Self {
        Self { transmit, ..self }
    }

    pub(super) fn allocate(self) -> Buffers<alloc::boxed::Box<[u8]>> {
        let zeros = |size| alloc::vec![0; size].into_boxed_slice();
        Buffers { receive: zeros(self.receive), transmit: zeros(self.transmit) }
    }
}

#[cfg(feature = "alloc")]
impl Default for BufferSizes {
    fn default() -> Self {
        Self::DEFAULT
    }
}
