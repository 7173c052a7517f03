//! The verdicts on tries, each seen right and seen wrong.

use super::*;

fn sleeps(took: &[(usize, u64)]) -> Sleeps {
    let of = |(sleepers, millis): &(usize, u64)| Try {
        arrangement: Arrangement::OwnTopics,
        sleepers: *sleepers,
        slept: Duration::from_millis(*millis + 10),
        awake: Duration::from_millis(10),
        unanswered: 0,
    };
    Sleeps {
        tries: took.iter().map(of).collect(),
        late: None,
    }
}

fn verdict(took: &[(usize, u64)]) -> ProofVerdict {
    sleeps(took).claim(CLAIM, Arrangement::OwnTopics).verdict
}

#[test]
fn one_sleep_holds_two_sleeps_fall_short_and_anything_between_is_undecided() {
    assert_eq!(verdict(&[(1, 401), (2, 402), (4, 450)]), ProofVerdict::Pass);
    assert_eq!(verdict(&[(1, 401), (2, 800), (2, 801)]), ProofVerdict::Fail);
    assert_eq!(verdict(&[(1, 401), (2, 800), (2, 405)]), ProofVerdict::Undecided);
    assert_eq!(verdict(&[(1, 401), (2, 650)]), ProofVerdict::Undecided);
    assert_eq!(verdict(&[]), ProofVerdict::Undecided);
}

#[test]
fn a_late_generator_accuses_nobody() {
    let mut slow = sleeps(&[(2, 800), (2, 800)]);
    slow.late = Some("it was late".to_owned());
    let claim = slow.claim(CLAIM, Arrangement::OwnTopics);
    assert_eq!(claim.verdict, ProofVerdict::Undecided);
}

#[test]
fn counts_double_up_to_the_most() {
    let counts: Vec<usize> = std::iter::successors(Some(1), |count| {
        Some(next_count(*count, 100)).filter(|it| *it <= 100)
    })
    .take(20)
    .collect();
    assert_eq!(counts, [1, 2, 4, 8, 16, 32, 64, 100]);
    assert!(next_count(100, 100) > 100);
}

#[test]
fn parallelism_is_the_sum_of_the_sleeps_over_their_time() {
    let parallelism = |took| sleeps(took).tries[0].parallelism();
    assert!((parallelism(&[(8, 400)]) - 8.0).abs() < 0.01);
    assert!((parallelism(&[(8, 3_200)]) - 1.0).abs() < 0.01);
}
