//! Searches on simulated servers.

use proptest::prelude::*;

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
    }
}

/// Searches on a server whose trials end so. Returns the bounds and the trials.
fn search(
    settings: SearchSettings,
    mut trial: impl FnMut(u64, Duration) -> TrialVerdict,
) -> (Bounds, Search) {
    let mut search = Search::new(settings);
    loop {
        match search.next() {
            NextTrial::Over(bounds) => return (bounds, search),
            NextTrial::Try { load, duration } => {
                let verdict = trial(load, duration);
                search.tell(Measured {
                    load,
                    duration,
                    verdict,
                });
            }
        }
    }
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
        let (bounds, search) = search(settings(1_000_000), sharp(limit));
        let lower = bounds.lower.unwrap();
        assert!(
            lower <= limit && lower as f64 >= limit as f64 * 0.974,
            "{lower} for {limit}"
        );
        let (count, took) = (search.trials.len(), seconds(&search));
        assert!(
            count <= most_trials && took <= most_seconds,
            "{limit}: {count} trials, {took} s"
        );
        assert!(search.is_narrow(bounds) && search.inversions().is_empty());
    }
}

#[test]
fn the_smallest_load_that_misses_is_told_and_no_load_is_made_up() {
    let (bounds, search) = search(settings(1000), sharp(0));
    let upper = Upper {
        load: 1,
        because: UpperReason::Missed,
    };
    assert_eq!((bounds.lower, bounds.upper), (None, Some(upper)));
    assert!(search.is_narrow(bounds));
}

#[test]
fn a_server_that_holds_the_largest_load_has_no_upper_bound() {
    let (bounds, search) = search(settings(1000), sharp(5000));
    assert_eq!((bounds.lower, bounds.upper), (Some(1000), None));
    assert!(search.is_narrow(bounds));
}

#[test]
fn a_load_that_the_generator_cannot_make_ends_the_search_there() {
    let (bounds, _) = search(settings(1_000_000), |load, _| match load <= 700 {
        true => TrialVerdict::Held,
        false => TrialVerdict::Undecided,
    });
    assert_eq!(bounds.upper.map(|it| it.because), Some(UpperReason::OutOfReach));
    assert!(
        bounds.lower.is_some_and(|lower| (680..=700).contains(&lower)),
        "{bounds:?}"
    );
}

#[test]
fn one_bad_moment_does_not_hide_what_a_server_holds() {
    for bad in 0..25 {
        let mut count = 0;
        let mut server = sharp(12_000);
        let (bounds, _) = search(settings(1_000_000), |load, duration| {
            count += 1;
            match count == bad {
                true => TrialVerdict::Missed,
                false => server(load, duration),
            }
        });
        let lower = bounds.lower.unwrap();
        assert!(
            (11_400..=12_000).contains(&lower),
            "{lower} when trial {bad} was bad"
        );
    }
}

#[test]
fn a_load_that_misses_between_loads_that_hold_is_told_as_an_inversion() {
    let mut search = Search::new(settings(1000));
    for (load, verdict) in [(100, TrialVerdict::Missed), (200, TrialVerdict::Held)] {
        for _ in 0..3 {
            search.tell(Measured {
                load,
                duration: Duration::from_secs(3),
                verdict,
            });
        }
    }
    let inversion = Inversion {
        missed: 100,
        held: 200,
    };
    assert_eq!(search.inversions(), [inversion]);
    assert_eq!(search.bounds().lower, None);
}

#[test]
fn a_search_that_is_cut_short_tells_what_its_short_trials_showed() {
    let mut search = Search::new(settings(1000));
    let mut server = sharp(300);
    for _ in 0..3 {
        let NextTrial::Try { load, duration } = search.next() else {
            break;
        };
        let verdict = server(load, duration);
        search.tell(Measured {
            load,
            duration,
            verdict,
        });
    }
    let bounds = search.bounds();
    assert_eq!(
        (bounds.lower, bounds.upper.map(|it| it.load)),
        (Some(200), Some(400))
    );
    assert!(!search.is_narrow(bounds));
}

proptest! {
    #[test]
    fn a_sharp_limit_is_found(limit in 1_u64..2_000_000, start in 1_u64..5_000) {
        let settings = SearchSettings { start, ..settings(10_000_000) };
        let (bounds, search) = search(settings, sharp(limit));
        let lower = bounds.lower.unwrap();
        prop_assert!(lower <= limit);
        prop_assert!(limit - lower <= 1 || lower as f64 >= limit as f64 * 0.974);
        prop_assert!(search.trials.len() <= 60, "{}", search.trials.len());
    }

    #[test]
    fn no_answer_lies_above_a_load_that_missed(
        limit in 1_u64..100_000,
        noise in proptest::collection::vec(0_u8..100, 300),
        wrong in 0_u8..60,
    ) {
        let mut noise = noise.into_iter();
        let (bounds, search) = search(settings(1_000_000), |load, _| {
            let is_wrong = noise.next().unwrap_or(99) < wrong;
            match (is_wrong, load <= limit) {
                (true, _) if load % 3 == 0 => TrialVerdict::Undecided,
                (true, held) | (false, held) if is_wrong != held => TrialVerdict::Held,
                _ => TrialVerdict::Missed,
            }
        });
        prop_assert!(search.trials.len() <= MOST_TRIALS);
        let classes = search.classes(search.settings.goal);
        if let (Some(lower), Some(upper)) = (bounds.lower, bounds.upper) {
            prop_assert!(lower < upper.load);
        }
        let missed = classes.iter().find(|(_, class)| **class == LoadClass::Upper);
        if let (Some(lower), Some((missed, _))) = (bounds.lower, missed) {
            prop_assert!(lower < *missed, "{lower} although {missed} missed");
        }
    }
}
