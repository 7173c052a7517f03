//! `result.json` of `fuzz` and `diff`. Names of fields are a promise; more may come.

use serde::Serialize;

use super::super::json::{Head, pretty};
use super::FuzzFinished;
use crate::fuzz::StillFailing;
use crate::profile::Profile;
use crate::stream::Certificates;

/// The content of the file.
pub(super) fn render(run: &FuzzFinished<'_>) -> Vec<u8> {
    pretty(&Document::new(run))
}

#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "as they stand in the file")]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    /// The second server of a `diff`.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Other<'a>>,
    seed: u64,
    insecure: bool,
    exit_code: u8,
    cut_short: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_gone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<&'a str>,
    command_line: &'a str,
    held_to: Option<String>,
    conversations: u64,
    messages: u64,
    undecided: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why_undecided: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corpus: Option<Corpus<'a>>,
    failures: Vec<Failure<'a>>,
    covered: Vec<Covered>,
}

#[derive(Serialize)]
struct Other<'a> {
    target: &'a str,
    profile: Option<&'static str>,
    like: Option<&'static str>,
}

/// The failures of earlier runs, played again.
#[derive(Serialize)]
struct Corpus<'a> {
    played: u64,
    failing: Vec<StillFailingEntry<'a>>,
}

#[derive(Serialize)]
struct StillFailingEntry<'a> {
    property: &'static str,
    says: &'a str,
    scenario: String,
    steps: usize,
    times: u64,
}

#[derive(Serialize)]
struct Failure<'a> {
    property: &'static str,
    says: &'a str,
    scenario: String,
    steps: usize,
    shrunk_from: usize,
    conversation: u64,
    times: u64,
    /// Other kinds of failures that follow from the same cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also: Vec<Also<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<&'static str>,
    /// How often it failed when it was played again, and of how many plays.
    failed_again: usize,
    played_again: usize,
}

#[derive(Serialize)]
struct Also<'a> {
    kind: &'a str,
    times: u64,
}

#[derive(Serialize)]
struct Covered {
    step: &'static str,
    state: &'static str,
    times: u64,
}

impl<'a> Document<'a> {
    fn new(run: &FuzzFinished<'a>) -> Self {
        let result = run.result;
        Self {
            head: Head::new(
                run.command,
                run.about,
                run.duration,
                (run.server.target, run.server.own_profile),
            ),
            other: run.other.map(|other| Other {
                target: other.target,
                profile: other.own_profile,
                like: result.other_profile.map(Profile::name),
            }),
            seed: run.about.seed,
            insecure: run.about.certificates == Certificates::Insecure,
            exit_code: run.exit_code,
            cut_short: result.cut_short,
            server_gone: result.gone.as_deref(),
            trouble: run.trouble,
            command_line: run.command_line,
            held_to: result.profile.map(|profile| profile.name().to_string()),
            conversations: result.conversations,
            messages: result.messages,
            undecided: result.undecided,
            why_undecided: result.why_undecided.as_deref(),
            corpus: (result.corpus.played > 0).then(|| Corpus {
                played: result.corpus.played,
                failing: result.corpus.failing.iter().map(still_failing).collect(),
            }),
            failures: result
                .finds
                .iter()
                .map(|find| Failure {
                    property: find.property,
                    says: &find.told,
                    scenario: run.scenario(find),
                    steps: find.steps,
                    shrunk_from: find.shrunk_from,
                    conversation: find.conversation,
                    times: find.times,
                    also: find
                        .also
                        .iter()
                        .map(|(kind, times)| Also { kind, times: *times })
                        .collect(),
                    rules: find.rule.into_iter().collect(),
                    failed_again: find.rate.failed,
                    played_again: find.rate.of,
                })
                .collect(),
            covered: result
                .covered
                .iter()
                .map(|(covered, times)| Covered {
                    step: covered.deed,
                    state: covered.state,
                    times: *times,
                })
                .collect(),
        }
    }
}

fn still_failing(failing: &StillFailing) -> StillFailingEntry<'_> {
    StillFailingEntry {
        property: failing.property,
        says: &failing.told,
        scenario: failing.path.display().to_string(),
        steps: failing.steps,
        times: failing.times,
    }
}
