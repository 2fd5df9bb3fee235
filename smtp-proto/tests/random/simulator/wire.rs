//! What content has to look like, from the definitions and octet by octet.

/// Every line ends in CRLF, whatever ended it before (RFC 5321 2.3.8): CR* LF, or a CR that no LF follows.
pub(crate) fn canonical(content: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    let mut rest = content;
    while let Some((&octet, behind)) = rest.split_first() {
        rest = behind;
        match octet {
            b'\r' => {
                let crs = rest.iter().take_while(|&&octet| octet == b'\r').count();
                rest = rest[crs..].strip_prefix(b"\n").unwrap_or(rest);
                lines.extend_from_slice(b"\r\n");
            }
            b'\n' => lines.extend_from_slice(b"\r\n"),
            other => lines.push(other),
        }
    }
    if !lines.is_empty() && !lines.ends_with(b"\n") {
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

/// The same with dots doubled and the end marked (RFC 5321 4.5.2).
pub(crate) fn stuffed(canonical: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in canonical.split_inclusive(|&octet| octet == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
