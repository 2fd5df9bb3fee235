//! Reply framing and grammar.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    smtp_fuzz_harness::reply::check(input);
});
