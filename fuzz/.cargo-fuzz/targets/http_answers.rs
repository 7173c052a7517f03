//! Gives what libFuzzer makes up to `http_answers`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phxproof::internal::untrusted::read;

fuzz_target!(|input: &[u8]| read("http_answers", input));
