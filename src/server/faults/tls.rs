//! Faults that show only over TLS.

use super::Fault;
use crate::server::conduct::OverTls;

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "tls-first-record-only",
        "Over TLS, of what is written at once only the first 16 KiB go out.",
        &["large-message-carried"],
        |conduct| conduct.wire.over_tls = OverTls::FirstRecordOnly,
    )
    .over_tls(),
    Fault::new(
        "tls-close-frame-lost",
        "Over TLS, the connection is closed before the close frame is written.",
        &["close-answered"],
        |conduct| conduct.wire.over_tls = OverTls::CloseFrameLost,
    )
    .over_tls(),
    Fault::new(
        "tls-origin-unchecked",
        "Over TLS, the list of allowed origins is not looked at.",
        &["origin-checked", "origin-per-mount"],
        |conduct| conduct.wire.over_tls = OverTls::OriginsUnchecked,
    )
    .over_tls(),
];
