//! Placeholder: shows that targets build and run.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = core::str::from_utf8(data);
});
