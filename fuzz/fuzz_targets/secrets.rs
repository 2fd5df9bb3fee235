//! A secret in no text.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::secrets::Case<'_>| {
    smtp_fuzz_harness::secrets::check(&input);
});
