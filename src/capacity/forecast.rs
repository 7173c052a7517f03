//! Forecasts for planning: the load at which the memory and the processors of the machine would be used up, extrapolated in
//! a straight line from the trials. Each forecast states its assumption.

use super::dimension::Dimension;
use super::goal::TrialVerdict;
use super::trial::Trial;
use crate::load::Machine;

/// A server should use no more of a machine than this.
const SHARE: f64 = 0.8;
/// With fewer sockets, memory that does not depend on their number hides what each takes.
const ENOUGH_SOCKETS: u64 = 1000;
/// The largest load must be so many times the smallest.
const SPREAD: f64 = 2.0;

/// A load that a machine should hold, judged by one of its resources.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The resource.
    pub by: Resource,
    /// The load.
    pub load: u64,
    /// The resource that one unit of the load uses: bytes, or seconds of a processor a second.
    pub each: f64,
    /// The assumption behind it, as a clause.
    pub assumption: String,
}

/// A resource of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Its memory.
    Memory,
    /// Its processors.
    Processors,
}

/// The forecasts that the trials allow. They need a server that was watched.
pub(super) fn forecasts(trials: &[Trial], dimension: Dimension, machine: &Machine) -> Vec<Forecast> {
    let memory = match dimension {
        Dimension::Sockets => by_memory(trials, machine),
        Dimension::Joins | Dimension::Rate | Dimension::Fanout => None,
    };
    memory
        .into_iter()
        .chain(by_processors(trials, dimension, machine))
        .collect()
}

fn by_memory(trials: &[Trial], machine: &Machine) -> Option<Forecast> {
    let all = machine.memory_bytes?;
    // A server seldom gives memory back, so only trials with more sockets than all before them tell something.
    let mut most = 0;
    let records = trials.iter().filter(|it| {
        let is_record = it.sockets > most;
        most = most.max(it.sockets);
        is_record
    });
    let points: Vec<(f64, f64)> = records
        .filter_map(|it| Some((it.sockets as f64, it.server?.rss_bytes as f64)))
        .collect();
    let (first, last) = (points.first()?, points.last()?);
    if most < ENOUGH_SOCKETS || last.0 < first.0 * SPREAD {
        return None;
    }
    let each = slope(&points).filter(|each| *each > 0.0)?;
    let load = last.0 + (all as f64 * SHARE - last.1) / each;
    Some(Forecast {
        by: Resource::Memory,
        load: whole(load),
        each,
        assumption: format!(
            "each further socket takes {each:.0} bytes of the server, as those from {:.0} to {:.0} did, and the server may \
             use {:.0} % of the {:.1} GB of this machine",
            first.0,
            last.0,
            SHARE * 100.0,
            all as f64 / 1e9
        ),
    })
}

fn by_processors(trials: &[Trial], dimension: Dimension, machine: &Machine) -> Option<Forecast> {
    let longest = trials.iter().map(|it| it.duration).max()?;
    // The use of a processor is counted in hundredths of a second, so short trials tell too little.
    let held = trials
        .iter()
        .filter(|it| it.verdict == TrialVerdict::Held && it.duration * 4 >= longest);
    let points: Vec<(f64, f64)> = held
        .filter_map(|it| Some((it.load as f64, it.server?.processors)))
        .collect();
    let loads = || points.iter().map(|it| it.0);
    let (least, most) = (loads().fold(f64::MAX, f64::min), loads().fold(0.0, f64::max));
    if points.len() < 3 || most < least * SPREAD {
        return None;
    }
    let each = slope(&points).filter(|each| *each > 0.0)?;
    let means = (mean(loads()), mean(points.iter().map(|it| it.1)));
    let load = means.0 + (machine.processors as f64 * SHARE - means.1) / each;
    Some(Forecast {
        by: Resource::Processors,
        load: whole(load),
        each,
        assumption: format!(
            "each of the {} takes {:.1} µs of a processor a second, as from {least:.0} to {most:.0} on the average, and the \
             server has {:.0} % of {} processors for itself",
            dimension.unit(),
            each * 1e6,
            SHARE * 100.0,
            machine.processors
        ),
    })
}

/// The slope of the line with the least squares of errors.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let means = (
        mean(points.iter().map(|it| it.0)),
        mean(points.iter().map(|it| it.1)),
    );
    let both: f64 = points.iter().map(|it| (it.0 - means.0) * (it.1 - means.1)).sum();
    let own: f64 = points.iter().map(|it| (it.0 - means.0).powi(2)).sum();
    (own > 0.0).then(|| both / own)
}

fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    values.clone().sum::<f64>() / values.count().max(1) as f64
}

fn whole(load: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "negative loads become zero, and none is that large"
    )]
    let whole = load.max(0.0).round() as u64;
    whole
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::trial::TrialServer;
    use super::*;

    fn machine() -> Machine {
        Machine {
            processors: 4,
            memory_bytes: Some(1_000_000_000),
            os: String::new(),
        }
    }

    fn trial(load: u64, rss_bytes: u64, processors: f64) -> Trial {
        Trial {
            sockets: load,
            server: Some(TrialServer {
                processors,
                rss_bytes,
                ..TrialServer::default()
            }),
            ..Trial::example(load, TrialVerdict::Held, Duration::from_secs(3))
        }
    }

    #[test]
    fn a_straight_line_goes_on() {
        let trials = [1000, 2000, 4000].map(|load| trial(load, 10_000_000 + load * 2000, load as f64 * 1e-4));
        let all = forecasts(&trials, Dimension::Sockets, &machine());
        let told: Vec<_> = all.iter().map(|it| (it.by, it.load)).collect();
        assert_eq!(
            told,
            [(Resource::Memory, 395_000), (Resource::Processors, 32_000)]
        );
        assert!(
            all[0].assumption.contains("each further socket takes 2000 bytes"),
            "{}",
            all[0].assumption
        );
    }

    #[test]
    fn memory_that_an_earlier_trial_took_says_nothing_of_fewer_sockets() {
        let trials = [
            trial(1000, 12_000_000, 0.1),
            trial(4000, 18_000_000, 0.4),
            trial(2000, 18_000_000, 0.2),
        ];
        let all = forecasts(&trials, Dimension::Sockets, &machine());
        assert!((all[0].each - 2000.0).abs() < 1e-6, "{}", all[0].each);
    }

    #[test]
    fn a_server_that_was_not_watched_or_hardly_loaded_has_no_forecast() {
        let mut unwatched = [1000, 2000, 4000].map(|load| trial(load, 0, 0.1));
        unwatched.iter_mut().for_each(|it| it.server = None);
        assert_eq!(forecasts(&unwatched, Dimension::Sockets, &machine()), []);
        let few = [10, 20, 40].map(|load| trial(load, 10_000_000, 0.0));
        assert_eq!(forecasts(&few, Dimension::Sockets, &machine()), []);
    }
}
