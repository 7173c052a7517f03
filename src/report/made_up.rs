//! Runs that never were, for the tests of the reporters.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{About, Finished};
use crate::clock::Time;
use crate::conformance::{CaseResult, Finding, HeldTo, Recorded, RunResult, Strictness, Verdict};
use crate::profile::Profile;
use crate::protocol::Vsn;
use crate::scenario::{Entry, Level, Noted, Recording, Who};
use crate::transport::{Ending, Response};

pub(super) const ABOUT: About = About {
    started_at: SystemTime::UNIX_EPOCH,
    seed: 7,
};

pub(super) fn finished<'a>(run: &'a RunResult, about: &'a About) -> Finished<'a> {
    Finished::new(run, about, Duration::from_millis(4200), 1)
}

/// One of everything.
pub(super) fn run() -> RunResult {
    let stale = Finding {
        what: "the server answered a push that it should have dropped".to_owned(),
        expected: "nothing for 200ms after the push with join_ref \"1\"".to_owned(),
        actual: "[\"2\",\"7\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]\nafter 3ms"
            .to_owned(),
        place: "scenarios/join/push-stale-join-ref.yaml:14:5, actor ana".to_owned(),
    };
    let code = Finding {
        what: "the connection closed with 1000, not with 1011".to_owned(),
        expected: "close frame 1011".to_owned(),
        actual: "close frame 1000".to_owned(),
        place: "how the connection of ana closed".to_owned(),
    };
    let vsn = Finding {
        what: "a vsn of 2.1.0 was let in".to_owned(),
        ..stale.clone()
    };
    let note = |text: &str| Some(text.to_owned());
    let lab = note("the target does not offer the lab channel");
    RunResult {
        cases: vec![
            CaseResult {
                verdict: Verdict::Skipped,
                note: lab.clone(),
                ..case("binary/all")
            },
            CaseResult {
                verdict: Verdict::Skipped,
                note: lab,
                ..case("events/replies")
            },
            CaseResult {
                verdict: Verdict::NonStrict,
                finding: Some(vsn),
                ..case("handshake/minor-vsn")
            },
            case("heartbeat/ok"),
            CaseResult {
                flaky: true,
                ..case("join/ok")
            },
            CaseResult {
                verdict: Verdict::Fail,
                finding: Some(stale),
                ..recorded_case()
            },
            CaseResult {
                verdict: Verdict::Undecided,
                note: note("the step before was not answered, so nothing was judged"),
                ..case("leave/ok")
            },
            CaseResult {
                close_verdict: Verdict::Fail,
                close_finding: Some(code),
                ..case("malformed/text-empty")
            },
            CaseResult {
                note: note("there is no fixture; only its own steps judged it"),
                ..case("mine/chat.yaml")
            },
        ],
        ..good_run()
    }
}

/// Two cases that passed.
pub(super) fn good_run() -> RunResult {
    RunResult {
        target: "ws://127.0.0.1:4000/socket".to_owned(),
        held_to: HeldTo::Profile(Profile::DEFAULT),
        cases: vec![case("heartbeat/ok"), case("join/ok")],
        cut_short: false,
        strict: Strictness::Lenient,
    }
}

fn case(id: &str) -> CaseResult {
    CaseResult {
        id: id.into(),
        about: "A join is answered.".into(),
        rules: Arc::new(["join-reply".to_owned()]),
        level: Some(Level::Lab),
        verdict: Verdict::Pass,
        close_verdict: Verdict::Pass,
        finding: None,
        close_finding: None,
        note: None,
        duration: Duration::from_millis(12),
        flaky: false,
        recording: None,
    }
}

/// With one entry of each kind.
pub(super) fn recorded_case() -> CaseResult {
    let response = Response {
        status: 403,
        headers: Vec::new(),
        body: b"Forbidden".to_vec(),
        truncated: None,
    };
    let ana = Who::Actor(0, 1);
    let close = Ending::CloseFrame {
        code: Some(1011),
        reason: String::new(),
    };
    let entries = [
        (Who::Http, Noted::Requested("POST /disconnect/ana".to_owned())),
        (
            Who::Http,
            Noted::Answered(Response {
                status: 204,
                body: Vec::new(),
                ..response.clone()
            }),
        ),
        (ana, Noted::Connecting("/socket/websocket?vsn=2.0.0".to_owned())),
        (ana, Noted::Refused(response)),
        (ana, Noted::Failed("nothing listens there".to_owned())),
        (ana, Noted::Opened),
        (
            ana,
            Noted::SentText("[\"1\",\"1\",\"lab:room\",\"phx_join\",{}]".into()),
        ),
        (
            ana,
            Noted::Text("[\"1\",\"1\",\"lab:room\",\"phx_reply\",{}]".into()),
        ),
        (ana, Noted::SentBinary(Arc::new([0, 1, 2]))),
        (ana, Noted::Binary(Arc::new([3, 4]))),
        (ana, Noted::SentFrame("ping".to_owned(), b"hello".to_vec())),
        (ana, Noted::Pong(b"hello".to_vec())),
        (ana, Noted::SentClose(1000)),
        (ana, Noted::Ended(close)),
        (Who::Actor(0, 2), Noted::Ended(Ending::Eof)),
        (Who::Actor(0, 2), Noted::Ended(Ending::Reset)),
        (
            Who::Actor(0, 2),
            Noted::Ended(Ending::Violation("a frame had a mask".to_owned())),
        ),
        (Who::Actor(0, 2), Noted::Cut),
        (Who::Server, Noted::Server("SIGTERM")),
    ];
    let mut recording = Recording::default();
    for (number, (who, what)) in (0..).zip(entries) {
        recording.entries.push(Entry {
            at: Time::from_micros(number * 1500),
            who,
            what,
        });
    }
    let recorded = Recorded {
        recording,
        actors: vec!["ana".to_owned()],
        vsn: Vsn::V2,
    };
    CaseResult {
        recording: Some(Arc::new(recorded)),
        ..case("join/push-stale-join-ref")
    }
}
