//! Searches on simulated servers.

use proptest::prelude::*;

use super::super::goal::LoadClass;
use super::*;

fn settings(most: u64) -> SearchSettings {
    SearchSettings {
        range: 1..=most,
        start: 100,
        goal: Goal {
            width: 0.025,
            trial: Duration::from_secs(3),
            sum: Duration::from_secs(9),
        },
        soak: Duration::ZERO,
    }
}

/// Searches on a server whose trials end so. Returns the search when it is over.
fn search(settings: SearchSettings, mut trial: impl FnMut(u64, Duration) -> TrialVerdict) -> Search {
    let mut search = Search::new(settings);
    while let NextTrial::Try {
        purpose,
        load,
        duration,
    } = search.next()
    {
        let verdict = trial(load, duration);
        tell(&mut search, purpose, (load, duration, verdict));
    }
    search
}

fn tell(
    search: &mut Search,
    purpose: TrialPurpose,
    (load, duration, verdict): (u64, Duration, TrialVerdict),
) {
    let measured = Measured {
        load,
        duration,
        verdict,
    };
    search.tell(purpose, measured);
}

/// Tells three full trials with this verdict.
fn tell_full(search: &mut Search, load: u64, verdict: TrialVerdict) {
    let duration = search.settings.goal.trial;
    (0..3).for_each(|_| tell(search, TrialPurpose::Search, (load, duration, verdict)));
}

fn sharp(limit: u64) -> impl FnMut(u64, Duration) -> TrialVerdict {
    move |load, _| match load <= limit {
        true => TrialVerdict::Held,
        false => TrialVerdict::Missed,
    }
}

fn seconds(search: &Search) -> f64 {
    search.trials.iter().map(|it| it.duration.as_secs_f64()).sum()
}

#[test]
fn the_planted_limits_are_found_in_few_trials() {
    for (limit, most_trials, most_seconds) in [(300, 30, 60.0), (2000, 32, 60.0), (12_000, 35, 60.0)] {
        let search = search(settings(1_000_000), sharp(limit));
        let Bounds { lower, upper, .. } = search.bounds();
        let found = lower.unwrap();
        assert!(
            found <= limit && found as f64 >= limit as f64 * 0.974,
            "{found} for {limit}"
        );
        let (count, took) = (search.trials.len(), seconds(&search));
        assert!(
            count <= most_trials && took <= most_seconds,
            "{limit}: {count} trials, {took} s"
        );
        assert!(search.is_narrow(lower, upper) && search.inversions().is_empty());
    }
}

#[test]
fn the_smallest_load_that_misses_is_told_and_no_load_is_made_up() {
    let search = search(settings(1000), sharp(0));
    let bounds = Bounds {
        upper: Some(1),
        ..Bounds::default()
    };
    assert_eq!(
        (search.bounds(), search.next()),
        (bounds, NextTrial::Over(Soak::NotTried))
    );
}

#[test]
fn a_server_that_holds_the_largest_load_has_no_upper_bound() {
    let search = search(settings(1000), sharp(5000));
    let bounds = Bounds {
        lower: Some(1000),
        ..Bounds::default()
    };
    assert_eq!(search.bounds(), bounds);
}

#[test]
fn loads_that_stay_undecided_end_the_search_and_are_no_bound() {
    for beyond in [TrialVerdict::Undecided, TrialVerdict::Impossible] {
        let search = search(settings(1_000_000), |load, _| match load <= 700 {
            true => TrialVerdict::Held,
            false => beyond,
        });
        let bounds = search.bounds();
        assert_eq!(
            (bounds.upper, search.next()),
            (None, NextTrial::Over(Soak::NotTried))
        );
        let (lower, undecided) = (bounds.lower.unwrap(), bounds.undecided.unwrap());
        assert!((680..=700).contains(&lower) && undecided > 700, "{bounds:?}");
        assert!(search.trials.len() <= 60, "{}", search.trials.len());
    }
}

#[test]
fn a_generator_that_is_never_up_to_it_gives_up_soon_and_accuses_nobody() {
    let search = search(settings(1_000_000), |_, _| TrialVerdict::Undecided);
    let bounds = search.bounds();
    assert_eq!((bounds.lower, bounds.upper), (None, None));
    assert_eq!(bounds.undecided, Some(1));
    assert!(search.trials.len() <= 27, "{}", search.trials.len());
}

