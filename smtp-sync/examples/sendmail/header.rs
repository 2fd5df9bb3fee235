//! Recipients that stand in the header of a message.

use mail_parser::{Header, HeaderName, MessageParser};

/// The addresses in these fields, in their order.
pub(crate) fn addresses(message: &[u8], fields: &[HeaderName<'_>]) -> Vec<String> {
    headers(message)
        .iter()
        .filter(|header| fields.contains(&header.name))
        .filter_map(|header| header.value.as_address())
        .flat_map(|addresses| addresses.iter())
        .filter_map(|address| address.address().map(str::to_owned))
        .collect()
}

/// The message without its Bcc fields.
pub(crate) fn without_bcc(message: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(message.len());
    let mut done = 0;
    for header in headers(message).iter().filter(|header| header.name == HeaderName::Bcc) {
        let (start, end) = (header.offset_field as usize, header.offset_end as usize);
        kept.extend_from_slice(&message[done..start]);
        done = end;
    }
    kept.extend_from_slice(&message[done..]);
    kept
}

fn headers(message: &[u8]) -> Vec<Header<'_>> {
    let parsed = MessageParser::new().with_address_headers().parse_headers(message);
    parsed.map(|mut message| core::mem::take(&mut message.parts[0].headers)).unwrap_or_default()
}
