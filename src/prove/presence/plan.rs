//! The plan of a round: which guest joins, goes or changes its status when. Half of it happens at shared instants.

use std::time::Duration;

use crate::clock::Time;
use crate::dice::Dice;

/// How long a round goes on.
pub(super) const ROUND: Duration = Duration::from_secs(2);
/// How many messages the rooms may send all guests together in a second.
const MOST_DELIVERIES_PER_SECOND: f64 = 20_000.0;
/// A guest does no more than this in a second, on the average.
const MOST_DEEDS_PER_GUEST: f64 = 4.0;
/// At how many instants of a round many guests act at once.
const INSTANTS: u64 = 3;
/// One guest in so many never leaves, so that somebody sees all comings and goings.
const CALM_ONE_IN: usize = 3;

/// A deed of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Changes its status, if it is there.
    Update,
    /// Joins, if it is not there.
    In,
    /// Goes, if it is there.
    Out(Out),
}

/// A way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Out {
    Leave,
    /// An event that the channel does not know.
    Crash,
    /// The connection is cut, so the guest goes from all its rooms.
    Cut,
}

/// A deed at this moment in the room of one of a guest's seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) at: Time,
    pub(super) seat: usize,
    pub(super) deed: Deed,
}

/// The plans of a round that begins at this moment, one for each guest. `seats` says how many each guest has.
pub(super) fn plans(
    seats: &[usize],
    rooms: usize,
    ways: &[Out],
    begin: Time,
    dice: &mut Dice,
) -> Vec<Vec<Planned>> {
    let mut plans: Vec<Vec<Planned>> = vec![Vec::new(); seats.len()];
    let instants: Vec<Time> = (0..INSTANTS).map(|_| begin + dice.shorter_than(ROUND)).collect();
    let first = instants.iter().min().copied().unwrap_or(begin);
    // All guests that stayed away come back at the same instant.
    for (plan, seats) in plans.iter_mut().zip(seats) {
        plan.extend((0..*seats).map(|seat| Planned {
            at: first,
            seat,
            deed: Deed::In,
        }));
    }
    let moment = |dice: &mut Dice| match dice.below(2) {
        0 => dice.one_of(&instants).unwrap_or(begin),
        _ => begin + dice.shorter_than(ROUND),
    };
    for _ in 0..deeds(seats.len(), rooms) {
        let index = usize::try_from(dice.below(seats.len() as u64)).unwrap_or_default();
        let seat = usize::try_from(dice.below(seats[index] as u64)).unwrap_or_default();
        let (at, other) = (moment(dice), moment(dice));
        let out = dice.one_of(ways).unwrap_or(Out::Leave);
        match dice.below(5) {
            // Out and, two times of three, in again in this round. Calm guests change instead.
            0 | 1 if index % CALM_ONE_IN != 0 => {
                plans[index].push(Planned {
                    at: at.min(other),
                    seat,
                    deed: Deed::Out(out),
                });
                if dice.below(3) > 0 {
                    plans[index].push(Planned {
                        at: at.max(other),
                        seat,
                        deed: Deed::In,
                    });
                }
            }
            _ => plans[index].push(Planned {
                at,
                seat,
                deed: Deed::Update,
            }),
        }
    }
    for plan in &mut plans {
        plan.sort_by_key(|planned| planned.at);
    }
    plans
}

/// The number of deeds in a round, bounded so that guests and server can keep up with the diffs.
fn deeds(guests: usize, rooms: usize) -> usize {
    let size = (guests as f64 / rooms.max(1) as f64).max(1.0);
    let per_second = (MOST_DELIVERIES_PER_SECOND / size).min(guests as f64 * MOST_DEEDS_PER_GUEST);
    // At most 20,000 a second.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is small and positive"
    )]
    let deeds = (per_second * ROUND.as_secs_f64()) as usize;
    deeds
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAYS: [Out; 3] = [Out::Leave, Out::Crash, Out::Cut];

    fn plan(guests: usize, rooms: usize) -> Vec<Vec<Planned>> {
        plans(&vec![1; guests], rooms, &WAYS, Time::ZERO, &mut Dice::new(7, 0))
    }

    #[test]
    fn a_round_holds_everything_that_may_happen_and_much_of_it_at_once() {
        let plans = plan(40, 2);
        let all: Vec<Planned> = plans.iter().flatten().copied().collect();
        for deed in [Deed::Update, Deed::In, Deed::Out(Out::Cut), Deed::Out(Out::Crash)] {
            assert!(all.iter().any(|it| it.deed == deed), "{deed:?}");
        }
        let at_once = all
            .iter()
            .filter(|it| all.iter().filter(|other| other.at == it.at).count() > 4);
        assert!(at_once.count() > 40);
        assert!(plans.iter().all(|plan| plan.is_sorted_by_key(|it| it.at)));
        assert!(all.iter().all(|it| it.at < Time::ZERO + ROUND));
    }

    #[test]
    fn some_guests_never_leave_so_that_they_see_all_others_come_and_go() {
        let plans = plan(40, 2);
        let leaves = |plan: &Vec<Planned>| plan.iter().any(|it| matches!(it.deed, Deed::Out(_)));
        assert!(plans.iter().step_by(CALM_ONE_IN).all(|plan| !leaves(plan)));
        assert!(plans.iter().any(leaves));
    }

    #[test]
    fn the_larger_the_rooms_the_less_is_done() {
        assert!(deeds(1_000, 5) < deeds(1_000, 50));
        assert!(deeds(1_000, 5) * 200 <= 40_000);
        assert!(deeds(20, 2) >= 20);
    }
}
