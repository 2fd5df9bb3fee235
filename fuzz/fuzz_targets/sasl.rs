//! Mechanisms against any challenge, exchanges against any response.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::sasl::Case<'_>| {
    smtp_fuzz_harness::sasl::check(&input);
});
