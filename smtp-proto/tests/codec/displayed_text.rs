//! A peer's text where it is shown: what steers, reorders, hides or cannot be seen appears as its octets.
#![allow(clippy::format_collect, reason = "a test may take time")]

use smtp_proto::{reply::Escaped, transcript::Transcript};

/// `Default_Ignorable_Code_Point` of Unicode 16, the marks of direction and the separators of lines,
/// and what annotates between lines.
const UNSEEN: &[(u32, u32)] = &[
    (0xAD, 0xAD),
    (0x34F, 0x34F),
    (0x61C, 0x61C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0x1_BCA0, 0x1_BCA3),
    (0x1_D173, 0x1_D17A),
    (0xE_0000, 0xE_0FFF),
];

fn in_octets(text: &str) -> String {
    text.bytes().map(|octet| format!("\\x{octet:02x}")).collect()
}

#[test]
fn d06_every_character_that_cannot_be_seen_is_shown_by_its_octets() {
    for character in (0..=0x10_FFFF).filter_map(char::from_u32) {
        let code = u32::from(character);
        let unseen = UNSEEN.iter().any(|&(first, last)| (first..=last).contains(&code));
        let text = character.to_string();
        let expected =
            if unseen || character.is_control() { in_octets(&text) } else { text.clone() };
        assert_eq!(Escaped(text.as_bytes()).to_string(), expected, "U+{code:04X}");
    }
}

#[test]
fn text_around_what_is_escaped_stays() {
    let text = "ok\u{200b}: \u{e0041}\u{e0042}Grüße \u{202e}txt\u{2069} \u{2764}";
    let expected =
        r"ok\xe2\x80\x8b: \xf3\xa0\x81\x81\xf3\xa0\x81\x82Grüße \xe2\x80\xaetxt\xe2\x81\xa9 ❤";
    assert_eq!(Escaped(text.as_bytes()).to_string(), expected);
}

#[test]
fn a_transcript_hides_nothing_either() {
    let (reply, _) = smtp_proto::reply::Reply::parse("250 o\u{2060}k\r\n".as_bytes())
        .expect("a reply")
        .expect("whole");
    assert_eq!(reply.to_string(), r"250 o\xe2\x81\xa0k");
    let mut text = String::new();
    Transcript::new().received(&mut text, reply).expect("a string takes all");
    assert_eq!(text, "S: 250 o\\xe2\\x81\\xa0k\n");
}
