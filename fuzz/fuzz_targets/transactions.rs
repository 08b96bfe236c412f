#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| curex_fuzz::run(input));
