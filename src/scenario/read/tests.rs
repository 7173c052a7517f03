//! Tests of the reader: the messages for common mistakes, and hostile files.

use super::read;
use crate::scenario::Program;

fn refused(source: &str) -> String {
    match read("scenarios/test.yaml", source) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.to_string(),
    }
}

fn steps(steps: &str) -> String {
    format!("about: A test.\nfresh: [room]\nsteps:\n{steps}")
}

fn good(source: &str) -> Program {
    read("scenarios/test.yaml", source).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_unknown_verb_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(refused(&steps("  - ana: connect\n  - ana: { recieve: pong }\n")));
}

#[test]
fn an_unknown_option_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(refused(&steps(
        "  - ana: connect\n  - ana: { join: \"lab:{{room}}\", wiht: { a: 1 } }\n"
    )));
}

#[test]
fn an_actor_that_never_connected_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(refused(&steps("  - ana: connect\n  - anna: heartbeat\n")));
}

#[test]
fn a_name_that_nothing_saved_is_shown() {
    insta::assert_snapshot!(refused(&steps(
        "  - ana: connect\n  - ana: { join: \"lab:{{romo}}\" }\n"
    )));
}

#[test]
fn a_wrong_type_is_shown_with_the_right_one() {
    insta::assert_snapshot!(refused(&steps(
        "  - ana: connect\n  - ana: { receive-nothing: soon }\n"
    )));
}

#[test]
fn an_unclosed_quote_is_shown() {
    insta::assert_snapshot!(refused("about: \"A test.\nsteps:\n  - ana: connect\n"));
}

#[test]
fn a_hole_without_quotes_is_explained() {
    insta::assert_snapshot!(refused(&steps("  - ana: connect\n  - ana: { join: {{room}} }\n")));
}

#[test]
fn options_outside_the_braces_are_explained() {
    insta::assert_snapshot!(refused(&steps(
        "  - ana: connect\n  - ana: { push: echo }\n    with: { a: 1 }\n"
    )));
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    insta::assert_snapshot!(refused(
        "aboot: x\nlevel: lap\nsteps:\n  - ana: connect\n  - ana: { push: echo }\n  - bob: leave\n  - togehter: []\n"
    ));
}

#[test]
fn a_topic_must_be_named_where_two_are_joined() {
    insta::assert_snapshot!(refused(&steps(
        "  - ana: connect\n  - ana: { join: \"lab:a\" }\n  - ana: { join: \"lab:b\" }\n  - ana: { push: echo }\n"
    )));
}

#[test]
fn a_key_that_stands_twice_is_an_error() {
    insta::assert_snapshot!(refused("about: x\nabout: y\nsteps:\n  - ana: connect\n"));
}

#[test]
fn nothing_to_do_is_an_error() {
    insta::assert_snapshot!(refused("about: x\nsteps: []\n"));
}

#[test]
fn words_of_other_yamls_stay_words() {
    let source = steps("  - ana: connect\n  - ana: { join: on, with: { a: yes, b: 0755 } }\n");
    let program = format!("{:?}", good(&source).groups);
    assert!(
        program.contains("String(\"yes\")") && program.contains("String(\"0755\")"),
        "{program}"
    );
}

#[test]
fn repetitions_are_written_out_and_bounded() {
    let repeat = |times: u32| {
        steps(&format!(
            "  - ana: connect\n  - repeat: {times}\n    steps: [ana: heartbeat]\n"
        ))
    };
    assert_eq!(good(&repeat(20)).groups.len(), 21);
    assert!(refused(&repeat(4_000_000)).contains("more than 100000 steps"));
}

#[test]
fn a_mark_stands_only_in_what_is_pushed() {
    let start = "about: A.\nsteps:\n  - ana: connect\n  - ana: { join: a }\n";
    good(&format!(
        "{start}  - ana: {{ push: b, with: {{ c: [\"{{{{mark}}}}\"], d: \"{{{{seq}}}}\" }} }}\n"
    ));
    for step in [
        "{ receive: b, with: { c: \"{{mark}}\" } }",
        "{ push: b, reply: { ok: { c: \"{{mark}}\" } } }",
        "{ receive: b, on: \"{{mark}}\" }",
        "{ join: \"x{{mark}}\" }",
    ] {
        let said = refused(&format!("{start}  - ana: {step}\n"));
        assert!(
            said.contains("a mark stands only in what is pushed") && said.contains(":5:"),
            "{said}"
        );
    }
    let said = refused(&format!(
        "{start}  - ana: {{ push: b, reply: {{ ok: {{ n: \"{{{{seq}}}}\" }} }} }}\n"
    ));
    assert!(said.contains("cannot be expected"), "{said}");
}

#[test]
fn files_that_are_meant_to_hurt_are_refused_at_once() {
    let bombs = [
        "[".repeat(3 << 20),
        "{a: ".repeat(700_000),
        "- ".repeat(1 << 20),
        "? ".repeat(1 << 20),
        "about: x\nsteps: ".to_owned() + &"[".repeat(3 << 20),
        alias_bomb(),
        "a".repeat(5 << 20),
        format!("about: {}\nsteps: []", "x".repeat(3 << 20)),
        "steps:\n".to_owned() + &"  - ana: { recieve: x }\n".repeat(100_000),
        "about: x\nsteps:\n - ana: { push: \"{{'x' * 999999999999}}\" }\n".to_owned(),
    ];
    for bomb in &bombs {
        let said = refused(bomb);
        assert!(said.len() < 100_000, "{} bytes of error", said.len());
    }
}

