//! The client by operations in any order.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::client::Case<'_>| {
    smtp_fuzz_harness::client::check(&input);
});
