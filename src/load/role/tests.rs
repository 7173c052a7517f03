//! Tests what scenarios compile to, and the errors for those that do not compile.

use std::time::Duration;

use super::*;
use crate::scenario::{Color, Program, read};

const START: &str = "about: A.\nfresh: [room]\nshared: [hall]\nsteps:\n  - ana: connect\n";

fn compile(rest: &str, instead: &Override) -> Result<CompiledScenarios, String> {
    let program = read("a.yaml", &format!("{START}{rest}")).expect("a scenario");
    compile_for(Vsn::V2, program, instead)
}

fn compile_for(vsn: Vsn, program: Program, instead: &Override) -> Result<CompiledScenarios, String> {
    let shares = [Share::new(program.into())];
    let compiled = CompiledScenarios::compile(&shares, instead, vsn, 500);
    let compiled = compiled.map_err(|error| error.render(Color::Never))?;
    compiled.ok_or_else(|| STEPPED.to_owned())
}

/// The marker for a scenario that cannot be compiled to roles.
const STEPPED: &str = "played step by step";

fn cast(rest: &str) -> CompiledScenarios {
    compile(rest, &Override::default()).unwrap()
}

/// The error for a step after a join.
fn said(step: &str) -> String {
    compile(
        &format!("  - ana: {{ join: \"lab:{{{{room}}}}\" }}\n{step}"),
        &Override::default(),
    )
    .unwrap_err()
}

#[test]
fn joins_come_first_and_the_rest_is_repeated() {
    let cast = cast(
        "  - ana: { join: \"lab:{{room}}\" }\n  - ana: { join: \"lab:{{hall}}\" }\n  - sleep: 1s\n  \
         - ana: { push: echo, on: \"lab:{{hall}}\" }\n",
    );
    let role = &cast.roles[0];
    let places: Vec<_> = role.joins.iter().map(|join| join.place).collect();
    assert_eq!(places, [TopicPlace::Own(0), TopicPlace::Shared(0)]);
    assert_eq!(&*cast.shared_topics[0], "lab:501");
    assert!(matches!(
        &*role.steps,
        [Step::Sleep(_), Step::Push(Push { channel: 1, .. })]
    ));
    assert_eq!(
        (role.send_mode, cast.own_topics, cast.own_names),
        (SendMode::Rounds, 1, 2)
    );
}

