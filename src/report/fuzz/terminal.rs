//! Shows a run of conversations: how many were played on stderr, and each failure on stdout.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::progress::{NOW_AND_THEN, say};
use super::super::terminal::print;
use super::super::{Detail, Folder, FuzzJob, ReportError, Reporter};
use super::FuzzFinished;
use crate::clock::{Clock, Time};
use crate::fuzz::{Find, FuzzEvent, Offers, StepInState, StillFailing};
use crate::report::load::words::{grouped, things};
use crate::report::summary::took;

/// A pair that was covered less often is named.
const RARE: u64 = 10;
/// The most pairs that are named.
const MOST_RARE: usize = 4;

/// Shows a run on the terminal.
pub struct FuzzTerminal {
    detail: Detail,
    folder: Folder,
    failures: Folder,
    seed: u64,
    clock: Clock,
    last: Time,
}

impl FuzzTerminal {
    /// Shows it in this detail, and names the folders of the results and of the failures at the end.
    pub fn new(detail: Detail, seed: u64, folder: Folder, failures: Folder) -> Self {
        let clock = Clock::start();
        Self {
            detail,
            folder,
            failures,
            seed,
            last: clock.now(),
            clock,
        }
    }
}

impl Reporter<FuzzJob> for FuzzTerminal {
    fn event(&mut self, event: &FuzzEvent<'_>) -> Result<(), ReportError> {
        if self.detail == Detail::Quiet {
            return Ok(());
        }
        match event {
            FuzzEvent::Started {
                target,
                profile,
                other,
                offers,
            } => {
                let (what, have) = match other {
                    None => (format!("fuzzing {target}, held to {profile}"), "it has"),
                    Some((other, like)) => (
                        format!("comparing A, {target}, like {profile}, with B, {other}, like {like}"),
                        "both have",
                    ),
                };
                let channels = channels(*offers);
                print(&format!("{what}; seed {}\n  {have} {channels}\n", self.seed))
            }
            FuzzEvent::Played {
                conversations,
                failed,
            } => {
                let now = self.clock.now();
                if now.since(self.last) < NOW_AND_THEN {
                    return Ok(());
                }
                self.last = now;
                say(&format!(
                    "{}, {failed} failed",
                    things(*conversations, "conversation")
                ))
            }
            FuzzEvent::Shrinking { told } => say(&format!("shrinking: {told}")),
        }
    }

    fn finish(&mut self, finished: &FuzzFinished<'_>) -> Result<(), ReportError> {
        if finished.trouble.is_some() {
            return Ok(());
        }
        let mut text = String::new();
        for failing in &finished.result.corpus.failing {
            again(&mut text, failing, finished);
        }
        for find in &finished.result.finds {
            one(&mut text, find, finished);
        }
        if self.detail != Detail::Quiet {
            corpus(&mut text, finished);
        }
        if self.detail != Detail::Quiet {
            covered(&mut text, finished);
        }
        conclusion(&mut text, finished);
        if self.detail != Detail::Quiet {
            let dim = Style::new().dimmed();
            let _ = writeln!(text, "{dim}results in {}/{dim:#}", self.folder.path().display());
            if !finished.result.finds.is_empty() {
                let failures = self.failures.path().display();
                let _ = writeln!(text, "{dim}scenarios of failures in {failures}/{dim:#}");
            }
        }
        print(&text)
    }
}

/// The channels of the target contract that a server has, in words.
pub(super) fn channels(offers: Offers) -> String {
    let all = [
        (offers.lab, "lab"),
        (offers.presence, "presence"),
        (offers.videos, "videos"),
    ];
    let names: Vec<&str> = all
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, name)| name)
        .collect();
    let names = match names.as_slice() {
        [] => {
            return "none of the channels that the model knows: only frames, heartbeats and unknown topics are tried"
                .to_owned();
        }
        [name] => format!("the channel {name}"),
        names => format!("the channels {}", names.join(", ")),
    };
    match offers.users {
        true => names,
        false => {
            format!("{names}; no client is the user of its token, so whispers and presences are left out")
        }
    }
}

/// A failure of an earlier run that is there still.
fn again(text: &mut String, failing: &StillFailing, finished: &FuzzFinished<'_>) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let path = failing.path.display();
    let _ = writeln!(
        text,
        "{red}fail{red:#} {}: {path} fails still\n  {}",
        failing.property, failing.told
    );
    if failing.times > 0 {
        let _ = writeln!(
            text,
            "  {} failed like this",
            things(failing.times, "new conversation")
        );
    }
    let _ = writeln!(text, "  next  phxproof check {path}{}", finished.server.replay);
}

