//! The client machine by operations in any order.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: Vec<smtp_fuzz::client::Operation<'_>>| {
    smtp_fuzz::client::check(input);
});
