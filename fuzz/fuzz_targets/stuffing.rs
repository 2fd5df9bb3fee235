//! Content on its way to the wire and back, against naive models.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::stuffing::Case<'_>| {
    smtp_fuzz_harness::stuffing::check(&input);
});
