//! Compares the result that is merged from messages with the measurements of the workers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::super::made_up;
use super::super::{LoadBeginning, LoadCommand};
use super::{Merged, ToldBy, WorkerTelling};
use crate::load::{
    Histograms, LoadConclusion, LoadEvent, LoadResult, Point, Second, Steering, Timing, Unsteerable,
};

fn beginning() -> LoadBeginning {
    made_up::with_run(|run| LoadBeginning {
        command: LoadCommand::Worker,
        about: run.about.clone(),
        scenario: run.scenario.to_owned(),
        target: run.target.to_owned(),
        profile: run.profile,
        setup: run.setup.unwrap().clone(),
        objectives: Vec::new(),
        steering: Steering::locked(Unsteerable::PerSocket),
    })
}

fn second(number: u64, replies: &[u64]) -> Second {
    let mut histograms = Histograms::default();
    replies
        .iter()
        .for_each(|micros| histograms.record(Timing::Reply, *micros));
    Second {
        point: Point {
            at_s: (number + 1) as f64,
            phase: "running",
            joined: 5,
            replies: replies.len() as u64,
            ..Point::default()
        },
        start: Duration::from_secs(number),
        length: Duration::from_secs(1),
        histograms,
        of_plays: Vec::new(),
    }
}

/// The messages of a worker that measured these replies, a message for each second.
fn messages(worker: &str, seconds: &[&[u64]]) -> Vec<Value> {
    let of = ToldBy {
        worker: worker.to_owned(),
        index: 0,
        test: 1,
        seed: Some(7),
    };
    let mut telling = WorkerTelling::new(of, beginning());
    let mut result = LoadResult::default();
    result.generator.valid = true;
    let mut messages = Vec::new();
    for (number, replies) in (0..).zip(seconds) {
        telling.event(&LoadEvent::Second(&second(number, replies)));
        result.counts.replies += replies.len() as u64;
        result.messages.received += replies.len() as u64;
        telling.event(&LoadEvent::SoFar(&Arc::new(result.clone())));
        messages.extend(telling.tell());
    }
    result.series = (0..)
        .zip(seconds)
        .map(|(number, replies)| second(number, replies).point)
        .collect();
    let last = made_up::with_run(|run| {
        telling.last(&super::super::LoadFinished {
            result: &result,
            ..*run
        })
    });
    messages.push(last);
    for message in &mut messages {
        message["complaints"] = Vec::<String>::new().into();
    }
    messages
}

fn keep(folder: &Path, worker: &str, messages: &[Value]) {
    let workers = folder.join("workers");
    std::fs::create_dir_all(&workers).unwrap();
    let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
    std::fs::write(workers.join(format!("{worker}.jsonl")), lines).unwrap();
}

#[test]
fn what_all_measured_is_merged_without_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    keep(folder.path(), "a_1", &messages("a_1", &[&[100, 200], &[300]]));
    keep(folder.path(), "b_2", &messages("b_2", &[&[9_876_543]]));
    let merged = Merged::read(folder.path()).unwrap();
    let result = merged.result();
    let mut all = Histograms::default();
    [100, 200, 300, 9_876_543]
        .into_iter()
        .for_each(|it| all.record(Timing::Reply, it));
    assert_eq!(result.histograms, all);
    assert_eq!(
        (
            result.counts.replies,
            result.messages.received,
            result.latency_us.reply.count
        ),
        (4, 4, 4)
    );
    let seen: Vec<_> = result
        .series
        .iter()
        .map(|it| (it.joined, it.replies, it.reply_max_us))
        .collect();
    assert_eq!(seen[0].0, 10);
    assert_eq!((seen[0].1, seen[1]), (3, (5, 1, 300)));
    assert!(result.generator.valid, "{:?}", result.generator.why_invalid);
}

fn why_invalid(change: impl FnOnce(&mut Vec<Value>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut all = messages("a_1", &[&[100, 200], &[300]]);
    change(&mut all);
    keep(folder.path(), "a_1", &all);
    let merged = Merged::read(folder.path()).unwrap();
    let result = merged.result();
    assert!(!matches!(result.conclusion(&[]), LoadConclusion::Held));
    result.generator.why_invalid.clone().unwrap()
}

#[test]
fn what_is_missing_is_told_and_proves_nothing() {
    let lost = why_invalid(|all| drop(all.remove(1)));
    assert_eq!(
        lost,
        "a_1: one of its messages was lost, with the latencies in it"
    );
    let killed = why_invalid(|all| drop(all.pop()));
    assert!(
        killed.starts_with("a_1: it was not heard of after 2 s of its run"),
        "{killed}"
    );
    let garbled = why_invalid(|all| all[1] = "garbled".into());
    assert!(
        garbled.starts_with("a_1: its message in line 2 cannot be understood: "),
        "{garbled}"
    );
    let complaint = why_invalid(|all| all[2]["complaints"] = vec!["no such users".to_owned()].into());
    assert_eq!(complaint, "a_1: no such users");
    let future = why_invalid(|all| all[0]["format"] = 9.into());
    assert!(
        future.ends_with("it has format 9, and this version of phxproof reads format 1"),
        "{future}"
    );
}

#[test]
fn a_folder_without_messages_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let why = Merged::read(folder.path()).unwrap_err().to_string();
    assert!(why.starts_with("cannot read "), "{why}");
    keep(folder.path(), "a_1", &[]);
    let why = Merged::read(folder.path()).unwrap_err().to_string();
    assert!(why.ends_with("it is empty"), "{why}");
}
