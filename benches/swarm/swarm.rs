//! The measurements of the swarm: echo, fanout and idle sockets.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use phxproof::Target;
use phxproof::load::{self, LoadEvent, LoadResult, LoadSettings, Pacing, RateStage, Schedule, built_in};

use super::served::Served;
use super::{Score, Size, median};

/// Each pushes again when it has its answer.
pub(crate) fn echo(served: &Served, size: Size, lasts: Duration) -> Score {
    let settings = LoadSettings {
        schedule: Schedule::Closed,
        duration: lasts,
        ..settings(served, "echo", size)
    };
    let result = run(&settings, &mut |_| {});
    Score {
        round_trips: result.messages.received,
        cpu_s: result.generator.cpu_s_steady,
    }
}

/// How long a broadcast takes to its last receiver: the median of one every other second.
pub(crate) fn fanout(served: &Served, size: Size) -> Duration {
    let stage = RateStage {
        rate: 0.5,
        duration: Duration::from_secs(14),
    };
    let settings = LoadSettings {
        schedule: Schedule::Open(vec![stage], Pacing::Even),
        ..settings(served, "fanout", size)
    };
    let (mut slowest, mut took, mut came) = (Vec::new(), Duration::ZERO, 0);
    let mut on_event = |event: LoadEvent<'_>| {
        let LoadEvent::Second(second) = event else { return };
        let point = &second.point;
        // A broadcast may come at the end of one second and at the begin of the next.
        took = took.max(Duration::from_micros(point.broadcast_max_us));
        came += point.broadcasts;
        if came >= u64::from(size.sockets) {
            slowest.push(std::mem::take(&mut took));
            came = 0;
        }
    };
    run(&settings, &mut on_event);
    median(slowest)
}

/// They join, and stay for a while.
pub(crate) fn idle(served: &Served, size: Size) -> LoadResult {
    let settings = LoadSettings {
        duration: Duration::from_secs(5),
        ..settings(served, "idle", size)
    };
    run(&settings, &mut |_| {})
}

fn settings(served: &Served, scenario: &str, size: Size) -> LoadSettings {
    let target = Target::parse(&format!("ws://{}/socket", served.address)).expect("an address");
    let it = built_in().iter().find(|it| it.name == scenario);
    let program = Arc::clone(&it.expect("it is built in").program);
    LoadSettings {
        sockets: size.sockets,
        shards: Some(size.threads as usize),
        server_pid: Some(served.pid()),
        ..LoadSettings::new(target, program)
    }
}

fn run(settings: &LoadSettings, on_event: &mut dyn FnMut(LoadEvent<'_>)) -> LoadResult {
    let result = load::run(settings, on_event, &AtomicBool::new(false)).expect("a run");
    assert!(result.messages.all_right(), "{:?}", result.messages);
    assert_eq!(result.sockets.joined, u64::from(settings.sockets));
    result
}
