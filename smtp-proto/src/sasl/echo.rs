//! Finds credentials that a server repeats in its replies, and hides them (requirements C81).
//!
//! Some servers and filtering proxies reply `500 5.5.1 unrecognised: AUTH PLAIN <the sent text>`. Of a secret that
//! was sent in base64, these parts are found:
//! * [`RUN`] characters or more of it in base64 at any offset, with the word around them;
//! * the same in hexadecimal, from [`CODED`] octets on;
//! * [`RUN`] octets or more of its last field in plain (the password of `PLAIN`, a token), or the whole field as a
//!   word, from [`WORD`] octets on. The fields before it hold names;
//! * a whole last field of fewer than [`CODED`] octets, in base64, and from [`WORD`] octets on in hexadecimal.
//!
//! Shorter parts and other encodings are not found. The work is at most the product of the length of the secret and
//! the length of the text, which is the kept part of a reply and so bounded.

use core::ops::Range;

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memmem;

use crate::hex;

/// The number of common characters that cannot be chance.
const RUN: usize = 8;
/// The number of octets that [`RUN`] characters of base64 encode.
const CODED: usize = RUN / 4 * 3;
/// The length in octets of the shortest field that is searched for.
const WORD: usize = 4;

/// Overwrites with `*` everything in `text` that repeats a part of `secret`.
pub(crate) fn hide(text: &mut [u8], secret: &[u8]) {
    let field = last_field(secret);
    let mut start = 0;
    while let Some(run) = find_run(text, start, field) {
        text[run.clone()].fill(b'*');
        start = run.end;
    }
    for word in text.split_mut(|&octet| !is_code(octet)) {
        if is_coded(word, secret, field) {
            word.fill(b'*');
        }
    }
}

/// Returns whether `text` repeats a part of `secret`.
pub(crate) fn repeats(text: &[u8], secret: &[u8]) -> bool {
    let field = last_field(secret);
    find_run(text, 0, field).is_some()
        || text.split(|&octet| !is_code(octet)).any(|word| is_coded(word, secret, field))
}

/// The last field of a response: the password of `PLAIN`, which follows a NUL, or a token, between `auth=Bearer ` and
/// two ^A. A password can contain every other control character.
fn last_field(secret: &[u8]) -> &[u8] {
    let mut fields = secret.rsplit(|&octet| octet == 0);
    let field = fields.find(|field| !field.is_empty()).unwrap_or_default();
    let Some(pairs) = field.strip_suffix(b"\x01\x01") else { return field };
    let pair = pairs.rsplit(|&octet| octet == 1).next().unwrap_or_default();
    pair.strip_prefix(b"auth=Bearer ").unwrap_or(pair)
}

/// Finds the first place, from `start` on, that repeats the field or at least [`RUN`] octets of it.
fn find_run(text: &[u8], start: usize, field: &[u8]) -> Option<Range<usize>> {
    if field.len() < RUN {
        return find_word(text, start, field);
    }
    (start..text.len()).find_map(|at| {
        let found = memmem::find(field, text.get(at..at + RUN)?)?;
        let same = |(a, b): &(&u8, &u8)| a == b;
        Some(at..at + text[at..].iter().zip(&field[found..]).take_while(same).count())
    })
}

fn find_word(text: &[u8], start: usize, word: &[u8]) -> Option<Range<usize>> {
    if word.len() < WORD {
        return None;
    }
    let is_end = |octet: Option<&u8>| octet.is_none_or(|octet| !octet.is_ascii_alphanumeric());
    let found =
        memmem::find_iter(&text[start..], word).map(|at| start + at..start + at + word.len());
    let mut whole =
        found.filter(|found| is_end(text[..found.start].last()) && is_end(text.get(found.end)));
    whole.next()
}

/// Returns whether an octet is in the alphabet of base64, which includes that of hexadecimal.
const fn is_code(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/' | b'=')
}

/// Returns whether the word encodes a part of the secret, or a whole short secret or last field, in base64 or
/// hexadecimal.
fn is_coded(word: &[u8], secret: &[u8], field: &[u8]) -> bool {
    if is_short(word, field) || is_short(word, secret) {
        return true;
    }
    let is_part = |octets: Option<[u8; CODED]>| {
        octets.is_some_and(|octets| memmem::find(secret, &octets).is_some())
    };
    word.windows(RUN).any(|text| is_part(base64(text)))
        || word.windows(2 * CODED).any(|text| is_part(hexadecimal(text)))
}