/// How many failures of earlier runs were played again.
fn corpus(text: &mut String, finished: &FuzzFinished<'_>) {
    let corpus = &finished.result.corpus;
    if corpus.played > 0 {
        let _ = writeln!(
            text,
            "played {} of earlier runs again, {} still",
            things(corpus.played, "failure"),
            match corpus.failing.len() {
                0 => "none fails".to_owned(),
                1 => "one fails".to_owned(),
                more => format!("{more} fail"),
            }
        );
    }
}

/// A failure.
fn one(text: &mut String, find: &Find, finished: &FuzzFinished<'_>) {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let _ = writeln!(
        text,
        "{red}{}{red:#} {}: {}\n  {}",
        word(finished),
        find.property,
        find.sentence,
        find.told
    );
    let _ = writeln!(
        text,
        "  {} of {} left; {}; {} failed like this",
        things(find.steps as u64, "step"),
        find.shrunk_from,
        find.rate.told(),
        things(find.times, "conversation")
    );
    if let Some(also) = also(find) {
        let _ = writeln!(text, "  {also}");
    }
    if let Some(rule) = find.rule {
        let _ = writeln!(text, "  rule  {rule}");
    }
    let _ = writeln!(text, "  next  {}", finished.again(find));
}

/// The other kinds of failures that follow from the same cause.
pub(super) fn also(find: &Find) -> Option<String> {
    if find.also.is_empty() {
        return None;
    }
    let times = find.also.iter().map(|(_, times)| times).sum();
    let kinds: Vec<&str> = find.also.iter().map(|(kind, _)| kind.as_str()).collect();
    Some(format!(
        "{} more failed for the same cause: {}",
        things(times, "conversation"),
        kinds.join(", ")
    ))
}

/// The word before a failure.
const fn word(finished: &FuzzFinished<'_>) -> &'static str {
    match finished.other {
        None => "fail",
        Some(_) => "differs",
    }
}

/// The coverage of the model.
fn covered(text: &mut String, finished: &FuzzFinished<'_>) {
    let covered = &finished.result.covered;
    let mut rare: Vec<(&StepInState, &u64)> = covered.iter().filter(|(_, times)| **times < RARE).collect();
    rare.sort_by_key(|(_, times)| **times);
    let _ = writeln!(
        text,
        "covered {} of a kind of step and the state in which it was taken",
        things(covered.len() as u64, "pair")
    );
    if rare.is_empty() {
        return;
    }
    let shown: Vec<String> = rare
        .iter()
        .take(MOST_RARE)
        .map(|(step, times)| format!("{} ({}) {times}", step.deed, step.state))
        .collect();
    let more = match rare.len() - shown.len() {
        0 => String::new(),
        more => format!(" and {more} more in result.json"),
    };
    let _ = writeln!(text, "  fewer than {RARE} times: {}{more}", shown.join(", "));
}

/// The last line.
fn conclusion(text: &mut String, finished: &FuzzFinished<'_>) {
    let result = finished.result;
    let (color, mut verdict) = match finished.exit_code {
        0 => (AnsiColor::Green, "nothing found".to_owned()),
        1 => {
            let found = result.finds.len() + result.corpus.failing.len();
            let found = things(found as u64, finished.kind());
            (AnsiColor::Red, format!("found {found}"))
        }
        _ if result.cut_short || result.gone.is_some() => {
            (AnsiColor::Yellow, "nothing found so far".to_owned())
        }
        _ => (
            AnsiColor::Yellow,
            format!(
                "undecided: {} of {} could not be judged ({})",
                grouped(result.undecided),
                things(result.conversations, "conversation"),
                result.why_undecided.as_deref().unwrap_or("none was played")
            ),
        ),
    };
    if result.cut_short {
        verdict.push_str(", cut short");
    }
    if let Some(why) = &result.gone {
        verdict.push_str(&format!(", until the server was gone ({why})"));
    }
    let style = Style::new().fg_color(Some(anstyle::Color::Ansi(color)));
    let _ = writeln!(
        text,
        "{style}{verdict}{style:#} in {} with {} and the seed {}, in {}",
        things(result.conversations, "conversation"),
        things(result.messages, "message"),
        finished.about.seed,
        took(finished.duration)
    );
}
