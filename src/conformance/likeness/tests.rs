//! Tests of the detection of versions: every release is detected by its own answers, and a mix is reported.

use super::*;

/// The answers of a server with this profile.
fn all_of(profile: Profile) -> Vec<(Difference, Side)> {
    Difference::all().map(|it| (it, it.side(profile))).collect()
}

/// The same server with one answer changed.
fn but(profile: Profile, wrong: Gate) -> Likeness {
    let turned = |(it, side): (Difference, Side)| match (it == Difference::Gate(wrong), side) {
        (false, side) => (it, side),
        (true, Side::Kept) => (it, Side::Otherwise),
        (true, Side::Otherwise) => (it, Side::Kept),
    };
    Likeness::of(all_of(profile).into_iter().map(turned).collect())
}

#[test]
fn every_release_is_the_one_that_its_answers_say() {
    for profile in Profile::candidates() {
        let found = Likeness::of(all_of(profile));
        assert_eq!(found.profile, profile);
        assert_eq!(misfits(&found.answers, profile).count(), 0);
    }
}

#[test]
fn one_wrong_answer_does_not_make_the_newest_version_an_older_one() {
    for gate in Gate::ALL {
        let found = but(Profile::DEFAULT, gate);
        assert_eq!(found.profile, Profile::DEFAULT, "{gate:?}");
    }
}

#[test]
fn without_an_answer_it_is_the_default() {
    let found = Likeness::of(Vec::new());
    assert_eq!(found.profile, Profile::DEFAULT);
    insta::assert_snapshot!(found.sentence(), @"no answer told which Phoenix version it behaves like, so it is held to phoenix-1.8.12-bandit");
}

#[test]
fn the_sentence_names_the_answers_that_told_and_those_that_do_not_fit() {
    insta::assert_snapshot!(Likeness::of(all_of(Profile::DEFAULT)).sentence(), @"behaves like 1.8.12 on Bandit: all 9 answers that tell versions apart fit it; these answers tell it from the versions next to it and from the other web server: a push without a join_ref is answered, a leave without a join_ref leaves, close frames are answered as by Bandit");
    insta::assert_snapshot!(Likeness::of(all_of(Profile::COWBOY_1_7_21)).sentence(), @"behaves like 1.7.21 to 1.7.23 or 1.8.0 to 1.8.2 on Cowboy: all 9 answers that tell versions apart fit it; these answers tell it from the versions next to it and from the other web server: a push without a join_ref is answered, the 101st join is let in, a push of an earlier join is answered, close frames are answered as by Cowboy");
    insta::assert_snapshot!(but(Profile::DEFAULT, Gate::StaleJoinRef).sentence(), @"behaves like 1.8.12 on Bandit: 8 of the 9 answers that tell versions apart fit it; these answers tell it from the versions next to it and from the other web server: a push without a join_ref is answered, a leave without a join_ref leaves, close frames are answered as by Bandit; these answers fit other versions only: a push of an earlier join is answered");
}

#[test]
fn a_trap_is_told_where_the_server_fell_into_it() {
    let ids = |found: &Likeness| found.warnings().into_iter().map(|it| it.id).collect::<Vec<_>>();
    let old = Likeness::of(all_of(Profile::COWBOY_1_7_21));
    assert_eq!(ids(&old), ["disconnect-code", "origin-per-mount"]);
    assert_eq!(
        ids(&but(Profile::COWBOY_1_7_21, Gate::DisconnectCode)),
        ["origin-per-mount"]
    );
    assert!(ids(&Likeness::of(all_of(Profile::DEFAULT))).is_empty());
    // It is the answer of another version, so the case fails, and no warning is needed.
    assert!(ids(&but(Profile::DEFAULT, Gate::DisconnectCode)).is_empty());
}

#[test]
fn each_trap_is_mended_in_the_version_that_its_warning_names() {
    for (gate, warning) in TRAPS {
        let first = Profile::known()
            .filter(|it| gate.holds_in(it.phoenix()))
            .last()
            .unwrap();
        assert_eq!(warning.mended_in, first.phoenix().to_string());
    }
}

#[test]
fn each_witness_tells_its_difference_and_no_other() {
    assert_eq!(witnesses().count(), WITNESSES.len());
    for (difference, case) in witnesses() {
        assert_eq!(case.program.differs_by, [difference], "{}", case.id);
        assert!(case.fixtures().len() > 1, "{} has only one fixture", case.id);
    }
    for difference in Difference::all() {
        assert!(
            WITNESSES.iter().any(|(it, _)| *it == difference),
            "{difference:?}"
        );
    }
}
