//! Decides whether the figures of a run are valid statements about the server. They are not if the generator was
//! late, had too few sockets, or ran out of a resource.

use std::fmt;
use std::time::Duration;

use super::error_kind::ErrorKind;
use super::latency::{Figures, Timing};
use super::role::{CompiledScenarios, SendMode};
use super::settings::{LoadSettings, Model};
use super::tally::{LATEST, Tally};

/// With fewer sends than this, the 90th percentile is used instead of the 99th.
const FEW: u64 = 1000;

/// What an open model demands of the sockets of a scenario.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Demand {
    /// The highest number of sends per second.
    pub(super) rate: f64,
    /// The number of its sockets that send.
    pub(super) senders: u64,
}

/// The demands on each scenario; empty in a closed model.
pub(super) fn demands(settings: &LoadSettings, cast: &CompiledScenarios) -> Vec<Demand> {
    let Some(rate) = settings.schedule.highest_rate() else {
        return Vec::new();
    };
    let plays = settings.divided().into_iter().enumerate();
    plays
        .map(|(play, sockets)| {
            let roles: Vec<bool> = cast
                .roles_of(play)
                .map(|it| it.send_mode != SendMode::Listens)
                .collect();
            let sends = roles.iter().cycle().take(sockets as usize).filter(|it| **it);
            Demand {
                rate: rate * cast.part_of_sends(play),
                senders: sends.count() as u64,
            }
        })
        .collect()
}

/// Whether the load generator kept up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Punctuality {
    /// It did, apart from having too few sockets.
    InTime,
    /// It was late, or the machine lacked a resource.
    #[default]
    Late,
    /// It was seconds late, so connections may be lost and joins may time out although the server works.
    Overdue,
}

/// Describes how a run had too few sockets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shortage {
    /// How many sockets the run needs, over all roles and scenarios.
    pub sockets: u64,
    /// How many sockets it had.
    pub had: u64,
    /// The sends per second of the scenario with the greatest shortage.
    pub rate: f64,
    /// The length of a round of that scenario, in seconds.
    pub round_s: f64,
    /// Sends that were never sent.
    pub never_sent: u64,
    /// How long sends waited for a free socket, in microseconds: the 99th percentile, or the 90th if there are few
    /// sends.
    pub waited_us: u64,
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.never_sent {
            0 => {}
            1 => f.write_str("1 send was never sent, and ")?,
            many => write!(f, "{many} sends were never sent, and ")?,
        }
        let waited = Duration::from_micros(self.waited_us).as_secs_f64();
        write!(f, "sends waited up to {} for a free socket: ", seconds(waited))?;
        if self.sockets > self.had {
            write!(
                f,
                "the swarm had {} sockets, and wants about {}",
                self.had, self.sockets
            )?;
        } else {
            write!(f, "the swarm wants more than {} sockets", self.had)?;
        }
        write!(
            f,
            " ({} a second × {} a round); the time they waited is told as `waited` and is no part of `reply`",
            short(self.rate),
            seconds(self.round_s)
        )
    }
}

/// Formats a number with at most three decimals.
fn short(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A lateness in milliseconds. One near the limit has all its digits, so that it does not look like the limit.
fn millis(micros: u64) -> String {
    let is_near = Duration::from_micros(micros) < LATEST * 2;
    let digits = if is_near { micros } else { micros / 1000 * 1000 };
    short(digits as f64 / 1e3)
}

fn seconds(seconds: f64) -> String {
    match seconds {
        it if it < 0.001 => format!("{:.0} µs", it * 1e6),
        it if it < 0.1 => format!("{} ms", short((it * 1e4).round() / 10.0)),
        it => format!("{} s", short((it * 100.0).round() / 100.0)),
    }
}

/// Finds out whether the run had too few sockets; `None` if it had enough.
pub(super) fn shortage(tally: &Tally, demands: &[Demand], sockets: u64) -> Option<Shortage> {
    let counts = &tally.counts;
    let waited = tally.latencies.figures(Timing::Waited);
    let waited_us = usual_worst(&waited);
    if Duration::from_micros(waited_us) <= LATEST {
        return None;
    }
    let rounds = tally.rounds.iter().zip(demands).filter(|(it, _)| it.0 > 0);
    let wanted = rounds.map(|((count, length), demand)| {
        let round = length.as_secs_f64() / *count as f64;
        let senders = (demand.rate * round).ceil();
        (senders / demand.senders.max(1) as f64, demand.rate, round)
    });
    let (times, rate, round_s) = wanted.max_by(|one, other| one.0.total_cmp(&other.0))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number of sockets is small and not negative"
    )]
    let wanted = (times * sockets as f64).ceil() as u64;
    Some(Shortage {
        sockets: wanted,
        had: sockets,
        rate,
        round_s,
        never_sent: counts.dropped - counts.dropped_by_server.min(counts.dropped),
        waited_us,
    })
}

