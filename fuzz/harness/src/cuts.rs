//! Octets as a transport hands them over.

/// The octets in pieces of these sizes, over and over; whole where there are none.
pub(crate) fn cut<'a>(mut octets: &'a [u8], sizes: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes = Sizes::new(sizes);
    core::iter::from_fn(move || {
        let (piece, rest) = octets.split_at(sizes.next().min(octets.len()));
        octets = rest;
        (!piece.is_empty()).then_some(piece)
    })
}

/// How much is read or written at once: at least an octet, over and over.
#[derive(Clone, Debug)]
pub(crate) struct Sizes<'a>(core::iter::Cycle<core::slice::Iter<'a, u8>>);

impl<'a> Sizes<'a> {
    pub(crate) fn new(sizes: &'a [u8]) -> Self {
        Self(sizes.iter().cycle())
    }

    pub(crate) fn next(&mut self) -> usize {
        self.0.next().map_or(usize::MAX, |&size| usize::from(size).max(1))
    }
}
