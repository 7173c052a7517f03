//! Gives what libFuzzer makes up to `frames`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phxproof::internal::untrusted::read;

fuzz_target!(|input: &[u8]| read("frames", input));
