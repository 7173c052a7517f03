//! The settings of two runs that are not the same.

use super::super::past::PastLoad;
use super::super::words::{bytes, grouped, rate};
use super::super::{Setup, setup};
use crate::load::Model;

/// A setting that is not the same in both runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SettingDifference {
    pub(super) name: &'static str,
    pub(super) base: String,
    pub(super) new: String,
    pub(super) matters: Matters,
}

/// Whether latencies under different settings can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matters {
    /// A difference in latency may come from the setting.
    ToLatencies,
    /// It is only told.
    Little,
}

/// More memory than this makes another machine; less of a difference is another kernel.
const SAME_MEMORY: f64 = 0.1;

/// The settings that differ.
pub(super) fn differing(base: &PastLoad, new: &PastLoad) -> Vec<SettingDifference> {
    let pairs = rows(base).into_iter().zip(rows(new));
    let mut differing: Vec<_> = pairs
        .filter(|((_, base, _), (_, new, _))| base != new)
        .map(|((name, base, matters), (_, new, _))| SettingDifference {
            name,
            base,
            new,
            matters,
        })
        .collect();
    if let (Some(base), Some(new)) = (memory(base), memory(new))
        && base.abs_diff(new) as f64 > SAME_MEMORY * base as f64
    {
        differing.push(SettingDifference {
            name: "memory",
            base: bytes(base),
            new: bytes(new),
            matters: Matters::ToLatencies,
        });
    }
    differing
}

fn memory(run: &PastLoad) -> Option<u64> {
    run.setup.as_ref()?.machine.memory_bytes
}

/// The settings of a run, always in the same order.
fn rows(run: &PastLoad) -> Vec<(&'static str, String, Matters)> {
    let of = |value: fn(&Setup) -> String| run.setup.as_ref().map_or("not known".to_owned(), value);
    let transport = run.target.split(':').next().unwrap_or_default();
    vec![
        ("scenario", run.scenario.clone(), Matters::ToLatencies),
        (
            "sockets",
            of(|it| grouped(it.sockets.into())),
            Matters::ToLatencies,
        ),
        ("arrivals", of(|it| it.arrivals.clone()), Matters::ToLatencies),
        ("rate", of(rates), Matters::ToLatencies),
        (
            "heartbeat",
            of(|it| setup::duration(it.heartbeat_s)),
            Matters::ToLatencies,
        ),
        (
            "serializer",
            of(|it| it.serializer.as_str().to_owned()),
            Matters::ToLatencies,
        ),
        (
            "processors",
            of(|it| it.machine.processors.to_string()),
            Matters::ToLatencies,
        ),
        ("protocol", transport.to_owned(), Matters::Little),
        (
            "duration",
            of(|it| setup::duration(it.duration_s)),
            Matters::Little,
        ),
        ("system", of(|it| it.machine.os.clone()), Matters::Little),
        ("phxproof", run.version.clone(), Matters::Little),
    ]
}

fn rates(setup: &Setup) -> String {
    if setup.model == Model::Closed {
        return "as fast as replies come".to_owned();
    }
    let rates: Vec<String> = setup.rates.iter().map(|it| rate(it.sends_per_s)).collect();
    format!("{} a second", rates.join(", then "))
}