/// Returns whether the word encodes the whole of a short secret.
fn is_short(word: &[u8], secret: &[u8]) -> bool {
    if secret.is_empty() || secret.len() >= CODED {
        return false;
    }
    let mut octets = [0; CODED];
    let length = STANDARD.decode_slice(word, &mut octets);
    length.is_ok_and(|length| octets[..length] == *secret)
        || secret.len() >= WORD
            && word.len() == 2 * secret.len()
            && word
                .chunks_exact(2)
                .zip(secret)
                .all(|(pair, &octet)| hex::octet(pair) == Some(octet))
}

fn base64(text: &[u8]) -> Option<[u8; CODED]> {
    let mut octets = [0; CODED];
    let length = STANDARD.decode_slice(text, &mut octets).ok()?;
    (length == CODED).then_some(octets)
}

fn hexadecimal(text: &[u8]) -> Option<[u8; CODED]> {
    let mut octets = [0; CODED];
    for (octet, pair) in octets.iter_mut().zip(text.chunks_exact(2)) {
        *octet = hex::octet(pair)?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::string::String;

    use super::{hide, repeats};

    const PLAIN: &[u8] = b"\0alice@example.org\0correct horse";
    const LOGIN: &[u8] = b"s3cret";

    #[track_caller]
    fn assert_hidden(secret: &[u8], text: &str, shown: &str) {
        let mut octets = text.as_bytes().to_vec();
        hide(&mut octets, secret);
        assert_eq!(String::from_utf8_lossy(&octets), shown, "{text}");
        assert_eq!(repeats(text.as_bytes(), secret), text != shown, "{text}");
    }

    #[test]
    fn what_is_repeated_is_hidden_in_every_form() {
        for (text, shown) in [
            (
                "unrecognised: \"AUTH PLAIN AGFsaWNlQGV4YW1wbGUub3JnAGNvcnJlY3QgaG9yc2U=\"",
                "unrecognised: \"AUTH PLAIN ********************************************\"",
            ),
            // A part of the text, cut at its ends.
            ("AUTH PLAIN AGFsaWNlQGV4", "AUTH PLAIN ************"),
            ("...lQGV4YW1wbGUub3...", "...***************..."),
            // Other offsets in base64: `x` and `xx` precede the password.
            ("eGNvcnJlY3QgaG9yc2U=", "********************"),
            ("eHhjb3JyZWN0IGhvcnNl", "********************"),
            ("alice@example.org\0correct horse?", "alice@example.org\0*************?"),
            ("(correct ho)", "(**********)"),
            ("rrect horse correct", "*********** correct"),
            ("636f727265637420686f727365", "**************************"),
            ("<636F72726563742068>", "<******************>"),
        ] {
            assert_hidden(PLAIN, text, shown);
        }
    }

    #[test]
    fn a_short_secret_is_hidden_where_it_is_a_word() {
        for (text, shown) in [
            ("bad password s3cret", "bad password ******"),
            ("\"s3cret\"", "\"******\""),
            ("c3ERET s3crets xs3cret", "c3ERET s3crets xs3cret"),
            ("czNjcmV0", "********"),
        ] {
            assert_hidden(LOGIN, text, shown);
        }
        assert_hidden(b"user=alice\x01auth=Bearer s3cret\x01\x01", "s3cret?", "******?");
        assert_hidden(b"p", "unrecognised: cA== (p)", "unrecognised: **** (p)");
        assert_hidden(b"\0u\0p", "AUTH PLAIN AHUAcA==", "AUTH PLAIN ********");
        // The secret of `LOGIN`, in which the user name precedes the password.
        assert_hidden(b"\0alice\x0012345", "MTIzNDU= (12345)", "******** (*****)");
        assert_hidden(b"\0alice\0pw", "cHc=", "****");
        assert_hidden(b"\0alice\0pass", "70617373 YWxpY2U=", "******** YWxpY2U=");
        assert_hidden(b"\0a\0tops\x1becret\tx", "bad tops\x1becret\tx", "bad ************");
    }

    #[test]
    fn what_a_server_says_by_itself_stays() {
        for text in [
            "",
            "5.7.8 Error: authentication failed: UGFzc3dvcmQ6",
            "5.7.8 Username and Password not accepted. For more information, go to https://support.example/?p=BadCredentials",
            "VXNlcm5hbWU6",
            "correct: horse, alice@example.org",
            "AGFsaWN",
        ] {
            assert_hidden(PLAIN, text, text);
            assert_hidden(LOGIN, text, text);
            assert_hidden(b"", text, text);
        }
    }
}
