//! What a person may write wrongly, and how they are told.

use super::read;

fn refused(source: &str) -> String {
    read("scenarios/test.yaml", source).unwrap_err().to_string()
}

#[test]
fn an_unknown_verb_is_shown_with_the_nearest_one() {
    insta::assert_snapshot!(refused(
        "about: A typo.\nsteps:\n  - ana: connect\n  - ana: { recieve: pong }\n"
    ));
}
