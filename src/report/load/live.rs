//! The live lines of a swarm: rates, latencies, errors and objectives, as far as they fit the width.

use std::time::Duration;

use super::words::{grouped, micros, rate, things};
use crate::load::{LoadResult, Objective, ObjectiveStatus, PhaseProgress, Point, RateStage, Schedule};

/// The separator of fields.
const BETWEEN: &str = " · ";

/// The figures while the swarm runs.
pub(super) struct Live {
    objectives: Vec<Objective>,
    stages: Vec<RateStage>,
    /// The rate after its last change.
    changed: Option<f64>,
    second: Point,
    /// The end of the previous second, for rates.
    before_s: f64,
    errors: u64,
    wrong: Vec<(u64, &'static str)>,
    /// The status of each objective.
    standings: Vec<ObjectiveStatus>,
}

/// A part of a line. If there is not enough room, the parts with the lowest weight are left out.
struct Field {
    weight: u8,
    text: String,
}

impl Live {
    pub(super) fn new(objectives: Vec<Objective>, schedule: &Schedule) -> Self {
        Self {
            standings: vec![ObjectiveStatus::NotMeasured; objectives.len()],
            objectives,
            stages: match schedule {
                Schedule::Open(stages, _) => stages.clone(),
                Schedule::PerSocket(_) | Schedule::Closed => Vec::new(),
            },
            changed: None,
            second: Point::default(),
            before_s: 0.0,
            errors: 0,
            wrong: Vec::new(),
        }
    }

    /// Takes in a second of the run.
    pub(super) fn second(&mut self, point: &Point) {
        self.before_s = self.second.at_s;
        self.second = *point;
        self.errors += point.troubles;
    }

    /// When the last second ended.
    pub(super) const fn at_s(&self) -> f64 {
        self.second.at_s
    }

    /// Takes in the results so far.
    pub(super) fn so_far(&mut self, result: &LoadResult) {
        let messages = &result.messages;
        let wrong = [
            (messages.missing, "missing"),
            (messages.duplicated, "duplicated"),
            (messages.reordered, "reordered"),
            (messages.misdelivered, "misdelivered"),
            (result.sockets.lost, "lost"),
        ];
        if let Some(change) = result.rate_changes.last() {
            self.changed = Some(change.sends_per_s);
        }
        self.wrong = wrong.into_iter().filter(|it| it.0 > 0).collect();
        let judged = self.objectives.iter().map(|it| it.judge(result).status());
        self.standings = judged.collect();
    }

    /// Both lines: the last second, and the state of the run so far. A line is empty if there is nothing to
    /// show.
    pub(super) fn lines(&self, progress: &PhaseProgress, columns: usize) -> [String; 2] {
        [
            fit(self.pace(progress), columns),
            fit(self.state(progress), columns),
        ]
    }

    /// The rates and latencies of the last second.
    fn pace(&self, progress: &PhaseProgress) -> Vec<Field> {
        let it = &self.second;
        let length = (it.at_s - self.before_s).max(0.5);
        let per_second = |count: u64| format!("{}/s", rate(count as f64 / length));
        let is_running = it.phase == "running";
        let mut fields = Vec::new();
        let asked = (progress.phase == "running")
            .then(|| self.stage(progress.so_far))
            .flatten();
        match asked {
            Some((_, stage)) => {
                let reached = if is_running {
                    per_second(it.sent)
                } else {
                    "–".to_owned()
                };
                let asked = rate(self.changed.unwrap_or(stage.rate));
                fields.push(Field::new(9, format!("{reached} of {asked}/s sent")));
            }
            None if it.sent > 0 => fields.push(Field::new(9, format!("{} sent", per_second(it.sent)))),
            None => {}
        }
        let times = [
            ("reply", it.replies, it.reply_p50_us, it.reply_p99_us),
            (
                "broadcast",
                it.broadcasts,
                it.broadcast_p50_us,
                it.broadcast_p99_us,
            ),
        ];
        for (weight, (name, count, p50, p99)) in [8, 7].into_iter().zip(times) {
            if count > 0 {
                fields.push(Field::new(weight, format!("{name} p99 {}", micros(p99 as f64))));
                fields.push(Field::new(weight - 5, format!("p50 {}", micros(p50 as f64))));
                fields.push(Field::new(weight - 6, format!("{} {name}", per_second(count))));
            }
        }
        if it.lateness_p99_us > 0 {
            fields.push(Field::new(
                5,
                format!("lateness p99 {}", micros(it.lateness_p99_us as f64)),
            ));
        }
        fields
    }

