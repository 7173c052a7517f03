//! Reads the `[capacity]` section, and merges it with the command line.

use super::super::args::{ByArg, Capacity, Check, Instead, Load, ReplyArg, Target, TransportArg, width};
use super::super::units;
use super::layers::{Layer, first};
use super::section::Section;
use super::{results_keys, target_keys};
use crate::load::Objective;

/// Reads the section.
pub(super) fn keys(mut section: Section<'_, '_>) -> Capacity {
    let capacity = Capacity {
        target: target_keys(&mut section, "target"),
        transport: section.one_of::<TransportArg>("transport"),
        by: section.one_of::<ByArg>("by"),
        max: section.parsed("max", units::count),
        width: section.parsed("width", width),
        max_time: section.duration("max-time"),
        trial: section.duration("trial"),
        soak: section.duration("soak"),
        pause: section.duration("pause"),
        sockets: section.parsed("sockets", units::count),
        rate: section.parsed("rate", units::number),
        heartbeat: section.duration("heartbeat"),
        shards: section
            .integer("shards", 1..=256)
            .and_then(|shards| u16::try_from(shards).ok()),
        instead: Instead {
            topic: section.string("topic"),
            join_params: section.json("join-params"),
            push: section.push("push"),
            push_reply: section.one_of::<ReplyArg>("push-reply"),
        },
        objectives: section.all_parsed("objectives", str::parse::<Objective>),
        results: results_keys(&mut section),
        ..Capacity::default()
    };
    section.finish();
    capacity
}

impl Layer for Capacity {
    fn target(&mut self) -> &mut Target {
        &mut self.target
    }

    fn over(self, below: Self) -> Self {
        Self {
            target: self.target.over(below.target),
            transport: self.transport.or(below.transport),
            by: self.by.or(below.by),
            max: self.max.or(below.max),
            width: self.width.or(below.width),
            max_time: self.max_time.or(below.max_time),
            trial: self.trial.or(below.trial),
            soak: self.soak.or(below.soak),
            pause: self.pause.or(below.pause),
            sockets: self.sockets.or(below.sockets),
            rate: self.rate.or(below.rate),
            heartbeat: self.heartbeat.or(below.heartbeat),
            shards: self.shards.or(below.shards),
            instead: self.instead.over(below.instead),
            server_pid: self.server_pid,
            beam: self.beam,
            objectives: first(self.objectives, below.objectives),
            page: self.page,
            yes: self.yes,
            results: self.results.over(below.results),
            config: self.config,
        }
    }
}

/// The settings at the top or of a named target that apply to a search.
impl From<Check> for Capacity {
    fn from(check: Check) -> Self {
        let load = Load::from(check);
        Self {
            target: load.target,
            transport: load.connecting.transport,
            instead: load.connecting.instead,
            results: load.results,
            ..Self::default()
        }
    }
}
