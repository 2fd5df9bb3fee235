//! Messages in canonical form.

/// Base64 in lines of 76.
#[must_use]
pub fn base64(size: usize) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut random = Random(1);
    let mut octets = Vec::with_capacity(size + 78);
    while octets.len() < size {
        octets.extend((0..76).map(|_| ALPHABET[random.below(64)]));
        octets.extend(b"\r\n");
    }
    octets
}

/// Words in lines of 1 to 77 octets, one in a hundred with a dot first.
#[must_use]
pub fn text(size: usize) -> Vec<u8> {
    const WORDS: &[u8; 24] = b"etaoin shrdlu, cmfwyp. k";
    let mut random = Random(2);
    let mut octets = Vec::with_capacity(size + 80);
    while octets.len() < size {
        octets.push(if random.below(100) == 0 { b'.' } else { b'A' });
        let length = random.below(77);
        octets.extend((0..length).map(|_| WORDS[random.below(WORDS.len())]));
        octets.extend(b"\r\n");
    }
    octets
}

/// The same as it stands in a Unix file.
#[must_use]
pub fn unix(size: usize) -> Vec<u8> {
    let mut octets = text(size);
    octets.retain(|&octet| octet != b'\r');
    octets
}

/// The wire form of a canonical message, naively.
#[must_use]
pub fn wire(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(2 * message.len() + 3);
    for line in message.split_inclusive(|&octet| octet == b'\n') {
        wire.extend(line.first().filter(|&&octet| octet == b'.'));
        wire.extend(line);
    }
    wire.extend(b".\r\n");
    wire
}

/// A congruential generator: the same input in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 40).unwrap_or(0) % bound
    }
}
