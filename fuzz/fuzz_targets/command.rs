//! Values on their way to the other side and back.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::command::Case<'_>| {
    smtp_fuzz_harness::command::check(&input);
});
