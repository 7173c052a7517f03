//! Each fault shows in a recorded conversation over WebSocket, if one touches it; those of long poll in a conversation of
//! their own.

use std::time::Duration;

use phxproof::server::{ServerSettings, faults};

use super::longpoll::SHOWN as SHOWN_BY_LONG_POLL;
use super::{player, transcript};

/// A conversation that a server with this fault gets wrong.
const SHOWN_BY: [(&str, &str); 52] = [
    ("vsn-unchecked", "handshake/garbage-vsn"),
    ("origin-unchecked", "handshake/origin-refused"),
    ("pong-without-payload", "frames/ping"),
    ("close-unanswered", "frames/close"),
    ("unmasked-read", "frames/unmasked"),
    ("utf8-unchecked", "frames/invalid-utf8"),
    ("small-frames-only", "binary/sizes"),
    ("malformed-passed-over", "malformed/text-not-json"),
    ("heartbeat-unanswered", "heartbeat/keeps-open"),
    ("heartbeat-stops", "heartbeat/keeps-open"),
    ("disconnect-unheard", "lifetime/disconnect"),
    ("disconnect-with-1000", "lifetime/disconnect"),
    ("hangup-keeps-channels", "presence/leave"),
    ("channels-unlimited", "join/too-many"),
    ("duplicate-join-unclosed", "join/duplicate"),
    ("duplicate-join-keeps-state", "join/duplicate"),
    ("leave-unanswered", "leave/ok"),
    ("leave-ends-nothing", "leave/push-after"),
    ("leave-takes-siblings", "leave/siblings"),
    ("unmatched-unanswered", "join/unmatched"),
    ("stale-join-ref-served", "join/push-stale-join-ref"),
    ("null-join-ref-dropped", "join/push-null-join-ref"),
    ("reply-without-ref", "events/replies"),
    ("reply-foreign-join-ref", "events/replies"),
    ("reply-twice", "events/replies"),
    ("replies-swapped", "broadcast/order"),
    ("push-to-all", "binary/all"),
    ("crash-untold", "crash/crash"),
    ("crash-ends-connection", "crash/isolation"),
    ("crash-without-reason", "crash/crash"),
    ("broadcast-skips-sender", "broadcast/all"),
    ("broadcast-crosses-topics", "broadcast/other-topic"),
    ("broadcast-with-join-ref", "broadcast/from"),
    ("broadcast-after-reply", "broadcast/all"),
    ("broadcast-lost", "broadcast/order"),
    ("broadcast-doubled", "broadcast/order"),
    ("broadcast-swapped", "broadcast/order"),
    ("whisper-to-all", "broadcast/whisper"),
    ("counter-shared", "join/rejoin"),
    ("catch-up-repeats", "videos/last-seen"),
    ("catch-up-misses", "videos/last-seen"),
    ("annotation-leaks", "videos/annotate"),
    ("annotation-unstored", "videos/last-seen"),
    ("presence-leave-untold", "presence/leave"),
    ("presence-join-untold-to-newcomer", "presence/join"),
    ("presence-state-without-newcomer", "presence/join"),
    ("presence-update-told-twice", "presence/update"),
    ("subscription-never-ends", "presence/leave"),
    ("crash-ends-nothing", "crash/crash"),
    ("ping-twice", "events/ping"),
    ("v1-join-ref-leaks", "v1/conversation"),
    ("v1-null-ref-left-out", "v1/conversation"),
];

/// What no recorded conversation can show: it takes a token of another day, a minute of silence, the end of the
/// server, a clock, names that are nearly equal, compression, or more than was said there.
/// Those of TLS show only over TLS.
const SHOWN_BY_NONE: [&str; 32] = [
    "tls-first-record-only",
    "tls-close-frame-lost",
    "tls-origin-unchecked",
    "token-signature-unchecked",
    "token-age-unchecked",
    "idle-never",
    "drain-with-1000",
    "sleep-blocks-siblings",
    "annotation-stored-late",
    "presence-leaves-with-all",
    "presence-state-one-meta",
    "presence-update-keeps-ref",
    "user-names-in-any-case",
    "catch-up-of-a-hundred",
    "duplicate-join-keeps-old-running",
    "refused-join-let-in",
    "topics-in-any-case",
    "join-ref-by-its-begin",
    "events-in-any-case",
    "nulls-dropped",
    "broadcast-in-one-version",
    "origin-by-its-end",
    "token-age-a-day",
    "frames-of-16-bits-only",
    "binary-sizes-signed",
    "compression-everywhere",
    "compression-window-unasked",
    "compression-context-kept",
    "compression-window-ignored",
    "compression-bit-repeated",
    "compression-bit-passed-over",
    "compression-broken-passed-over",
];

#[test]
fn each_fault_shows_in_a_conversation() {
    let transcripts = transcript::of("1.8.12-bandit");
    std::thread::scope(|scope| {
        for chunk in SHOWN_BY.chunks(SHOWN_BY.len().div_ceil(4)) {
            let transcripts = &transcripts;
            scope.spawn(move || {
                for (fault, case) in chunk {
                    let transcript = transcripts.iter().find(|transcript| transcript.case == *case);
                    let fault = faults::find(fault).expect("a fault of that name");
                    let settings = ServerSettings {
                        faults: vec![fault],
                        ..ServerSettings::default()
                    };
                    let transcript = transcript.expect("a case of that name");
                    // What a broken server leaves out is waited for, but not for long.
                    let outcome = player::play(transcript, &settings, Duration::from_millis(500));
                    assert!(outcome.is_err(), "{} does not show in {case}", fault.id);
                }
            });
        }
    });
}

#[test]
fn every_fault_is_in_one_of_the_lists() {
    for fault in faults::all() {
        let shown = SHOWN_BY.iter().filter(|(id, _)| *id == fault.id).count();
        let not_shown = SHOWN_BY_NONE.iter().filter(|id| **id == fault.id).count();
        let over_long_poll = SHOWN_BY_LONG_POLL
            .iter()
            .filter(|(id, _)| *id == fault.id)
            .count();
        assert_eq!(shown + not_shown + over_long_poll, 1, "{}", fault.id);
    }
}
