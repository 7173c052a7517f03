//! Faults that show in recorded conversations over WebSocket. `tests/it/faults.rs` holds every fault against the cases.

use std::time::Duration;

use phxproof::server::{ServerSettings, faults};

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
