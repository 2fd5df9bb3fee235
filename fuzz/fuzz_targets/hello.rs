//! What a server offers in its EHLO reply, in any form.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: smtp_fuzz_harness::hello::Case<'_>| {
    smtp_fuzz_harness::hello::check(&input);
});
