//! The server by octets in any cut.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::server::Case<'_>| {
    smtp_fuzz_harness::server::check(&input);
});
