//! The verdict on each claim, from the notes of the guests.

use std::time::Duration;

use super::super::claims::counted;
use super::super::oddity::Oddity;
use super::super::result::{Claim, Picture, PictureKind, PicturePoint, ProofVerdict, Series};
use super::notes::{Named, Notes};
use crate::load::Figures;

pub(super) const LISTS: &str =
    "Within 2 s of rest, each list of a room shows who is there, with the status, and nobody else.";
const TOLD: &str = "Each coming and each going is told once to everybody who is there.";
const UPDATES: &str = "Each update is told once, as a leave and a join in one diff.";
const ROOMS: &str = "No list and no diff shows anybody of another room.";

/// If this process stood still for longer than this, it may have made lists late itself.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// The notes of all guests, and the reasons for doubt.
pub(super) struct Judge<'j> {
    pub(super) notes: &'j Notes,
    pub(super) oddities: Vec<Oddity>,
    /// Sockets that took no part to the end: an operation was not answered, so that nobody knows whether they are there.
    pub(super) broken_off: usize,
    /// Why times say nothing, if that is so.
    pub(super) late: Option<String>,
    /// The longest time for which this process stood still.
    pub(super) latest: Duration,
}

impl Judge<'_> {
    pub(super) fn claims(&self) -> Vec<Claim> {
        vec![self.lists(), self.told(), self.updates(), self.rooms()]
    }

    fn lists(&self) -> Claim {
        let notes = self.notes;
        let bad = [&notes.wrong, &notes.malformed, &notes.late, &notes.behind];
        let (verdict, says) = if notes.wrong.count > 0 && self.latest < STOOD_STILL {
            let says = format!(
                "{} of {} lists were wrong at rest and stayed wrong",
                notes.wrong.count, notes.lists
            );
            (ProofVerdict::Fail, says)
        } else if notes.malformed.count > 0 {
            let says = format!("{} states and diffs are no presences", notes.malformed.count);
            (ProofVerdict::Fail, says)
        } else if notes.wrong.count > 0 {
            (ProofVerdict::Undecided, self.stood_still(notes.wrong.count))
        } else if notes.late.count > 0 {
            match &self.late {
                None if self.latest < STOOD_STILL => {
                    let says = format!(
                        "{} of {} lists were right only later than 2 s after rest",
                        notes.late.count, notes.lists
                    );
                    (ProofVerdict::Fail, says)
                }
                None => (ProofVerdict::Undecided, self.stood_still(notes.late.count)),
                Some(why) => (
                    ProofVerdict::Undecided,
                    format!("some lists were late, but {why}"),
                ),
            }
        } else if notes.behind.count > 0 {
            let says = format!(
                "{} lists were not right in time, at a server that was behind with all its answers; try fewer sockets",
                notes.behind.count
            );
            (ProofVerdict::Undecided, says)
        } else if notes.rounds == 0 || notes.lists == 0 {
            (ProofVerdict::Undecided, self.nothing_seen())
        } else {
            let figures = Figures::of(&notes.until_right);
            let says = format!(
                "{} lists in {} rounds were right, the latest {} ms after rest",
                notes.lists,
                notes.rounds,
                figures.max / 1_000
            );
            (ProofVerdict::Pass, says)
        };
        let named = bad.into_iter().flat_map(|named| &named.first).cloned();
        self.with_figures(Claim::new(LISTS, verdict, says)).naming(named)
    }

    fn stood_still(&self, count: u64) -> String {
        format!(
            "{count} lists were wrong or late, but this process itself stood still for {:.1} s",
            self.latest.as_secs_f64()
        )
    }

    fn nothing_seen(&self) -> String {
        match self.oddities.first() {
            None => "there was no time for a round; it takes a longer --max-time".to_owned(),
            Some(first) => format!("nothing could be compared: {first}"),
        }
    }

    fn with_figures(&self, claim: Claim) -> Claim {
        let notes = self.notes;
        let figures = Figures::of(&notes.until_right);
        claim
            .with("rounds", notes.rounds)
            .with("lists", notes.lists)
            .with("lists_wrong", notes.wrong.count)
            .with("lists_late", notes.late.count)
            .with("lists_behind", notes.behind.count)
            .with("until_right_us_p50", figures.p50)
            .with("until_right_us_p99", figures.p99)
            .with("until_right_us_max", figures.max)
            .with("presence_messages", notes.messages)
            .with("joins", notes.joins)
            .with("leaves", notes.leaves)
            .with("crashes", notes.crashes)
            .with("cuts", notes.cuts)
            .with("sockets_broken_off", self.broken_off)
            .with("oddities", counted(&self.oddities))
    }

    fn told(&self) -> Claim {
        let notes = self.notes;
        let changes = notes.joins + notes.leaves + notes.crashes + notes.cuts;
        let (verdict, says) = self.of_diffs(
            &notes.untold,
            changes,
            "comings and goings was told once to all who were there",
        );
        Claim::new(TOLD, verdict, says)
            .with("tellings_due", notes.told_due)
            .with("comings_and_goings", changes)
            .with("comings_and_goings_mistold", notes.untold.count)
            .naming(notes.untold.first.iter().cloned())
    }

    fn updates(&self) -> Claim {
        let notes = self.notes;
        let mistold = &notes.updates_mistold;
        let (verdict, says) = self.of_diffs(
            mistold,
            notes.updates,
            "updates was told once, in one diff, to all who were there",
        );
        Claim::new(UPDATES, verdict, says)
            .with("updates", notes.updates)
            .with("updates_mistold", mistold.count)
            .naming(mistold.first.iter().cloned())
    }

    fn of_diffs(&self, mistold: &Named, changes: u64, right: &str) -> (ProofVerdict, String) {
        let due = self.notes.told_due;
        if mistold.count > 0 && self.notes.behind.count == 0 {
            let says = format!(
                "{} of {due} changes that guests had to be told once were told wrongly",
                mistold.count
            );
            (ProofVerdict::Fail, says)
        } else if mistold.count > 0 || due == 0 || changes == 0 {
            let says = match mistold.count {
                0 => self.nothing_seen(),
                count => format!("{count} diffs had not come in time from a server that was behind"),
            };
            (ProofVerdict::Undecided, says)
        } else {
            (ProofVerdict::Pass, format!("each of {changes} {right}"))
        }
    }

    fn rooms(&self) -> Claim {
        let (notes, strangers) = (self.notes, &self.notes.strangers);
        let (verdict, says) = match (strangers.count, notes.messages) {
            (0, 0) => (ProofVerdict::Undecided, self.nothing_seen()),
            (0, messages) => {
                let says = format!("{messages} states and diffs held nobody of another room");
                (ProofVerdict::Pass, says)
            }
            (count, _) => {
                let says = format!("{count} states and diffs held somebody of another room");
                (ProofVerdict::Fail, says)
            }
        };
        Claim::new(ROOMS, verdict, says)
            .with("strangers", strangers.count)
            .naming(strangers.first.iter().cloned())
    }

    /// The times from rest until lists were right.
    pub(super) fn picture(&self) -> Option<Picture> {
        let times = &self.notes.until_right;
        if times.is_empty() {
            return None;
        }
        let at = |percentile: f64| PicturePoint {
            x: percentile,
            y: times.value_at_percentile(percentile) as f64 / 1e3,
            interval: None,
        };
        let percentiles = (0..=100).step_by(5).map(f64::from).chain([99.0, 99.9]);
        let mut points: Vec<PicturePoint> = percentiles.map(at).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        Some(Picture {
            title: "How long after rest the lists were right".to_owned(),
            x: "percentile of the lists".to_owned(),
            y: "ms".to_owned(),
            kind: PictureKind::Lines,
            series: vec![Series {
                name: "from the last answer until a list is right".to_owned(),
                points,
            }],
        })
    }
}
