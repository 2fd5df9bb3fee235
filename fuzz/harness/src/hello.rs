//! What a server offers in its EHLO reply.

use arbitrary::Arbitrary;
use smtp_proto::hello::{Capabilities, Extension, Extensions};

/// The lines behind the first, joined by LF, and what the caller does not want.
#[derive(Arbitrary, Debug)]
pub struct Case<'a> {
    mask: Extensions,
    pub(crate) lines: &'a [u8],
}

/// Reads the lines in several forms.
///
/// # Panics
/// When case, order or further lines take an offer away, or a number is none.
pub fn check(case: &Case<'_>) {
    let capabilities = Capabilities::new(case.lines);
    check_size(&capabilities);
    check_forms(case.lines, &capabilities);
    check_union(&capabilities);
    // They are looked for anew for each, which takes long where there are many.
    if case.lines.len() <= 600 {
        check_mechanisms(case, &capabilities);
    }
    check_limits(&capabilities);
    check_mask(case, &capabilities);
}

/// The first SIZE with a number of 64 bits that is not 0.
fn check_size(capabilities: &Capabilities<'_>) {
    let sizes = capabilities.lines().filter_map(|line| {
        let start = line.iter().position(|octet| !matches!(octet, b' ' | b'\t'))?;
        let line = &line[start..];
        let (keyword, rest) = line.split_at_checked(4)?;
        let separated = matches!(rest, [b' ' | b'\t' | b'=', ..]);
        (keyword.eq_ignore_ascii_case(b"SIZE") && separated).then(|| rest[1..].trim_ascii())
    });
    let number = |text: &[u8]| {
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        core::str::from_utf8(text).ok().filter(|_| digits)?.parse::<u64>().ok()
    };
    let expected = sizes.filter_map(number).find(|&size| size > 0);
    assert_eq!(capabilities.size_limit(), expected);
}

fn check_forms(lines: &[u8], whole: &Capabilities<'_>) {
    for other in [lines.to_ascii_lowercase(), lines.to_ascii_uppercase()] {
        let other = Capabilities::new(&other);
        assert_eq!(other.offered(), whole.offered(), "case matters");
        assert_eq!(other.limits(), whole.limits(), "case matters");
    }
    let mut reversed: Vec<_> = lines.split(|&octet| octet == b'\n').collect();
    reversed.reverse();
    let reversed = reversed.join(&b'\n');
    let other = Capabilities::new(&reversed).offered();
    assert_eq!(other.extensions(), whole.offered().extensions(), "order matters");
}

/// A line offers what it offers alone.
fn check_union(whole: &Capabilities<'_>) {
    let single = |line| Capabilities::new(line).offered().extensions();
    let union = whole.lines().map(single).fold(Extensions::EMPTY, Extensions::union);
    assert_eq!(union, whole.offered().extensions());
    for extension in union {
        assert!(whole.offers(extension) && whole.parameters(extension.keyword()).is_some());
        assert_eq!(Extension::from_keyword(extension.keyword().as_bytes()), Some(extension));
    }
}

fn check_mechanisms(case: &Case<'_>, capabilities: &Capabilities<'_>) {
    let names: Vec<_> = capabilities.mechanisms().take(300).collect();
    assert!(names.len() <= 256, "unbounded");
    let shouted = case.lines.to_ascii_uppercase();
    assert_eq!(Capabilities::new(&shouted).mechanisms().count(), names.len(), "case matters");
    for (at, name) in names.iter().enumerate().take(32) {
        assert!(capabilities.offers_mechanism(name) && name.bytes().all(|o| o.is_ascii_graphic()));
        assert!(!names[..at].iter().any(|earlier| earlier.eq_ignore_ascii_case(name)), "twice");
    }
}

fn check_limits(capabilities: &Capabilities<'_>) {
    let limits = capabilities.limits();
    for limit in [limits.mails(), limits.recipients(), limits.recipient_domains()] {
        assert!(limit.is_none_or(|limit| (1..=999_999).contains(&limit)));
    }
    assert!(capabilities.min_deliver_by().is_none_or(|seconds| seconds <= 999_999_999));
    let hold = capabilities.hold_limits();
    assert!(hold.seconds.is_none_or(|seconds| seconds <= 999_999_999));
}

fn check_mask(case: &Case<'_>, whole: &Capabilities<'_>) {
    let mut offered = whole.offered();
    offered.apply_mask(case.mask);
    let masked = Capabilities::with_offered(case.lines, offered);
    for extension in case.mask {
        assert!(!masked.offers(extension) && masked.parameters(extension.keyword()).is_none());
    }
    let left = whole.offered().extensions().difference(case.mask);
    assert_eq!(masked.offered().extensions(), left);
    assert!(masked.offers(Extension::Auth) || masked.mechanisms().next().is_none());
}
