//! Gives what libFuzzer makes up to `messages`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phxproof::internal::untrusted::read;

fuzz_target!(|input: &[u8]| read("messages", input));
