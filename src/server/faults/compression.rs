//! Faults of compressed messages.

use super::Fault;
use crate::server::conduct::{
    BrokenDeflate, CompressedFrames, CompressedMounts, DeflateAnswer, ServerContext, ServerWindow, StrayBit,
};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "compression-everywhere",
        "Every mount agrees on compression.",
        &["compression-off"],
        |conduct| conduct.compress.mounts = CompressedMounts::All,
    ),
    Fault::new(
        "compression-window-unasked",
        "The answer to an offer of compression has client_max_window_bits, even if the client did not offer it.",
        &["compression-agreed"],
        |conduct| conduct.compress.answer = DeflateAnswer::WindowUnasked,
    )
    .of_compression(),
    Fault::new(
        "compression-context-kept",
        "A compressed message refers to those before it, even if the server agreed to drop the context.",
        &["compression-context"],
        |conduct| conduct.compress.context = ServerContext::AlwaysKept,
    )
    .of_compression(),
    Fault::new(
        "compression-window-ignored",
        "A compressed message refers up to 32 KiB back, even if the server agreed on a smaller window.",
        &["compression-window"],
        |conduct| conduct.compress.window = ServerWindow::AlwaysLargest,
    )
    .of_compression(),
    Fault::new(
        "compression-bit-repeated",
        "A compressed message comes in two frames, and the bit of compression is set in both.",
        &["compressed-bit-first-only"],
        |conduct| conduct.compress.frames = CompressedFrames::TwoWithTheBit,
    )
    .of_compression(),
    Fault::new(
        "compression-bit-passed-over",
        "The bit of compression in a frame that does not begin a message is not looked at.",
        &["stray-compressed-bit-refused"],
        |conduct| conduct.compress.stray_bit = StrayBit::PassedOver,
    )
    .of_compression(),
    Fault::new(
        "compression-broken-passed-over",
        "A message that cannot be decompressed is passed over.",
        &["broken-deflate-refused"],
        |conduct| conduct.compress.broken = BrokenDeflate::PassedOver,
    )
    .of_compression(),
];
