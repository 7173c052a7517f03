//! `result.json` of `load`. Names of fields are a promise; more may come.

use serde::Serialize;

use super::super::json::{Head, pretty};
use super::super::object::{Shown, object, words};
use super::setup::{Part, Rate};
use super::{LoadCommand, LoadFinished, Setup};
use crate::beam::{BeamMailbox, BeamUse, PoolUse};
use crate::load::{
    Counts, Deliveries, Figures, Generator, IdleCut, Latencies, LoadConclusion, LoadResult, Lost, LostKind,
    Machine, Messages, Model, ObjectiveOutcome, ObjectiveUnit, Played, Punctuality, RateChange, Sends,
    ServerUse, Shortage, Sockets, Took,
};
use crate::protocol::Vsn;
use crate::stream::Certificates;

/// The content of the file.
pub(super) fn render(run: &LoadFinished<'_>) -> Vec<u8> {
    pretty(&Document::new(run))
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    scenario: &'a str,
    seed: u64,
    insecure: bool,
    exit_code: u8,
    verdict: &'static str,
    reasons: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    /// The description of the run.
    run: Option<Shown<'a, Setup>>,
    #[serde(flatten)]
    result: Shown<'a, LoadResult>,
    objectives: Shown<'a, [ObjectiveOutcome]>,
}

object! { Setup {
    command_line, scenarios, sockets, arrivals, rates, rates_per_socket if !rates_per_socket.is_empty(), model, duration_s, heartbeat_s, serializer, machine,
    server_said;
    sends, certificates
} }
object! { Part { name, weight } }
object! { Rate { sends_per_s, for_s } }
object! { LoadResult {
    sockets, messages, latency_us, scenarios if !scenarios.is_empty(), lateness_us, waited_us, shortage, generator,
    server, beam if beam.is_some(), model, rate_changes if !rate_changes.is_empty(), troubles, first_answers, notes, deliveries, idle_cut, lost, unasked, late, mismatches, counts,
    took, cut_short;
    series, histograms, punctuality, sends
} }
object! { Sockets { asked, opened, joined, peak_joined, lost, reconnects } }
object! { Messages { sent, received, expected, missing, duplicated, reordered, misdelivered, in_doubt } }
object! { Latencies { http, connect, tls, join, reply, broadcast, heartbeat, rejoin } }
object! { Figures { count, min, mean, p50, p90, p95, p99, p999, max } }
object! { Played { name, weight, sockets, latency_us } }
object! { RateChange { at_s, sends_per_s } }
object! { Shortage { sockets, had, rate, round_s, never_sent, waited_us } }
object! { Generator { cpu_s, cpu_s_steady, rss_bytes_start, rss_bytes_peak, valid, why_invalid } }
object! { ServerUse { cpu_s, rss_bytes_start, rss_bytes_peak, threads_peak, descriptors_peak } }
object! { BeamUse {
    address, otp, schedulers, answers, unanswered, why_unanswered, utilization_mean, utilization_max, run_queue_max,
    processes_max, process_limit, ports_max, port_limit, longest_mailbox, ets_tables_max, memory_bytes_max,
    processes_bytes_max, binary_bytes_max, ets_bytes_max, pools,
} }
object! { BeamMailbox { name, messages } }
object! { PoolUse { name, size, idle_min, waiting_max, queries, queue_us_max } }
object! { IdleCut { losses, same, quiet_s, heartbeat_s } }
object! { Lost { kind, topic, event, sender, number, receiver, at_s } }
object! { Took { opening_s, running_s, load_s, draining_s, closing_s } }
object! { ObjectiveOutcome { text, value, held, figure, unit, limit, source, only if only.is_some() } }
object! { Machine { processors, memory_bytes, os } }
object! { Counts {
    opened, compressed, first_opened, first_joined, called_off, held_back, connects_failed, lost, lost_by_late_heartbeat, not_back, slow_cut,
    reconnects, unsendable, sent, due, late, dropped, dropped_by_server, replies_expected, replies, replies_missing,
    replies_in_doubt, replies_duplicated, broadcasts, broadcasts_missing, broadcasts_duplicated,
    broadcasts_reordered, broadcasts_misdelivered, broadcasts_in_doubt, awaited_missing, in_flight_us, rounds, messages_in,
    bytes_in, bytes_out, message_bytes_in, message_bytes_out,
} }
words! { Vsn { V1 => "1.0.0", V2 => "2.0.0" } }
words! { Model { Open => "open", Closed => "closed" } }
words! { LostKind { Broadcast => "broadcast", Reply => "reply" } }
words! { ObjectiveUnit { Us => "us", Count => "count", Percent => "percent" } }
words! { LoadCommand { Load => "load", Worker => "worker" } }
words! { Punctuality { InTime => "in-time", Late => "late", Overdue => "overdue" } }
words! { Sends { Nothing => "nothing", Something => "something" } }
words! { Deliveries { None => "none", ByMark => "by-mark", ByNumber => "by-number", NotFollowed => "not-followed" } }

impl<'a> Document<'a> {
    fn new(run: &LoadFinished<'a>) -> Self {
        let (verdict, reasons): (_, &[String]) = match run.conclusion {
            LoadConclusion::Held => ("held", &[]),
            LoadConclusion::FellShort(reasons) => ("fell-short", reasons),
            LoadConclusion::Undecided(reasons) => ("undecided", reasons),
        };
        Self {
            head: Head::new(
                run.command.name(),
                run.about,
                run.duration,
                (run.target, run.profile),
            ),
            scenario: run.scenario,
            seed: run.about.seed,
            insecure: run.about.certificates == Certificates::Insecure,
            exit_code: run.exit_code,
            verdict,
            reasons,
            trouble: run.trouble,
            run: run.setup.map(Shown),
            result: Shown(run.result),
            objectives: Shown(run.objectives),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn everything_that_was_promised_is_there() {
        let text = made_up::with_run(|run| String::from_utf8(render(run)).unwrap());
        insta::assert_snapshot!(text);
    }
}
