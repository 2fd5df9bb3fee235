//! Dot-stuffing and its inverse against naive models.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz::stuffing::Case<'_>| {
    smtp_fuzz::stuffing::check(&input);
});
