//! An invented load test for the tests of this folder.

use std::path::Path;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;

use super::setup::{Part, Rate, Setup};
use super::{HistogramLog, LoadCommand, LoadFile, LoadFinished};
use crate::beam::{BeamMailbox, BeamUse, PoolUse};
use crate::load::{
    BeamPoint, Figures, Generator, Histograms, Latencies, LoadConclusion, LoadEvent, LoadResult, Lost,
    LostKind, Machine, Messages, Model, ObjectiveOutcome, ObjectiveUnit, Played, Point, PoolPoint, Second,
    Sends, ServerUse, Sockets, Timing, Took,
};
use crate::protocol::Vsn;
use crate::report::{About, Folder, Reporter as _};
use crate::stream::Certificates;

fn figures(count: u64, p50: u64) -> Figures {
    Figures {
        count,
        min: p50 / 2,
        mean: p50 as f64 * 1.25,
        p50,
        p90: p50 * 2,
        p95: p50 * 3,
        p99: p50 * 5,
        p999: p50 * 20,
        max: p50 * 40,
    }
}

/// One second of the run; the fourth one is slow.
fn second(number: u32) -> Point {
    let slow = if number == 3 { 40 } else { 1 };
    let running = (1..9).contains(&number);
    Point {
        at_s: f64::from(number + 1),
        phase: match number {
            0 => "opening",
            1..9 => "running",
            _ => "closing",
        },
        open: if number < 9 { 200 } else { 0 },
        joined: if number < 9 { 200 } else { 0 },
        sent: if running { 1000 } else { 0 },
        replies: if running { 1000 } else { 0 },
        reply_p50_us: if running { 250 } else { 0 },
        reply_p95_us: if running { 750 } else { 0 },
        reply_p99_us: if running { 1250 * slow } else { 0 },
        lateness_p99_us: if running { 80 } else { 0 },
        missing: if number == 3 { 2 } else { 0 },
        lost: u64::from(number == 5),
        generator_cpu_s: 0.1,
        generator_rss_bytes: 12_000_000 + u64::from(number) * 10_000,
        server_cpu_s: 0.2,
        server_rss_bytes: 15_000_000,
        server_threads: 5,
        server_descriptors: 230,
        // The VM does not answer in one second.
        beam: (number != 4).then(|| beam(number)),
        ..Point::default()
    }
}

/// The figures of the Erlang VM in a second.
fn beam(number: u32) -> BeamPoint {
    BeamPoint {
        utilization: 0.25,
        run_queue: number.into(),
        processes: 1_000,
        ports: 207,
        longest_mailbox: 17,
        ets_tables: 54,
        memory_bytes: 50_000_000,
        processes_bytes: 30_000_000,
        binary_bytes: 1_000_000,
        ets_bytes: 990_000,
        pools: (number > 2).then_some(PoolPoint {
            idle: 3,
            waiting: 0,
            queries: 40,
            queue_us_max: 900,
        }),
    }
}

/// Its figures over the run.
pub(in crate::report) fn beam_use() -> BeamUse {
    BeamUse {
        address: "127.0.0.1:9400".to_owned(),
        otp: "27".to_owned(),
        schedulers: 2,
        answers: 9,
        unanswered: 1,
        why_unanswered: Some("nobody answers there: timed out".to_owned()),
        utilization_mean: 0.25,
        utilization_max: 0.5,
        run_queue_max: 9,
        processes_max: 1_000,
        process_limit: 262_144,
        ports_max: 207,
        port_limit: 65_536,
        longest_mailbox: Some(BeamMailbox {
            name: "My.<Server>".to_owned(),
            messages: 17,
        }),
        ets_tables_max: 54,
        memory_bytes_max: 50_000_000,
        processes_bytes_max: 30_000_000,
        binary_bytes_max: 1_000_000,
        ets_bytes_max: 990_000,
        pools: vec![PoolUse {
            name: "My.Repo".to_owned(),
            size: 10,
            idle_min: Some(3),
            waiting_max: Some(0),
            queries: 280,
            queue_us_max: 900,
        }],
    }
}

fn played(name: &str, weight: u32, sockets: u32, reply: Figures) -> Played {
    Played {
        name: name.to_owned(),
        weight,
        sockets,
        latency_us: Latencies {
            reply,
            ..Latencies::default()
        },
    }
}

fn lost(socket: u32, event: &str, number: u64) -> Lost {
    Lost {
        kind: LostKind::Reply,
        topic: "lab:<one>".to_owned(),
        event: Some(event.to_owned()),
        sender: Some(socket),
        number: Some(number),
        receiver: socket,
        at_s: Some(3.25),
    }
}

