//! Reads the `[serve]` section.

use std::num::NonZeroU32;
use std::path::PathBuf;

use super::super::args::{JudgeClients, Serve, ServeTls};
use super::section::Section;

/// Reads the section.
pub(super) fn keys(mut section: Section<'_, '_>) -> Serve {
    let serve = Serve {
        port: section
            .integer("port", 0..=65535)
            .and_then(|port| u16::try_from(port).ok()),
        host: section.string("host"),
        store: section.string("store").map(PathBuf::from),
        profile: section.string("profile"),
        faults: section.strings("fault"),
        one_in: section
            .integer("one-in", 1..=u64::from(u32::MAX))
            .and_then(|often| u32::try_from(often).ok())
            .and_then(NonZeroU32::new),
        chance: section.boolean("chance").unwrap_or_default(),
        seed: section.integer("seed", 0..=u64::MAX),
        shards: section
            .integer("shards", 1..=256)
            .and_then(|shards| u16::try_from(shards).ok()),
        tls: ServeTls {
            tls: section.boolean("tls").unwrap_or_default(),
            cert: section.string("tls-cert").map(PathBuf::from),
            key: section.string("tls-key").map(PathBuf::from),
        },
        clients: JudgeClients {
            judge: section.boolean("judge").unwrap_or_default(),
            timeout: section.duration("timeout"),
        },
        ..Serve::default()
    };
    section.finish();
    serve
}
