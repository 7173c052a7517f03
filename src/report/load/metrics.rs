//! The figures of a load test that goes on, for Prometheus.

use super::super::exposition::Exposition;
use super::state::LoadState;
use crate::load::{LoadResult, Messages, Sockets, Timing, phases};

/// The page of metrics.
pub(super) fn render(state: &LoadState) -> String {
    let mut page = Exposition::default();
    about(&mut page, state);
    sockets(&mut page, state);
    messages(&mut page, &state.result.messages);
    errors(&mut page, &state.result);
    times(&mut page, &state.result);
    uses(&mut page, state);
    objectives(&mut page, state);
    page.text()
}

fn about(page: &mut Exposition, state: &LoadState) {
    let beginning = &state.beginning;
    page.family("phxproof_run_info", "gauge", "What runs; always 1.");
    let labels = [
        ("command", "load"),
        ("scenario", beginning.scenario.as_str()),
        ("target", beginning.target.as_str()),
        ("version", env!("CARGO_PKG_VERSION")),
    ];
    page.sample("phxproof_run_info", &labels, 1);
    page.family("phxproof_phase", "gauge", "1 for the phase of the run.");
    for phase in phases() {
        let is_now = state.progress.is_some_and(|it| it.phase == phase);
        page.sample("phxproof_phase", &[("phase", phase)], u8::from(is_now));
    }
    page.gauge(
        "phxproof_asked_sends_per_second",
        "Sends a second that are asked for; 0 where no rate is.",
        state.last().rate,
    );
}

fn sockets(page: &mut Exposition, state: &LoadState) {
    let Sockets {
        asked,
        lost,
        reconnects,
        ..
    } = state.result.sockets;
    let last = state.last();
    page.gauge("phxproof_sockets_asked", "Sockets that were asked for.", asked);
    page.gauge("phxproof_sockets_open", "Open connections.", last.open);
    page.gauge("phxproof_sockets_joined", "Joined sockets.", last.joined);
    page.counter(
        "phxproof_sockets_lost_total",
        "Connections that ended although the client did not ask for it.",
        lost,
    );
    page.counter(
        "phxproof_sockets_reconnects_total",
        "Connections that were opened again.",
        reconnects,
    );
}

fn messages(page: &mut Exposition, messages: &Messages) {
    let counts = [
        ("sent", "Pushes that were sent.", messages.sent),
        (
            "received",
            "Expected replies and broadcasts that arrived.",
            messages.received,
        ),
        (
            "expected",
            "Replies and broadcasts that are expected.",
            messages.expected,
        ),
        (
            "missing",
            "Expected replies and broadcasts that never arrived; broadcasts are counted at the end.",
            messages.missing,
        ),
        (
            "duplicated",
            "Replies and broadcasts that arrived more than once.",
            messages.duplicated,
        ),
        (
            "reordered",
            "Broadcasts that arrived after a later one of the same sender.",
            messages.reordered,
        ),
        (
            "misdelivered",
            "Broadcasts that arrived at a socket that should not receive them.",
            messages.misdelivered,
        ),
        (
            "in_doubt",
            "Messages under way while their receiver joined or left.",
            messages.in_doubt,
        ),
    ];
    for (name, help, count) in counts {
        page.counter(&format!("phxproof_messages_{name}_total"), help, count);
    }
}

fn errors(page: &mut Exposition, result: &LoadResult) {
    page.family("phxproof_errors_total", "counter", "Errors by kind.");
    for (kind, count) in &result.troubles {
        page.sample("phxproof_errors_total", &[("kind", kind)], count);
    }
}

fn times(page: &mut Exposition, result: &LoadResult) {
    let name = "phxproof_latency_seconds";
    page.family(name, "histogram", "Latencies by kind, from intended times.");
    let is_own = |kind: &Timing| matches!(kind, Timing::Lateness | Timing::Waited);
    for kind in Timing::ALL.into_iter().filter(|kind| !is_own(kind)) {
        page.times(name, &[("kind", kind.name())], result.histograms.of(kind));
    }
    for (name, kind, help) in [
        (
            "phxproof_lateness_seconds",
            Timing::Lateness,
            "How late phxproof itself sent.",
        ),
        (
            "phxproof_waited_seconds",
            Timing::Waited,
            "How long sends waited for a free socket.",
        ),
    ] {
        page.family(name, "histogram", help);
        page.times(name, &[], result.histograms.of(kind));
    }
}

/// The use of both ends: that of the server only if it is watched.
fn uses(page: &mut Exposition, state: &LoadState) {
    let (result, last) = (&state.result, state.last());
    let generator = &result.generator;
    page.counter(
        "phxproof_generator_cpu_seconds_total",
        "CPU time of the threads of the swarm.",
        generator.cpu_s,
    );
    page.gauge(
        "phxproof_generator_resident_memory_bytes",
        "Memory of phxproof.",
        last.generator_rss_bytes,
    );
    page.gauge(
        "phxproof_generator_valid",
        "1 while phxproof keeps up, so that the figures are statements about the server.",
        u8::from(generator.valid),
    );
    if let Some(server) = &result.server {
        page.counter(
            "phxproof_server_cpu_seconds_total",
            "CPU time of the server since the start of the run.",
            server.cpu_s,
        );
        page.gauge(
            "phxproof_server_resident_memory_bytes",
            "Memory of the server.",
            last.server_rss_bytes,
        );
        page.gauge(
            "phxproof_server_threads",
            "Threads of the server.",
            last.server_threads,
        );
        page.gauge(
            "phxproof_server_open_descriptors",
            "Open descriptors of the server.",
            last.server_descriptors,
        );
    }
}

fn objectives(page: &mut Exposition, state: &LoadState) {
    page.family(
        "phxproof_objective_held",
        "gauge",
        "1 for an objective that holds so far.",
    );
    for objective in &state.beginning.objectives {
        let held = objective.judge(&state.result).held;
        page.sample(
            "phxproof_objective_held",
            &[("objective", objective.text())],
            u8::from(held),
        );
    }
}
