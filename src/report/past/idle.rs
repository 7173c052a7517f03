//! The idle time-outs in `result.json` of `check` as they are read.

use std::time::Duration;

use serde::Deserialize;

use crate::conformance::{CutBy, IdleFinding, SilentDirection};
use crate::transport::Transport;

#[derive(Deserialize)]
pub(super) struct WrittenIdle {
    transport: String,
    direction: String,
    traffic: String,
    cut_after_ms: Option<u64>,
    alive_after_ms: Option<u64>,
    by: Option<String>,
    code: Option<u16>,
    heartbeat_leaves_ms: Option<i64>,
    sentence: String,
    warning: Option<String>,
}

/// The finding; else the mistake in the entry.
pub(super) fn finding(written: WrittenIdle) -> Result<IdleFinding, String> {
    let by = match (written.by.as_deref(), written.code) {
        (None, _) => None,
        (Some("close-frame"), code) => Some(CutBy::CloseFrame(code)),
        (Some("status"), Some(status)) => Some(CutBy::Status(status)),
        (Some("fin"), _) => Some(CutBy::Fin),
        (Some("rst"), _) => Some(CutBy::Rst),
        (Some("nothing"), _) => Some(CutBy::Nothing),
        (Some("other"), _) => Some(CutBy::Other),
        (Some(other), _) => return Err(format!("by is `{other}`")),
    };
    Ok(IdleFinding {
        transport: Transport::named(&written.transport)
            .ok_or_else(|| format!("transport is `{}`", written.transport))?,
        direction: match written.direction.as_str() {
            "both" => SilentDirection::Both,
            "from-client" => SilentDirection::FromClient,
            "from-server" => SilentDirection::FromServer,
            "neither" => SilentDirection::Neither,
            other => return Err(format!("direction is `{other}`")),
        },
        traffic: written.traffic,
        cut_after: written.cut_after_ms.map(Duration::from_millis),
        alive_after: written.alive_after_ms.map(Duration::from_millis),
        by,
        heartbeat_leaves_ms: written.heartbeat_leaves_ms,
        sentence: written.sentence,
        warning: written.warning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written_and_words_that_mean_nothing_are_told() {
        let written = |by: &str| {
            serde_json::json!({
                "transport": "websocket", "direction": "from-client", "traffic": "t", "cut_after_ms": 60_001,
                "alive_after_ms": null, "by": by, "code": 1002, "heartbeat_leaves_ms": 30_001, "sentence": "s"
            })
        };
        let read = |by| finding(serde_json::from_value(written(by)).unwrap());
        let found = read("close-frame").unwrap();
        assert_eq!(
            (found.direction, found.by),
            (SilentDirection::FromClient, Some(CutBy::CloseFrame(Some(1002))))
        );
        assert_eq!(found.cut_after, Some(Duration::from_millis(60_001)));
        assert_eq!(read("magic").unwrap_err(), "by is `magic`");
    }
}
