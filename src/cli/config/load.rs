//! Reads the `[load]` section, and merges it with the command line.

use super::super::args::{self, Check, Connecting, Instead, Load, ReplyArg, Room, Target, TransportArg};
use super::super::units;
use super::layers::{Layer, first};
use super::section::Section;
use super::{results_keys, target_keys};
use crate::load::Objective;

/// Reads the section.
pub(super) fn keys(mut section: Section<'_, '_>) -> Load {
    let load = Load {
        target: target_keys(&mut section, "target"),
        sockets: section.parsed("sockets", units::count),
        ramp: section.duration("ramp"),
        arrivals: section.parsed("arrivals", args::arrivals),
        duration: section.duration("duration"),
        rate: section.parsed("rate", args::rate),
        connecting: Connecting {
            transport: section.one_of::<TransportArg>("transport"),
            heartbeat: section.duration("heartbeat"),
            shards: section
                .integer("shards", 0..=256)
                .and_then(|shards| u16::try_from(shards).ok()),
            source_ip: section.all_parsed("source-ip", |text| {
                text.parse()
                    .map_err(|_| "expected addresses of this machine, as \"127.0.0.2\"")
            }),
            instead: Instead {
                topic: section.string("topic"),
                join_params: section.json("join-params"),
                push: section.push("push"),
                push_reply: section.one_of::<ReplyArg>("push-reply"),
            },
        },
        objectives: section.all_parsed("objectives", str::parse::<Objective>),
        abort_on_fail: section.boolean("abort-on-fail").unwrap_or_default(),
        no_marks: section.boolean("no-marks").unwrap_or_default(),
        results: results_keys(&mut section),
        ..Load::default()
    };
    section.finish();
    load
}

impl Layer for Load {
    fn target(&mut self) -> &mut Target {
        &mut self.target
    }

    fn over(self, below: Self) -> Self {
        // `ramp` and `arrivals` exclude each other, so the upper layer replaces both.
        let (ramp, arrivals) = if self.ramp.is_some() || self.arrivals.is_some() {
            (self.ramp, self.arrivals)
        } else {
            (below.ramp, below.arrivals)
        };
        Self {
            scenarios: self.scenarios,
            target: self.target.over(below.target),
            sockets: self.sockets.or(below.sockets),
            ramp,
            arrivals,
            duration: self.duration.or(below.duration),
            rate: self.rate.or(below.rate),
            connecting: self.connecting.over(below.connecting),
            server_pid: self.server_pid,
            beam: self.beam,
            objectives: first(self.objectives, below.objectives),
            abort_on_fail: self.abort_on_fail || below.abort_on_fail,
            no_marks: self.no_marks || below.no_marks,
            watching: self.watching,
            yes: self.yes,
            results: self.results.over(below.results),
            config: self.config,
        }
    }
}

impl Instead {
    /// A topic is merged together with its params.
    pub(super) fn over(self, below: Self) -> Self {
        Self {
            join_params: match self.topic {
                Some(_) => self.join_params,
                None => self.join_params.or(below.join_params),
            },
            topic: self.topic.or(below.topic),
            push_reply: match self.push {
                Some(_) => self.push_reply,
                None => self.push_reply.or(below.push_reply),
            },
            push: self.push.or(below.push),
        }
    }
}

impl Connecting {
    fn over(self, below: Self) -> Self {
        Self {
            transport: self.transport.or(below.transport),
            heartbeat: self.heartbeat.or(below.heartbeat),
            shards: self.shards.or(below.shards),
            source_ip: first(self.source_ip, below.source_ip),
            instead: self.instead.over(below.instead),
        }
    }
}

/// The settings at the top or of a named target that apply to a swarm.
impl From<Check> for Load {
    fn from(check: Check) -> Self {
        let Room {
            topic,
            join_params,
            push,
            ..
        } = check.room;
        Self {
            target: check.target,
            connecting: Connecting {
                transport: check.transport,
                instead: Instead {
                    topic,
                    join_params,
                    push,
                    push_reply: None,
                },
                ..Connecting::default()
            },
            results: check.results,
            ..Self::default()
        }
    }
}
