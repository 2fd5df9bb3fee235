//! Reply framing and grammar: every cut reads the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    smtp_fuzz::reply::check(input);
});