fn alias_bomb() -> String {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!(
            "a{level}: &a{level} [{}]\n",
            below.trim_end_matches(", ")
        ));
    }
    bomb
}

mod arbitrary {
    use proptest::prelude::*;

    use super::read;

    proptest! {
        /// Any text is either read or refused.
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = read("x", &text).map_err(|error| error.to_string());
        }

        /// So is any damaged scenario.
        #[test]
        fn any_piece_of_a_scenario_is_read_or_refused(from in 0_usize..400, to in 0_usize..400, odd in "\\PC{0,5}") {
            let whole = include_str!("../../../scenarios/presence/update.yaml");
            let cut = |at: usize| (0..=at.min(whole.len())).rev().find(|at| whole.is_char_boundary(*at)).unwrap();
            let text = format!("{}{odd}{}", &whole[..cut(from)], &whole[cut(to)..]);
            let _ = read("x", &text).map_err(|error| error.to_string());
        }
    }
}

#[test]
fn a_fallback_goes_with_neither_a_transport_nor_a_refusal() {
    for (option, title) in [
        ("transport: longpoll", "`transport` does not go with `fallback`"),
        ("answer: refused", "`answer` does not go with `fallback`"),
        ("settles-on: tcp", "`tcp` is no transport"),
    ] {
        let step = format!("  - ana: {{ connect: socket, fallback: 500ms, {option} }}\n");
        let said = refused(&steps(&step));
        assert!(said.contains(title), "{said}");
    }
    let said = refused(&steps("  - ana: { connect: socket, settles-on: longpoll }\n"));
    assert!(said.contains("`settles-on` needs `fallback`"), "{said}");
    let needed = good(&steps("  - ana: { connect: socket, fallback: 500ms }\n"));
    assert_eq!(needed.bound_to(), Some(crate::transport::Transport::LongPoll));
}

#[test]
fn the_age_of_a_token_needs_whose_token_it_is() {
    let said = refused(&steps("  - ana: { connect: socket, token-age: 60 }\n"));
    assert!(said.contains("`as` and the name of a user"), "{said}");
    assert!(good(&steps("  - ana: { connect: socket, as: ana, token-age: 60 }\n")).wants_old_tokens());
}

#[test]
fn the_rule_of_a_step_is_one_that_the_file_cites() {
    let file = |rules: &str| {
        format!(
            "about: A test.\n{rules}steps:\n  - ana: connect\n  - ana: {{ heartbeat: 1, rule: heartbeat-repyl }}\n"
        )
    };
    insta::assert_snapshot!(refused(&file("rules: [heartbeat-reply, refs-echoed]\n")));
    assert!(refused(&file("")).contains("write `rules: [heartbeat-repyl]` at the top of the file"));
    let program = good(&file("rules: [heartbeat-reply]\n").replace("repyl", "reply"));
    let rules: Vec<_> = program.acts().map(|act| act.rule.as_deref()).collect();
    assert_eq!(rules, [None, Some("heartbeat-reply")]);
}

#[test]
fn steps_together_are_of_one_rule_unless_they_name_their_own() {
    let program = good(
        "about: A test.\nrules: [reply-order, push-reply]\nsteps:\n  - ana: connect\n  - together:\n      \
         - ana: { heartbeat: 1, rule: push-reply }\n      - ana: heartbeat\n    answers: in order\n    rule: reply-order\n",
    );
    let group = program.groups.last().unwrap();
    let rules: Vec<_> = group.acts.iter().map(|act| act.rule.as_deref()).collect();
    assert_eq!(group.rule.as_deref(), Some("reply-order"));
    assert_eq!(rules, [Some("push-reply"), Some("reply-order")]);
}

#[test]
fn a_hole_in_braces_without_quotes_is_told_how_to_quote() {
    let text = refused(&steps("  - ana: connect\n  - ana: { join: lab:{{room}} }\n"));
    assert!(text.contains("help: quote it: \"lab:{{room}}\""), "{text}");
}

#[test]
fn letters_in_another_order_are_a_word_that_was_meant() {
    let text = refused(&steps(
        "  - ana: connect\n  - ana: { push: a, on: b, whit: { a: 1 } }\n",
    ));
    assert!(text.contains("help: did you mean `with`?"), "{text}");
}

#[test]
fn a_step_of_nobody_is_told_to_stand_alone() {
    let text = refused(&steps("  - ana: connect\n  - ana: { sleep: 1s }\n"));
    assert!(
        text.contains("help: `sleep` stands alone, without an actor: `- sleep: …`"),
        "{text}"
    );
}

#[test]
fn an_unknown_transport_is_shown_with_the_nearest_one() {
    let refused = refused(&steps("  - ana: { connect: socket, transport: longpol }\n"));
    assert!(refused.contains("`longpol` is no transport"), "{refused}");
    assert!(refused.contains("did you mean `longpoll`?"), "{refused}");
}
