//! Mechanism against exchange, with the right credentials and with wrong ones.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::login::Case<'_>| {
    smtp_fuzz_harness::login::check(&input);
});