#[test]
fn who_joins_again_says_how_where_that_can_be_heard() {
    let cast = cast(
        "  - ana: { join: \"lab:{{room}}\" }\n  - ana: leave\n  \
         - ana: { join: \"lab:{{room}}\", with: { last: 1 }, reply: { ok: { count: 1 } } }\n  - ana: cut\n  \
         - ana: connect\n  - ana: { join: \"lab:{{room}}\", with: { last: 1 } }\n",
    );
    let role = &cast.roles[0];
    let params: Vec<_> = role
        .entries
        .iter()
        .map(|it| it.common_params.as_deref())
        .collect();
    assert_eq!(params, [Some("{}"), Some(r#"{"last":1}"#), Some(r#"{"last":1}"#)]);
    assert!(role.entries[0].response.is_none() && role.entries[1].response.is_some());
    assert!(matches!(
        &*role.steps,
        [
            Step::Leave(0),
            Step::Join { entry: 1, .. },
            Step::Cut,
            Step::Join { entry: 2, .. }
        ]
    ));
}

#[test]
fn roles_have_their_share_of_an_instance() {
    let cast = cast(
        "  - bea: connect\n  - ana, bea: { join: \"lab:{{room}}\" }\n  - ana: { push: broadcast }\n  \
         - bea: { receive: broadcasted }\nload:\n  roles: { ana: 1, bea: { share: 3, reads-every: 2s } }\n",
    );
    assert_eq!(*cast.plays[0].places, [0, 1, 1, 1]);
    assert_eq!(
        (cast.roles[0].send_mode, cast.roles[1].send_mode),
        (SendMode::Pushes, SendMode::Listens)
    );
    assert_eq!(cast.roles[1].reads_every, Some(Duration::from_secs(2)));
    assert!(cast.roles[1].joins[0].hears && !cast.roles[0].joins[0].hears);
    // Both roles join the room of their instance.
    assert_eq!(cast.roles[0].joins[0].place, cast.roles[1].joins[0].place);
}

#[test]
fn the_command_line_has_the_last_word_on_topic_and_push() {
    let instead = Override {
        topic: Some("room:1".to_owned()),
        join_params: Some(serde_json::json!({"token": "t"})),
        push: Some((
            "shout".to_owned(),
            serde_json::json!({"body": "{{sender}} says {{mark}}", "n": ["{{seq}}"]}),
        )),
        push_reply: None,
        offers: Vec::new(),
    };
    let cast = compile(
        "  - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo }\n",
        &instead,
    )
    .unwrap();
    let role = &cast.roles[0];
    assert_eq!(&*cast.shared_topics[0], "room:1");
    assert_eq!(role.entries[0].common_params.as_deref(), Some(r#"{"token":"t"}"#));
    assert!(matches!(&*role.steps, [Step::Push(push)] if &*push.event == "shout" && push.is_marked()));
}

#[test]
fn what_a_swarm_cannot_play_is_said_with_its_place() {
    for (step, part) in [
        ("  - restart: term\n", "restarts no server"),
        (
            "  - repeat: 60001\n    steps: [{ ana: { push: echo } }]\n",
            "more steps than a round",
        ),
        (
            "  - ana: { push: echo, with: { a: \"{{unknown_topic}}\" } }\n",
            "could stand for here",
        ),
    ] {
        let said = said(step);
        assert!(said.contains(part) && said.contains("a.yaml:"), "{step}: {said}");
    }
}

#[test]
fn what_no_role_can_do_is_played_step_by_step() {
    for step in [
        "  - ana: { raw: { text: x } }\n",
        "  - http: GET /\n",
        "  - ana: { receive-nothing: 1s }\n",
        "  - ana: { push: echo, save: { a: /b } }\n  - ana: { push: echo, with: { a: \"{{a}}\" } }\n",
        "  - ana: { push: echo, ref: 9 }\n",
        "  - ana: heartbeat\n",
        "  - ana: { leave: \"lab:{{room}}\", reply: error }\n",
        "  - ana: cut\n  - ana: { connect: strict_socket }\n",
        "  - repeat: 2\n    together: [{ ana: { push: echo } }, { ana: { receive: said } }]\n    answers: in order\n",
        "  - sleep: 1s\n  - ana: { join: \"lab:other\" }\n",
        "  - ana: leave\n  - ana: { push: echo }\n",
        "  - ana: { join: \"lab:{{room}}\" }\n",
        "  - ana: { receive: said }\n  - ana: { receive: said, on: \"lab:{{room}}\" }\n",
        "  - ana: cut\n  - ana: { join: \"lab:{{room}}\", with: { last: 1 } }\n",
        "  - ana: leave\n  - ana: { join: \"lab:{{room}}\", reply: error }\n",
        "  - ana: { push: \"e{{room}}\" }\n",
        "  - bea: { connect: socket, params: { vsn: 1.0.0 } }\n",
        "  - bea: { connect: socket, as: bea, token-age: 60 }\n",
    ] {
        assert_eq!(said(step), STEPPED, "{step}");
    }
}

#[test]
fn the_command_line_replaces_no_part_of_what_is_played_step_by_step() {
    let instead = Override {
        topic: Some("room:1".to_owned()),
        ..Override::default()
    };
    let steps = "  - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo, save: { a: /b } }\n";
    let said = compile(steps, &instead).unwrap_err();
    let part = "cannot replace a part of a scenario in which `save` stands";
    assert!(said.contains(part) && said.contains("a.yaml:7"), "{said}");
}

#[test]
fn what_a_serializer_cannot_carry_is_refused_with_its_place() {
    let binary = |topic: &str| {
        let text =
            format!("{START}  - ana: {{ join: \"{topic}\" }}\n  - ana: {{ push: echo, binary: \"01\" }}\n");
        read("a.yaml", &text).expect("a scenario")
    };
    let compiled = |vsn, topic: &str| compile_for(vsn, binary(topic), &Override::default()).map(drop);
    assert_eq!(compiled(Vsn::V2, "lab:1"), Ok(()));
    let said = compiled(Vsn::V1, "lab:1").unwrap_err();
    assert!(
        said.contains("1.0.0 cannot carry a binary push") && said.contains("a.yaml:7:10"),
        "{said}"
    );
    let said = compiled(Vsn::V2, &"x".repeat(256)).unwrap_err();
    assert!(said.contains("no room for more than 255 bytes"), "{said}");
}

#[test]
fn one_voice_is_enough_where_all_hear_it() {
    let marked = |topic: &str| {
        cast(&format!(
            "  - ana: {{ join: \"lab:{{{{{topic}}}}}\" }}\n  - ana: {{ push: broadcast, with: {{ m: \"{{{{mark}}}}\" }} }}\n"
        ))
    };
    assert_eq!(
        (
            marked("hall").sender_selection(0),
            marked("room").sender_selection(0)
        ),
        (SenderSelection::One, SenderSelection::All)
    );
}