/// Its settings.
fn setup() -> Setup {
    let part = |name: &str, weight| Part {
        name: name.to_owned(),
        weight,
    };
    Setup {
        command_line: "phxproof load echo=3 '<own>.yaml=1' --param token=…".to_owned(),
        scenarios: vec![part("echo", 3), part("<own>.yaml", 1)],
        sockets: 200,
        arrivals: "at once".to_owned(),
        rates: vec![Rate {
            sends_per_s: 1000.0,
            for_s: 8.0,
        }],
        certificates: Certificates::Verified,
        rates_per_socket: Vec::new(),
        model: Model::Open,
        duration_s: 8.0,
        heartbeat_s: 30.0,
        serializer: Vsn::V2,
        machine: Machine {
            processors: 2,
            memory_bytes: Some(24_000_000_000),
            os: "linux 6.1.0".to_owned(),
        },
        server_said: Some("Cowboy".to_owned()),
        sends: Sends::Something,
    }
}

/// A run in which two replies are missing.
pub(super) fn result() -> LoadResult {
    LoadResult {
        sockets: Sockets {
            asked: 200,
            opened: 200,
            joined: 200,
            peak_joined: 200,
            lost: 1,
            reconnects: 1,
        },
        messages: Messages {
            sent: 8000,
            received: 7998,
            expected: 8000,
            missing: 2,
            in_doubt: 1,
            ..Messages::default()
        },
        latency_us: Latencies {
            connect: figures(201, 400),
            join: figures(201, 300),
            reply: figures(7998, 250),
            ..Latencies::default()
        },
        scenarios: vec![
            played("echo", 3, 150, figures(7000, 240)),
            played("<own>.yaml", 1, 50, figures(998, 900)),
        ],
        lateness_us: Some(figures(8000, 16)),
        generator: Generator {
            cpu_s: 1.0,
            cpu_s_steady: 0.8,
            rss_bytes_start: 11_900_000,
            rss_bytes_peak: 12_090_000,
            valid: true,
            why_invalid: None,
        },
        server: Some(ServerUse {
            cpu_s: 2.0,
            rss_bytes_start: 9_000_000,
            rss_bytes_peak: 15_000_000,
            threads_peak: 5,
            descriptors_peak: 230,
        }),
        beam: Some(beam_use()),
        model: Model::Open,
        troubles: [("push-timeout", 2)].into(),
        first_answers: [("push-timeout", "`<echo>` had no reply".to_owned())].into(),
        notes: vec!["no push of `<news>` was ever answered".to_owned()],
        lost: vec![lost(3, "<echo>", 17), lost(8, "<echo>", 5)],
        unasked: [("<news>".to_owned(), 7)].into(),
        took: Took {
            opening_s: 0.2,
            running_s: 8.08,
            load_s: 8.0,
            draining_s: 0.0,
            closing_s: 0.05,
        },
        series: (0..10).map(second).collect(),
        ..LoadResult::default()
    }
}

/// Calls `look` with the run and everything that reports need.
pub(super) fn with_run<T>(look: impl FnOnce(&LoadFinished<'_>) -> T) -> T {
    let outcome = |text: &str, unit, limit: f64, value: Option<f64>| ObjectiveOutcome {
        text: text.to_owned(),
        value,
        held: value.is_some_and(|it| it <= limit),
        figure: text.split('<').next().unwrap_or_default().to_owned(),
        unit,
        limit,
        source: "--objective".to_owned(),
        only: None,
    };
    look(&LoadFinished {
        command: LoadCommand::Load,
        result: &result(),
        objectives: &[
            outcome("reply.p99<50ms", ObjectiveUnit::Us, 50e3, Some(1250.0)),
            outcome("sockets.lost<=0", ObjectiveUnit::Count, 0.0, Some(1.0)),
            outcome("missing<0.1%", ObjectiveUnit::Percent, 0.1, Some(0.025)),
            outcome("broadcast.p99<50ms", ObjectiveUnit::Us, 50e3, None),
        ],
        conclusion: &LoadConclusion::FellShort(vec!["2 messages never came".to_owned()]),
        about: &About {
            certificates: Certificates::Verified,
            started_at: SystemTime::UNIX_EPOCH,
            seed: 7,
        },
        scenario: "echo=3 <own>.yaml",
        target: "ws://127.0.0.1:4000/socket",
        profile: None,
        setup: Some(&setup()),
        duration: Duration::from_millis(8300),
        exit_code: 1,
        trouble: None,
    })
}

/// Writes the results of the run into a folder, with histograms of so many seconds in which each reply took longer by so many
/// microseconds.
pub(super) fn write(folder: &Path, seconds: u64, slower_us: u64) {
    with_run(|run| {
        for mut file in LoadFile::all(&Folder::new(folder)) {
            file.finish(run).unwrap();
        }
        let mut log = HistogramLog::new(Folder::new(folder));
        log.begin();
        for second in 0..seconds {
            let mut replies = Histogram::new(3).unwrap();
            (0..100).for_each(|reply| replies.record(300 + 2 * reply + slower_us + second % 4).unwrap());
            let mut histograms = Histograms::default();
            histograms.add_to(Timing::Reply, &replies);
            let second = Second {
                point: Point::default(),
                start: Duration::from_secs(second),
                length: Duration::from_secs(1),
                histograms,
                of_plays: Vec::new(),
            };
            log.event(&LoadEvent::Second(&second)).unwrap();
        }
        log.finish(run).unwrap();
    });
}