    /// The stage, the errors and the objectives.
    fn state(&self, progress: &PhaseProgress) -> Vec<Field> {
        let mut fields = Vec::new();
        if self.stages.len() > 1
            && progress.phase == "running"
            && let Some((number, _)) = self.stage(progress.so_far)
        {
            fields.push(Field::new(
                5,
                format!("stage {} of {}", number + 1, self.stages.len()),
            ));
        }
        for (count, what) in &self.wrong {
            fields.push(Field::new(9, format!("{} {what}", grouped(*count))));
        }
        if self.errors > 0 {
            fields.push(Field::new(8, things(self.errors, "error")));
        }
        for (objective, status) in self.objectives.iter().zip(&self.standings) {
            let (mark, weight) = match status {
                ObjectiveStatus::Held => ("✓", 3),
                ObjectiveStatus::Missed => ("✗", 7),
                ObjectiveStatus::NotMeasured => ("–", 2),
            };
            fields.push(Field::new(weight, format!("{mark} {}", objective.text())));
        }
        fields
    }

    /// The current stage of the load, with its number.
    fn stage(&self, so_far: Duration) -> Option<(usize, &RateStage)> {
        let mut end = Duration::ZERO;
        let mut stages = self.stages.iter().enumerate();
        let now = stages.find(|(_, stage)| {
            end += stage.duration;
            so_far < end
        });
        now.or(self.stages.iter().enumerate().next_back())
    }
}

impl Field {
    const fn new(weight: u8, text: String) -> Self {
        Self { weight, text }
    }
}

/// The fields that fit, in their order. Those with the lowest weight are left out first, and of equal ones
/// the last.
fn fit(mut fields: Vec<Field>, columns: usize) -> String {
    let line = |fields: &[Field]| {
        let texts: Vec<&str> = fields.iter().map(|it| it.text.as_str()).collect();
        texts.join(BETWEEN)
    };
    while line(&fields).chars().count() > columns {
        let lightest = fields.iter().enumerate().rev().min_by_key(|(_, it)| it.weight);
        let Some((index, _)) = lightest else { break };
        fields.remove(index);
    }
    line(&fields)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Pacing;

    const RUNNING: PhaseProgress = PhaseProgress {
        phase: "running",
        open: 20,
        joined: 20,
        asked: 20,
        so_far: Duration::from_secs(12),
        of: Some(Duration::from_secs(30)),
    };

    fn stages() -> Schedule {
        let stage = |rate, seconds| RateStage {
            rate,
            duration: Duration::from_secs(seconds),
        };
        Schedule::Open(vec![stage(1000.0, 10), stage(2000.0, 20)], Pacing::Even)
    }

    /// The live lines after a second of a server that is slow and loses messages.
    fn live() -> Live {
        let objectives = [
            "reply.p99<50ms",
            "missing<=0",
            "sockets.joined>=20",
            "rejoin.max<1s",
        ];
        let objectives = objectives.map(|it| it.parse().expect("an objective"));
        let mut live = Live::new(objectives.into(), &stages());
        live.second(&Point {
            at_s: 11.0,
            phase: "running",
            ..Point::default()
        });
        live.second(&Point {
            at_s: 12.0,
            phase: "running",
            sent: 1987,
            replies: 1990,
            broadcasts: 19_900,
            troubles: 3,
            reply_p50_us: 250,
            reply_p99_us: 1500,
            broadcast_p50_us: 900,
            broadcast_p99_us: 4860,
            lateness_p99_us: 90,
            ..Point::default()
        });
        let mut result = LoadResult::default();
        (result.messages.missing, result.messages.expected) = (24, 40_000);
        result.sockets.joined = 20;
        live.so_far(&result);
        live
    }

    #[test]
    fn the_lines_fit_and_leave_out_what_matters_least() {
        let live = live();
        let shown = [40, 60, 80, 110, 200].map(|columns| {
            let lines = live.lines(&RUNNING, columns);
            for line in &lines {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
            format!("{columns}:\n{}\n", lines.join("\n"))
        });
        insta::assert_snapshot!(shown.concat());
    }

    #[test]
    fn the_rate_that_is_asked_for_stands_there_from_the_begin() {
        let live = Live::new(Vec::new(), &stages());
        let begin = PhaseProgress {
            so_far: Duration::from_millis(20),
            ..RUNNING
        };
        assert_eq!(live.lines(&begin, 80), ["– of 1,000/s sent", "stage 1 of 2"]);
    }

    #[test]
    fn where_nothing_is_asked_for_and_nothing_came_there_is_nothing_to_say() {
        let live = Live::new(Vec::new(), &Schedule::Closed);
        assert_eq!(live.lines(&RUNNING, 80), ["", ""]);
    }
}