/// The 99th percentile, or the 90th if there are few measurements.
fn usual_worst(figures: &Figures) -> u64 {
    if figures.count >= FEW {
        figures.p99
    } else {
        figures.p90
    }
}

/// Whether the generator kept up; if not, why its figures say nothing about the server. `busy` describes how busy it
/// was.
pub(super) fn judge(
    tally: &Tally,
    model: Model,
    shortage: Option<Shortage>,
    busy: &dyn Fn() -> String,
) -> (Punctuality, Option<String>) {
    if let Some(why) = tally.timers.why_overdue() {
        return (Punctuality::Overdue, Some(why));
    }
    let late = || (model == Model::Open).then(|| why_late(tally, &busy()))?;
    let own_losses = || tally.losses.why_own(tally.counts.lost_by_late_heartbeat);
    let not_played = || why_unsendable(tally).or_else(|| why_held_back(tally));
    let why = why_exhausted(tally).or_else(not_played).or_else(late);
    if let Some(why) = why.or_else(own_losses) {
        return (Punctuality::Late, Some(why));
    }
    let lacks = shortage.map(|it| it.to_string());
    (Punctuality::InTime, lacks.or_else(|| why_unsent(tally)))
}

/// Why the generator could not make the load at all; `None` if it could.
fn why_exhausted(tally: &Tally) -> Option<String> {
    let times = tally.troubles[ErrorKind::Exhausted as usize];
    (times > 0).then(|| {
        format!("this machine had no descriptor, port or memory left {times} times; ask for fewer sockets, or raise its limits")
    })
}

/// Why the scenario could not be played; `None` if it could.
fn why_unsendable(tally: &Tally) -> Option<String> {
    let first = tally.first.get(&ErrorKind::Unsendable)?;
    Some(format!(
        "{} messages could not be sent: {first}",
        tally.counts.unsendable
    ))
}

/// Why some sockets were not opened; `None` if all were, or if the server is the reason.
fn why_held_back(tally: &Tally) -> Option<String> {
    let (held_back, opened) = (tally.counts.held_back, tally.counts.first_opened);
    (held_back > 0).then(|| {
        format!(
            "{held_back} sockets were never opened: the heartbeats of the {opened} open ones kept this machine busy; ask for \
             fewer sockets or a longer --heartbeat, or use a machine with more processors"
        )
    })
}

/// Why the latencies of an open model say nothing about the server; `None` if they do. `busy` describes how busy the
/// generator was.
fn why_late(tally: &Tally, busy: &str) -> Option<String> {
    let lateness = tally.latencies.figures(Timing::Lateness);
    let late = usual_worst(&lateness);
    let quantile = if lateness.count >= FEW { "p99" } else { "p90" };
    (Duration::from_micros(late) > LATEST).then(|| {
        format!(
            "this process was late: lateness {quantile} {} ms, at most {} ms is allowed; {busy}",
            millis(late),
            LATEST.as_millis()
        )
    })
}

/// Why some due sends were not made although there were enough sockets; `None` if all were made.
fn why_unsent(tally: &Tally) -> Option<String> {
    let (dropped, by_server) = (tally.counts.dropped, tally.counts.dropped_by_server);
    if dropped == 0 {
        return None;
    }
    let why = if dropped == by_server {
        "all sockets waited for the server until the end"
    } else {
        "no socket was free or joined for them"
    };
    Some(format!("{dropped} sends were never sent, as {why}"))
}

