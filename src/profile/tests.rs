//! Which versions are told apart, and how they are named.

use super::*;

#[test]
fn every_group_of_versions_has_one_candidate_on_each_web_server() {
    let named = |adapter| {
        Profile::candidates()
            .filter(|profile| profile.adapter() == adapter)
            .map(|profile| format!("{profile}: {}", profile.versions()))
            .collect::<Vec<_>>()
            .join("\n")
    };
    insta::assert_snapshot!(named(Adapter::Bandit), @r"
    phoenix-1.8.12-bandit: 1.8.12
    phoenix-1.8.10-bandit: 1.8.10 or 1.8.11
    phoenix-1.8.9-bandit: 1.8.9
    phoenix-1.8.8-bandit: 1.8.8
    phoenix-1.8.7-bandit: 1.8.6 or 1.8.7
    phoenix-1.8.5-bandit: 1.8.3 to 1.8.5
    phoenix-1.8.2-bandit: 1.7.21 to 1.7.23 or 1.8.0 to 1.8.2
    phoenix-1.7.24-bandit: 1.7.24
    ");
    insta::assert_snapshot!(named(Adapter::Cowboy), @r"
    phoenix-1.8.12-cowboy: 1.8.12
    phoenix-1.8.10-cowboy: 1.8.10 or 1.8.11
    phoenix-1.8.9-cowboy: 1.8.9
    phoenix-1.8.8-cowboy: 1.8.8
    phoenix-1.8.7-cowboy: 1.8.6 or 1.8.7
    phoenix-1.8.5-cowboy: 1.8.3 to 1.8.5
    phoenix-1.7.24-cowboy: 1.7.24
    phoenix-1.7.21-cowboy: 1.7.21 to 1.7.23 or 1.8.0 to 1.8.2
    ");
}

#[test]
fn the_recorded_profiles_are_candidates() {
    let candidates: Vec<_> = Profile::candidates().collect();
    for profile in Profile::RECORDED {
        assert!(candidates.contains(&profile), "{profile}");
    }
}

#[test]
fn every_known_profile_behaves_like_one_candidate() {
    for profile in Profile::known() {
        let alike = Profile::candidates().filter(|it| it.behaves_like(profile));
        assert_eq!(alike.count(), 1, "{profile}");
    }
}

#[test]
fn a_name_is_read_as_it_is_written() {
    for profile in Profile::known() {
        assert_eq!(profile.name().parse(), Ok(profile));
    }
    assert_eq!(Profile::BANDIT_1_8_12.name(), "phoenix-1.8.12-bandit");
    assert_eq!(Profile::COWBOY_1_7_21.name(), "phoenix-1.7.21-cowboy");
    assert!("phoenix-1.6.0-cowboy".parse::<Profile>().is_err());
}
