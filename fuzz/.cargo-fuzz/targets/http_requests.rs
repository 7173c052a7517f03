//! Gives what libFuzzer makes up to `http_requests`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phxproof::internal::untrusted::read;

fuzz_target!(|input: &[u8]| read("http_requests", input));
