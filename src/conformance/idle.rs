//! Idle time-outs: how long a connection may be silent, in each direction, before it is cut, and what a heartbeat leaves of
//! that. Several connections are watched side by side.

mod finding;
mod watch;

use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};

use super::context::RunContext;
use super::outcome::CheckEvent;
use super::probe::Offers;
use super::silence::{IdleFinding, IdleProgress, IdleSettings};
use crate::clock::Time;
use crate::scenario::Level;
use crate::transport::Transport;
use finding::findings;
use watch::{Enough, Traffic, Watch};

/// How often the progress is told.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Whether the server has a channel that pushes by a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerPushes {
    /// The `lab` channel, on the topic with this number.
    OnLab(u64),
    Never,
}

impl ServerPushes {
    pub(super) fn of(offers: &Offers, topic: u64) -> Self {
        match offers.levels.contains(&Level::Lab) {
            true => Self::OnLab(topic),
            false => Self::Never,
        }
    }
}

/// Watches connections until each of them was cut or has been watched for long enough, if the user asked for that and the
/// run, which began at `run_began`, has time left.
pub(super) async fn measure(
    context: &Rc<RunContext>,
    pushes: ServerPushes,
    run_began: Time,
    on_event: &mut dyn FnMut(CheckEvent<'_>),
) -> Vec<IdleFinding> {
    let clock = context.clock;
    let begun = clock.now();
    let Some(asked) = &context.settings.idle else {
        return Vec::new();
    };
    let left = context
        .settings
        .max_time
        .map(|limit| limit.saturating_sub(begun.since(run_began)));
    let settings = &IdleSettings {
        longest: left.map_or(asked.longest, |left| left.min(asked.longest)),
        ..asked.clone()
    };
    if settings.longest.is_zero() {
        return Vec::new();
    }
    let mut watches = JoinSet::new();
    for transport in &settings.transports {
        let enough = Enough::after(settings.longest);
        for (traffic, watched_for) in plan(*transport, settings, pushes) {
            let watch = Watch {
                transport: *transport,
                traffic,
                watched_for,
                heartbeat: settings.heartbeat,
            };
            let (context, enough) = (Rc::clone(context), enough.clone());
            watches.spawn_local(async move { watch.run(&context, &enough).await });
        }
    }
    let mut seen = Vec::new();
    let mut told = interval_at(Instant::now() + TELL_EVERY, TELL_EVERY);
    while !watches.is_empty() {
        tokio::select! {
            biased;
            Some(watched) = watches.join_next() => seen.extend(watched.ok()),
            _ = told.tick() => on_event(CheckEvent::Idle(IdleProgress {
                watched: clock.now().since(begun),
                longest: settings.longest,
                open: watches.len(),
            })),
        }
    }
    findings(&seen, settings)
}

/// The parts of the longest time after which silent connections are asked whether they still work, in thousandths.
const ASKED_OVER_WEBSOCKET: [u32; 6] = [167, 333, 500, 667, 833, 1000];
/// A long poll session that is not polled ends much sooner: after 15 s, if nothing is configured.
const ASKED_OVER_LONG_POLL: [u32; 11] = [13, 33, 67, 90, 110, 133, 200, 300, 400, 600, 1000];

/// The connections that are watched, each with what is sent over it and for how long.
fn plan(transport: Transport, settings: &IdleSettings, pushes: ServerPushes) -> Vec<(Traffic, Duration)> {
    let IdleSettings {
        longest, heartbeat, ..
    } = settings;
    let (asked, other): (&[u32], &[Traffic]) = match transport {
        Transport::WebSocket => (
            &ASKED_OVER_WEBSOCKET,
            &[Traffic::Heartbeats, Traffic::Pings, Traffic::Pongs],
        ),
        Transport::LongPoll => (&ASKED_OVER_LONG_POLL, &[Traffic::Polls, Traffic::Heartbeats]),
    };
    let silent = asked
        .iter()
        .map(|part| (Traffic::Nothing, *longest * *part / 1000));
    let mut plan: Vec<(Traffic, Duration)> = silent.collect();
    if transport == Transport::WebSocket && heartbeat < longest {
        plan.push((Traffic::Nothing, *heartbeat));
    }
    plan.extend(other.iter().map(|traffic| (*traffic, *longest)));
    if let (Transport::WebSocket, ServerPushes::OnLab(topic)) = (transport, pushes) {
        plan.push((Traffic::ServerPushes(topic), *longest));
    }
    plan
}

#[cfg(test)]
mod tests;
