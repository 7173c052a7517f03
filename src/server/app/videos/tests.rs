//! The videos family of the transcripts, and what Elixir does with odd values (tried on Phoenix 1.8.12).

use super::super::testing::{Scene, Talk};
use super::Videos;
use crate::server::conduct::{AnnotationFields, CatchUp};
use crate::server::context::Info;
use crate::server::store::{Annotation, Answer, NewAnnotation, Request};

fn talk<'s>(scene: &'s Scene, topic: &'s str) -> Talk<'s> {
    scene.channel((1, "alice"), topic, Videos::default())
}

fn annotation(id: i64) -> Annotation {
    Annotation {
        id,
        at: "1200".to_owned(),
        body: "hello".to_owned(),
        user: "alice".to_owned(),
    }
}

/// What the store is asked when a join has these params.
#[track_caller]
fn asks_after(topic: &str, params: &str, video: &str, last_seen: i64) {
    let scene = Scene::new();
    let mut talk = talk(&scene, topic);
    assert_eq!(talk.join(params), ["ask"], "{topic} {params}");
    assert_eq!(
        talk.asked,
        Some(Request::After {
            video: video.to_owned(),
            last_seen
        }),
        "{topic} {params}"
    );
}

#[test]
fn a_join_asks_for_what_came_after_the_last_seen_one() {
    for (params, last_seen) in [
        ("{}", 0),
        ("null", 0),
        (r#"{"last_seen_id":3}"#, 3),
        (r#"{"last_seen_id":null}"#, 0),
        (r#"{"last_seen_id":false}"#, 0),
        (r#"{"last_seen_id":-7}"#, -7),
        (r#"{"last_seen_id":1.5}"#, 1),
        (r#"{"last_seen_id":-0.5}"#, -1),
        (r#"{"last_seen_id":1.0e300}"#, i64::MAX),
        (r#"{"last_seen_id":1000000000000000000000}"#, i64::MAX),
        (r#"{"last_seen_id":-1000000000000000000000}"#, i64::MIN),
    ] {
        asks_after("videos:7", params, "7", last_seen);
    }
}

#[test]
fn nothing_comes_after_what_erlang_sorts_behind_all_numbers() {
    for last_seen in ["true", r#""3""#, "{}", "[]", "[1]"] {
        asks_after(
            "videos:7",
            &format!(r#"{{"last_seen_id":{last_seen}}}"#),
            "7",
            i64::MAX,
        );
    }
}

#[test]
fn the_video_is_the_integer_in_the_topic() {
    for (topic, video) in [
        ("videos:+5", "5"),
        ("videos:-3", "-3"),
        ("videos:007", "7"),
        ("videos:-0", "0"),
        ("videos:99999999999999999999999999", "99999999999999999999999999"),
    ] {
        asks_after(topic, "{}", video, 0);
    }
}

#[test]
fn a_topic_without_an_integer_crashes_the_join() {
    for topic in [
        "videos:",
        "videos:abc",
        "videos:5x",
        "videos: 5",
        "videos:+-5",
        "videos:1_0",
        "videos:1:2",
    ] {
        assert_eq!(talk(&Scene::new(), topic).join("{}"), ["crash"], "{topic}");
    }
}

#[test]
fn params_without_keys_crash_the_join() {
    for params in ["[]", "1", "\"\""] {
        assert_eq!(
            talk(&Scene::new(), "videos:1").join(params),
            ["crash"],
            "{params}"
        );
    }
}

#[test]
fn a_join_brings_the_annotations() {
    let scene = Scene::new();
    let mut talk = talk(&scene, "videos:7");
    assert_eq!(
        talk.joined(Answer::Annotations(Vec::new())),
        [r#"ok {"annotations":[]}"#]
    );
    assert_eq!(
        talk.joined(Answer::Annotations(vec![annotation(1), annotation(2)])),
        [
            r#"ok {"annotations":[{"at":1200,"body":"hello","id":1,"user":{"username":"alice"}},{"at":1200,"body":"hello","id":2,"user":{"username":"alice"}}]}"#
        ]
    );
    assert_eq!(talk.joined(Answer::Failed("disk full".to_owned())), ["crash"]);
}

#[test]
fn an_annotation_is_stored_then_told_then_acknowledged() {
    let scene = Scene::new();
    let mut talk = talk(&scene, "videos:007");
    talk.join("{}");
    let sent = r#"{"body":"hello","at":1200,"user":{"username":"mallory"},"evil":"<script>"}"#;
    assert_eq!(talk.push("new_annotation", sent), ["ask"]);
    let expected = NewAnnotation {
        video: "7".to_owned(),
        user: "alice".to_owned(),
        body: "hello".to_owned(),
        at: "1200".to_owned(),
    };
    assert_eq!(talk.asked, Some(Request::Add(expected)));
    assert_eq!(
        talk.answered(Answer::Added(annotation(1))),
        [
            r#"all new_annotation {"at":1200,"body":"hello","id":1,"user":{"username":"alice"}}"#,
            "ok {}"
        ]
    );
    assert_eq!(talk.answered(Answer::Failed("disk full".to_owned())), ["crash"]);
}

#[test]
fn an_annotation_that_is_none_is_refused_by_field() {
    let blank = r#"error {"errors":{"body":["can't be blank"]}}"#;
    let misplaced = r#"error {"errors":{"at":["must be an integer of at least 0"]}}"#;
    let both = r#"error {"errors":{"at":["must be an integer of at least 0"],"body":["can't be blank"]}}"#;
    for (payload, expected) in [
        ("{}", both),
        ("null", both),
        (r#"{"body":"","at":5}"#, blank),
        (r#"{"body":7,"at":5}"#, blank),
        (r#"{"body":"x"}"#, misplaced),
        (r#"{"body":"x","at":-1}"#, misplaced),
        (r#"{"body":"x","at":"5"}"#, misplaced),
        (r#"{"body":"x","at":5.0}"#, misplaced),
        (r#"{"body":"x","at":5e0}"#, misplaced),
        ("[]", "crash"),
        ("1", "crash"),
    ] {
        assert_eq!(
            talk(&Scene::new(), "videos:7").push("new_annotation", payload),
            [expected],
            "{payload}"
        );
    }
    assert_eq!(talk(&Scene::new(), "videos:7").push("other", "{}"), ["crash"]);
}

#[test]
fn a_place_of_any_size_is_kept_digit_by_digit() {
    for (at, kept) in [
        ("-0", "0"),
        (
            "1000000000000000000000000000000",
            "1000000000000000000000000000000",
        ),
    ] {
        let scene = Scene::new();
        let mut talk = talk(&scene, "videos:7");
        talk.push("new_annotation", &format!(r#"{{"body":"\u0000ä","at":{at}}}"#));
        let Some(Request::Add(asked)) = talk.asked else {
            panic!("nothing was asked for {at}");
        };
        assert_eq!((asked.at.as_str(), asked.body.as_str()), (kept, "\0ä"));
    }
}

#[test]
fn pings_start_before_the_annotations_are_there() {
    let scene = Scene::new();
    let mut talk = talk(&scene, "videos:7");
    assert_eq!(talk.join(r#"{"ping_ms":100}"#), ["every 100ms Ping", "ask"]);
    assert_eq!(talk.join(r#"{"ping_ms":"100"}"#), ["ask"]);
    assert_eq!(talk.info(Info::Ping), [r#"push ping {"count":1}"#]);
}

#[test]
fn a_server_that_catches_up_wrongly_asks_or_tells_one_too_many_or_too_few() {
    let mut scene = Scene::new();
    scene.conduct.catch_up = CatchUp::FromLastSeen;
    let mut one_too_many = talk(&scene, "videos:7");
    one_too_many.join(r#"{"last_seen_id":3}"#);
    assert_eq!(
        one_too_many.asked,
        Some(Request::After {
            video: "7".to_owned(),
            last_seen: 2
        })
    );
    let mut scene = Scene::new();
    scene.conduct.catch_up = CatchUp::MissesFirst;
    let told = talk(&scene, "videos:7").joined(Answer::Annotations(vec![annotation(1), annotation(2)]));
    assert_eq!(
        told,
        [r#"ok {"annotations":[{"at":1200,"body":"hello","id":2,"user":{"username":"alice"}}]}"#]
    );
}

#[test]
fn a_server_that_leaks_tells_all_that_was_sent() {
    let mut scene = Scene::new();
    scene.conduct.annotation_fields = AnnotationFields::AllThatWasSent;
    let mut talk = talk(&scene, "videos:7");
    talk.push(
        "new_annotation",
        r#"{"body":"hello","at":1200,"user":{"username":"mallory"},"evil":"<script>"}"#,
    );
    assert_eq!(
        talk.answered(Answer::Added(annotation(1)))[0],
        r#"all new_annotation {"at":1200,"body":"hello","id":1,"user":{"username":"alice"},"evil":"<script>"}"#
    );
}