#[test]
fn one_load_that_stays_undecided_is_gone_round() {
    for undecided in [100, 200, 1600, 283, 303] {
        let mut server = sharp(300);
        let search = search(settings(1_000_000), |load, duration| match load == undecided {
            true => TrialVerdict::Undecided,
            false => server(load, duration),
        });
        let Bounds { lower, upper, .. } = search.bounds();
        assert!(
            search.is_narrow(lower, upper) && (292..=300).contains(&lower.unwrap()),
            "{lower:?} to {upper:?} without {undecided}"
        );
    }
}

#[test]
fn longer_trials_may_decide_what_short_ones_could_not() {
    let mut server = sharp(300);
    let full = Duration::from_secs(3);
    let search = search(settings(1_000_000), |load, duration| match duration < full {
        true => TrialVerdict::Undecided,
        false => server(load, duration),
    });
    let bounds = search.bounds();
    assert!(
        bounds.lower >= Some(100) && bounds.upper.is_none_or(|it| it > 300),
        "{bounds:?}"
    );
}

#[test]
fn one_bad_moment_does_not_hide_what_a_server_holds() {
    for bad in 0..25 {
        let mut count = 0;
        let mut server = sharp(12_000);
        let search = search(settings(1_000_000), |load, duration| {
            count += 1;
            match count == bad {
                true => TrialVerdict::Missed,
                false => server(load, duration),
            }
        });
        let lower = search.bounds().lower.unwrap();
        assert!(
            (11_400..=12_000).contains(&lower),
            "{lower} when trial {bad} was bad"
        );
    }
}

#[test]
fn a_load_that_held_counts_although_a_lower_one_missed() {
    let mut search = Search::new(settings(1000));
    tell_full(&mut search, 100, TrialVerdict::Missed);
    tell_full(&mut search, 200, TrialVerdict::Held);
    let inversion = Inversion {
        missed: 100,
        held: 200,
    };
    assert_eq!(search.inversions(), [inversion]);
    assert_eq!(search.bounds().lower, Some(200));
    assert!(matches!(search.next(), NextTrial::Try { load, .. } if load > 200));
}

#[test]
fn a_search_never_goes_below_what_held() {
    // The load in the middle misses, whenever it is tried; everything else up to 400 holds.
    let mut held = 0;
    let search = search(settings(1000), |load, _| {
        let verdict = match load <= 400 && !(120..140).contains(&load) {
            true => TrialVerdict::Held,
            false => TrialVerdict::Missed,
        };
        assert!(load >= held, "{load} although {held} held");
        if verdict == TrialVerdict::Held {
            held = held.max(load);
        }
        verdict
    });
    assert!((390..=400).contains(&search.bounds().lower.unwrap()));
}

#[test]
fn a_search_that_is_cut_short_tells_what_its_short_trials_showed() {
    let mut search = Search::new(settings(1000));
    let mut server = sharp(300);
    for _ in 0..3 {
        let NextTrial::Try {
            purpose,
            load,
            duration,
        } = search.next()
        else {
            break;
        };
        let verdict = server(load, duration);
        tell(&mut search, purpose, (load, duration, verdict));
    }
    let bounds = search.bounds();
    assert_eq!((bounds.lower, bounds.upper), (Some(200), Some(400)));
    assert!(!search.is_narrow(bounds.lower, bounds.upper));
}

#[test]
fn the_answer_is_held_for_longer_and_a_soak_that_misses_is_no_answer() {
    let soaked = || SearchSettings {
        soak: Duration::from_secs(10),
        ..settings(1000)
    };
    let confirmed = search(soaked(), sharp(300));
    assert_eq!(confirmed.next(), NextTrial::Over(Soak::Held));
    let is_soak = |duration: Duration| duration.as_secs() == 10;
    let mut server = sharp(300);
    let limited = search(soaked(), |load, duration| match is_soak(duration) && load > 290 {
        true => TrialVerdict::Missed,
        false => server(load, duration),
    });
    assert_eq!(limited.next(), NextTrial::Over(Soak::Held));
    assert!((280..=290).contains(&limited.bounds().lower.unwrap()));
    let noisy = search(soaked(), |load, duration| match is_soak(duration) {
        true => TrialVerdict::Missed,
        false => sharp(300)(load, duration),
    });
    assert_eq!((noisy.next(), noisy.soaks.len()), (NextTrial::TooNoisy, 3));
    let busy = search(soaked(), |load, duration| match is_soak(duration) {
        true => TrialVerdict::Undecided,
        false => sharp(300)(load, duration),
    });
    assert_eq!(
        (busy.next(), busy.soaks.len()),
        (NextTrial::Over(Soak::Undecided), 3)
    );
}

