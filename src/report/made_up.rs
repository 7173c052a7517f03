//! Invented runs for the tests of the reporters.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{About, CheckFinished};
use crate::clock::Time;
use crate::conformance::{
    CaseRecording, CaseResult, Finding, HeldTo, Recorded, RunResult, Said, Strictness, Verdict, Way,
};
use crate::profile::Profile;
use crate::protocol::Vsn;
use crate::scenario::{FailureKind, Level, Noted, RecordedEntry, Recording, Who};
use crate::stream::Certificates;
use crate::transport::{Ending, Response, Transport};

pub(super) const ABOUT: About = About {
    started_at: SystemTime::UNIX_EPOCH,
    seed: 7,
    certificates: Certificates::Verified,
};

pub(super) fn finished<'a>(run: &'a RunResult, about: &'a About) -> CheckFinished<'a> {
    CheckFinished {
        run,
        about,
        duration: Duration::from_millis(4200),
        exit_code: 1,
        trouble: None,
    }
}

/// A run with a case of every kind.
pub(super) fn run() -> RunResult {
    let mut run = good_run();
    run.cases = vec![
        skipped("binary/all"),
        skipped("events/replies"),
        found(
            "handshake/minor-vsn",
            Verdict::NonStrict,
            "a vsn of 2.1.0 was let in",
        ),
        case("heartbeat/ok"),
        case("join/ok"),
        found(
            "join/push-stale-join-ref",
            Verdict::Fail,
            "the server answered a push that it should have dropped",
        ),
        noted(
            "leave/ok",
            Verdict::Undecided,
            "the step before was not answered, so nothing was judged",
        ),
        closed_otherwise("malformed/text-empty"),
        noted(
            "mine/chat.yaml",
            Verdict::Pass,
            "there is no fixture, so only its steps judged",
        ),
    ];
    run.cases[4].flaky = true;
    run.cases[7].pending = Some("fixtures/malformed/text-empty.snap.new".to_owned());
    run
}

fn skipped(id: &str) -> CaseResult {
    noted(id, Verdict::Skipped, "the target does not offer the lab channel")
}

pub(super) fn noted(id: &str, verdict: Verdict, note: &str) -> CaseResult {
    let note = Some(note.to_owned());
    CaseResult {
        verdict,
        note,
        ..case(id)
    }
}

fn found(id: &str, verdict: Verdict, what: &str) -> CaseResult {
    let finding = Finding {
        what: what.to_owned(),
        expected: "nothing for 200ms after the push with join_ref \"1\"".to_owned(),
        actual: "[\"2\",\"7\",\"room:1\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]\nafter 3ms"
            .to_owned(),
        place: "scenarios/join/push-stale-join-ref.yaml:14:5, actor ana".to_owned(),
        step: Some("ana: { receive-nothing: 200ms }".to_owned()),
        kind: FailureKind::Unwanted,
        broken: Some("stale-join-ref-ignored".to_owned()),
        actor: Some("ana".to_owned()),
        before: vec![
            "ana: connect".to_owned(),
            "ana: { push: echo, join_ref: 1 }".to_owned(),
        ],
        said: said(),
        steps: 5,
        ..Finding::default()
    };
    let finding = Some(finding);
    CaseResult {
        verdict,
        finding,
        ..case(id)
    }
}

fn said() -> Vec<Said> {
    let frame = |way, at, text: &str| Said {
        actor: "ana".to_owned(),
        at: Duration::from_millis(at),
        way,
        text: text.to_owned(),
    };
    let long = format!(
        r#"["1","7","lab:{{{{room}}}}","echo",{{"big":"{}"}}]"#,
        "x".repeat(520)
    );
    vec![
        frame(Way::Sent, 4, &long),
        frame(
            Way::Received,
            1404,
            r#"["2","7","lab:{{room}}","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        frame(Way::Received, 1410, "closed with 1009 (message too big)"),
    ]
}

fn closed_otherwise(id: &str) -> CaseResult {
    let finding = Finding {
        what: "the connection closed with 1000, not with 1011".to_owned(),
        expected: "close frame 1011".to_owned(),
        actual: "close frame 1000".to_owned(),
        place: "fixtures/malformed/text-empty.snap".to_owned(),
        kind: FailureKind::Ended,
        broken: Some("malformed-json-closes".to_owned()),
        ..Finding::default()
    };
    let (close_verdict, close_finding) = (Verdict::Fail, Some(finding));
    CaseResult {
        close_verdict,
        close_finding,
        ..case(id)
    }
}

/// Two cases that passed.
pub(super) fn good_run() -> RunResult {
    RunResult {
        target: "ws://127.0.0.1:4000/socket".to_owned(),
        held_to: HeldTo::Profile(Profile::DEFAULT),
        cases: vec![case("heartbeat/ok"), case("join/ok")],
        warnings: Vec::new(),
        unmet: Vec::new(),
        idle: Vec::new(),
        cut_short: false,
        strict: Strictness::Lenient,
    }
}

fn case(id: &str) -> CaseResult {
    CaseResult {
        transport: Transport::WebSocket,
        id: id.into(),
        about: "A join is answered.".into(),
        rules: Arc::new(["join-reply".to_owned()]),
        level: Some(Level::Lab),
        verdict: Verdict::Pass,
        close_verdict: Verdict::Pass,
        finding: None,
        close_finding: None,
        note: None,
        pending: None,
        duration: Duration::from_millis(12),
        known: None,
        flaky: false,
        testimony: None,
        runs: 1,
        pace: crate::conformance::Pace::OnTime,
        recording: CaseRecording::None,
    }
}

/// A case with one entry of each kind.
pub(super) fn recorded_case() -> CaseResult {
    let mut recording = Recording::default();
    for (number, (who, what)) in (0..).zip(one_of_each()) {
        let at = Time::from_micros(number * 1500);
        recording.entries.push(RecordedEntry { at, who, what });
    }
    let (actors, vsn) = (vec!["ana".to_owned()], Vsn::V2);
    let recording = CaseRecording::Whole(Arc::new(Recorded {
        recording,
        actors,
        vsn,
    }));
    CaseResult {
        recording,
        ..case("join/push-stale-join-ref")
    }
}

fn one_of_each() -> Vec<(Who, Noted)> {
    let (ana, again) = (Who::Actor(0, 1), Who::Actor(0, 2));
    let (code, reason) = (Some(1011), String::new());
    vec![
        (Who::Http, Noted::Requested("POST /disconnect/ana".to_owned())),
        (Who::Http, Noted::Answered(response(204, ""))),
        (ana, Noted::Connecting("/socket/websocket?vsn=2.0.0".to_owned())),
        (ana, Noted::Refused(response(403, "Forbidden"))),
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
        (ana, Noted::Ended(Ending::CloseFrame { code, reason })),
        (again, Noted::Ended(Ending::Eof)),
        (again, Noted::Ended(Ending::Reset)),
        (
            again,
            Noted::Ended(Ending::Violation("a frame had a mask".to_owned())),
        ),
        (again, Noted::Cut),
        (Who::Server, Noted::Server("SIGTERM")),
    ]
}

fn response(status: u16, body: &str) -> Response {
    let (headers, body) = (Vec::new(), body.as_bytes().to_vec());
    Response {
        status,
        headers,
        body,
        truncated: None,
    }
}
