//! Client and server joined: what is said to be delivered is, and nothing else.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::session::Case<'_>| {
    smtp_fuzz_harness::session::check(&input);
});