proptest! {
    #[test]
    fn a_sharp_limit_is_found(limit in 1_u64..2_000_000, start in 1_u64..5_000) {
        let settings = SearchSettings { start, ..settings(10_000_000) };
        let search = search(settings, sharp(limit));
        let lower = search.bounds().lower.unwrap();
        prop_assert!(lower <= limit);
        prop_assert!(limit - lower <= 1 || lower as f64 >= limit as f64 * 0.974);
        prop_assert!(search.trials.len() <= 60, "{}", search.trials.len());
    }

    #[test]
    fn a_limit_is_found_though_some_trials_are_undecided(
        limit in 1_u64..100_000,
        undecided in proptest::collection::vec(proptest::bool::weighted(0.2), 300),
    ) {
        let mut undecided = undecided.into_iter();
        let mut server = sharp(limit);
        let search = search(settings(1_000_000), |load, duration| match undecided.next() {
            Some(true) => TrialVerdict::Undecided,
            _ => server(load, duration),
        });
        let bounds = search.bounds();
        prop_assert!(bounds.lower.is_none_or(|it| it <= limit) && bounds.upper.is_none_or(|it| it > limit));
        if bounds.undecided.is_none() {
            let lower = bounds.lower.unwrap();
            prop_assert!(limit - lower <= 1 || lower as f64 >= limit as f64 * 0.974);
        }
    }

    #[test]
    fn whatever_the_verdicts_a_search_ends_and_claims_only_what_its_trials_showed(
        verdicts in proptest::collection::vec(
            prop_oneof![
                6 => Just(TrialVerdict::Held),
                6 => Just(TrialVerdict::Missed),
                3 => Just(TrialVerdict::Undecided),
                1 => Just(TrialVerdict::Impossible),
            ],
            MOST_TRIALS + 10,
        ),
        most in prop_oneof![1_u64..50, 1_u64..1_000_000],
        soak in 0_u64..12,
    ) {
        let mut verdicts = verdicts.into_iter();
        let settings = SearchSettings {
            soak: Duration::from_secs(soak),
            start: 100.min(most),
            ..settings(most)
        };
        // Fails if it asks for more trials than there are.
        let search = search(settings, |_, _| verdicts.next().unwrap());
        let told = |load: u64, verdict| search.trials.iter().any(|it| it.load == load && it.verdict == verdict);
        let bounds = search.bounds();
        if let Some(lower) = bounds.lower {
            prop_assert!(told(lower, TrialVerdict::Held), "{bounds:?}");
            let full = search.trials.iter().filter(|it| it.load == lower && it.duration >= search.settings.goal.trial);
            let class = search.settings.goal.classify(full);
            prop_assert!(class != LoadClass::Upper, "{bounds:?}");
            prop_assert!(class == LoadClass::Lower || search.next() == NextTrial::TooNoisy, "{bounds:?}");
        }
        if let Some(upper) = bounds.upper {
            prop_assert!(told(upper, TrialVerdict::Missed), "{bounds:?}");
            prop_assert!(bounds.lower.is_none_or(|lower| lower < upper), "{bounds:?}");
        }
        for trial in search.trials.iter().filter(|it| Some(it.load) > bounds.lower) {
            let there = search.trials.iter().filter(|it| it.load == trial.load);
            let class = search.settings.goal.classify(there);
            prop_assert!(class != LoadClass::Lower, "{} held, and is above the answer", trial.load);
        }
        for pair in search.inversions() {
            prop_assert!(pair.missed < pair.held);
            prop_assert!(told(pair.missed, TrialVerdict::Missed) && told(pair.held, TrialVerdict::Held));
        }
    }
}
