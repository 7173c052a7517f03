//! Sockets that come and go while the run goes on, as somebody else says.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use phxproof::load::{self, LoadConclusion, LoadEvent, LoadResult, LoadSettings, Scaling, Schedule};

use super::{assert_all_right, serve, serve_with, settings};

/// Runs with each of these numbers of sockets in turn: the next one when the one before is reached. The last one sends
/// something.
fn scaled(settings: &LoadSettings, steps: &[&[u32]]) -> LoadResult {
    let scaling = settings.scaling.clone().expect("a run that is scaled");
    let mut steps: VecDeque<&[u32]> = steps.iter().copied().collect();
    let mut wanted = Vec::new();
    load::run(
        settings,
        &mut |event| {
            let has_sent = matches!(event, LoadEvent::SoFar(result) if result.messages.sent > 0);
            let reached = scaling.reached();
            if reached.is_complete && (wanted.is_empty() || reached.sockets == wanted) {
                match steps.pop_front() {
                    Some(next) => wanted = scaling.ask(next),
                    None if has_sent => scaling.end(),
                    None => {}
                }
            }
        },
        &AtomicBool::new(false),
    )
    .expect("a run")
}

fn of(settings: LoadSettings, most: u32) -> LoadSettings {
    LoadSettings {
        sockets: most,
        scaling: Some(Scaling::new(settings.shares.len(), most)),
        ..settings
    }
}

#[test]
fn sockets_come_and_go_and_each_is_counted_once() {
    let server = serve();
    let settings = of(settings(&server, "echo"), 100);
    let result = scaled(&settings, &[&[10], &[3], &[12], &[0], &[1]]);
    // 10, then 9 more, then 1.
    let sockets = result.sockets;
    assert_eq!((sockets.asked, sockets.opened, sockets.joined), (20, 20, 20));
    assert_eq!((sockets.lost, result.counts.called_off), (0, 0));
    assert!(result.messages.sent > 0 && !result.cut_short);
    assert_all_right(&result);
    assert_eq!(result.conclusion(&[]), LoadConclusion::Held);
    server.drain();
}

#[test]
fn a_rate_follows_the_number_of_joined_sockets() {
    let server = serve();
    let settings = LoadSettings {
        schedule: Schedule::PerSocket(vec![50.0]),
        ..of(settings(&server, "echo"), 100)
    };
    let scaling = settings.scaling.clone().unwrap();
    scaling.ask(&[20]);
    // Each second tells the rate that was asked for in it.
    let is_over = AtomicBool::new(false);
    let mut rates = Vec::new();
    let result = load::run(
        &settings,
        &mut |event| {
            if let LoadEvent::Second(second) = event {
                rates.push(second.point.rate);
                if second.point.rate > 0.0 && second.point.sent > 0 && !is_over.swap(true, Ordering::Relaxed)
                {
                    scaling.end();
                }
            }
        },
        &AtomicBool::new(false),
    )
    .unwrap();
    assert!(rates.contains(&1000.0), "{rates:?}");
    assert_eq!(result.counts.due, result.messages.sent + result.counts.dropped);
    assert_all_right(&result);
    server.drain();
}

#[test]
fn those_who_listen_to_one_sender_come_and_go_without_a_loss() {
    let server = serve();
    let settings = of(settings(&server, "fanout"), 100);
    let result = scaled(&settings, &[&[20], &[5], &[30]]);
    assert_eq!(result.sockets.joined, 45);
    assert_all_right(&result);
    server.drain();
}

#[test]
fn a_server_that_loses_broadcasts_is_still_told() {
    let server = serve_with(&["broadcast-lost"]);
    let settings = of(settings(&server, "fanout"), 100);
    let result = scaled(&settings, &[&[20], &[5], &[30]]);
    assert!(result.messages.missing > 0, "{:?}", result.messages);
    server.drain();
}