#[cfg(test)]
mod tests {
    use super::super::traffic::Traffic;
    use super::*;
    use crate::clock::Time;

    fn tally(waited: &[u64], rounds: (u64, Duration), dropped: u64) -> Tally {
        let mut tally = Tally::new();
        for millis in waited {
            tally.record(0, Timing::Waited, Time::ZERO, Time::from_micros(millis * 1000));
        }
        tally.rounds = vec![rounds];
        tally.counts.dropped = dropped;
        tally
    }

    const DEMAND: Demand = Demand {
        rate: 50.0,
        senders: 25,
    };

    #[test]
    fn a_swarm_with_too_few_sockets_is_told_how_many_it_wants() {
        let tally = tally(&[300; 10], (100, Duration::from_secs(130)), 4);
        // Every other socket sends.
        let shortage = shortage(&tally, &[DEMAND], 50).unwrap();
        assert_eq!((shortage.sockets, shortage.had), (130, 50));
        let said = shortage.to_string();
        let expected = "the swarm had 50 sockets, and wants about 130 (50 a second × 1.3 s a round)";
        assert!(
            said.starts_with("4 sends were never sent, ") && said.contains(expected),
            "{said}"
        );
    }

    #[test]
    fn short_waits_are_no_shortage() {
        let few = tally(
            &[0, 0, 0, 0, 0, 0, 0, 0, 0, 300],
            (100, Duration::from_secs(130)),
            0,
        );
        assert_eq!(shortage(&few, &[DEMAND], 50), None);
    }

    #[test]
    fn bursts_want_more_than_the_mean_says() {
        let tally = tally(&[300; 10], (100, Duration::from_secs(10)), 0);
        let said = shortage(&tally, &[DEMAND], 50).unwrap().to_string();
        assert!(
            said.contains("wants more than 50 sockets (50 a second × 0.1 s a round)"),
            "{said}"
        );
    }

    #[test]
    fn what_the_server_kept_from_being_sent_is_said_so() {
        let mut tally = tally(&[], (1, Duration::from_secs(1)), 3);
        tally.counts.dropped_by_server = 3;
        assert_eq!(shortage(&tally, &[DEMAND], 50), None);
        assert!(why_unsent(&tally).unwrap().contains("waited for the server"));
    }

    #[test]
    fn a_lateness_just_above_the_limit_does_not_look_like_it() {
        assert_eq!([10_007, 19_900, 52_318].map(millis), ["10.007", "19.9", "52"]);
    }

    #[test]
    fn sockets_that_a_busy_process_never_opened_are_not_the_servers_fault() {
        let mut tally = Tally::new();
        (tally.counts.held_back, tally.counts.first_opened) = (250, 750);
        let (punctuality, why) = judge(&tally, Model::Closed, None, &String::new);
        assert_eq!(punctuality, Punctuality::Late);
        let said = "250 sockets were never opened: the heartbeats of the 750 open ones";
        assert!(why.unwrap().starts_with(said));
    }

    #[test]
    fn a_process_that_is_seconds_late_is_overdue_and_one_that_lost_a_connection_so_is_late() {
        let judged = |tally: &Tally| judge(tally, Model::Closed, None, &String::new);
        let mut tally = Tally::new();
        assert_eq!(judged(&tally), (Punctuality::InTime, None));
        let (heartbeat, lost_at) = (Duration::from_secs(30), Time::from_micros(33_000_000));
        tally.lose_connection(lost_at, Traffic::since(Time::ZERO), heartbeat);
        assert_eq!((tally.counts.lost, tally.counts.lost_by_late_heartbeat), (1, 1));
        let (punctuality, why) = judged(&tally);
        assert_eq!(punctuality, Punctuality::Late);
        assert!(
            why.unwrap()
                .starts_with("1 connections were lost while this process was late")
        );
        tally.timers.count(Duration::from_secs(3));
        let (punctuality, why) = judged(&tally);
        assert_eq!(punctuality, Punctuality::Overdue);
        assert!(why.unwrap().contains("1 of 1 timers"));
    }
}
