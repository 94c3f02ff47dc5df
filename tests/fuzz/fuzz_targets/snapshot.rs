//! See `callfold_tests::fuzz::snapshot`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| callfold_tests::fuzz::snapshot(bytes));
