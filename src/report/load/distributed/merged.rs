//! Reads the messages that a master kept of its workers, and merges them into one result with its files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use serde_json::Value;

use super::super::super::object::{ReadBack, field};
use super::super::super::{About, Folder, FolderError};
use super::super::past::PastLoad;
use super::super::{LoadCommand, LoadFinished, Setup, csv, hlog};
use super::{FORMAT, WORKERS};
use crate::load::{
    Deliveries, Histograms, LoadConclusion, LoadResult, MergePart, ObjectiveOutcome, TimedLatencies, merge,
};
use crate::profile::Profile;
use crate::stream::Certificates;

/// The reason why the messages of workers cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A file cannot be read.
    #[error("cannot read {}: {why}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The error of the system.
        why: std::io::Error,
    },
    /// There are no messages.
    #[error("{} has no messages of workers, so nothing was measured; did the master start a test?", .0.display())]
    Empty(PathBuf),
    /// No message of any worker can be read.
    #[error("{}: {why}", .path.display())]
    NoMessage {
        /// The file.
        path: PathBuf,
        /// The mistake in it.
        why: String,
    },
    /// Something cannot be written.
    #[error(transparent)]
    Unwritten(#[from] FolderError),
}

/// The result of all workers of a master.
#[derive(Debug)]
pub struct Merged {
    result: LoadResult,
    about: About,
    scenario: String,
    target: String,
    profile: Option<&'static str>,
    setup: Option<Setup>,
    duration: Duration,
    log: Vec<u8>,
}

/// The messages of one worker, added up.
struct Told {
    name: String,
    seq: u64,
    is_last: bool,
    lost: u64,
    why_unreadable: Option<String>,
    complaints: Vec<String>,
    past: Option<PastLoad>,
    result: LoadResult,
    measured: Vec<TimedLatencies>,
    of_plays: BTreeMap<String, Histograms>,
}

impl Merged {
    /// Merges the messages in this folder.
    ///
    /// # Errors
    /// There are none, or none of a worker can be read.
    pub fn read(folder: &Path) -> Result<Self, MergeError> {
        let workers = folder.join(WORKERS);
        let mut told = Vec::new();
        for path in files(&workers)? {
            told.push(Told::read(&path)?);
        }
        let mut parts: Vec<(PastLoad, MergePart)> = Vec::new();
        for worker in told {
            let path = workers.join(&worker.name);
            parts.push(worker.part().map_err(|why| MergeError::NoMessage { path, why })?);
        }
        let began = parts.iter().map(|(past, _)| past.about.started_at).min();
        let began = began.ok_or_else(|| MergeError::Empty(folder.to_owned()))?;
        for (past, part) in &mut parts {
            part.after = past.about.started_at.duration_since(began).unwrap_or_default();
        }
        let (pasts, parts): (Vec<PastLoad>, Vec<MergePart>) = parts.into_iter().unzip();
        Ok(Self::of(&pasts, &parts, began))
    }

    fn of(pasts: &[PastLoad], parts: &[MergePart], began: SystemTime) -> Self {
        let first = &pasts[0];
        let mut result = merge(parts);
        result.notes.extend(notes(parts, &result));
        let insecure = pasts
            .iter()
            .any(|past| past.about.certificates == Certificates::Insecure);
        let mut targets: Vec<&str> = pasts.iter().map(|past| &*past.target).collect();
        targets.sort_unstable();
        targets.dedup();
        let ends = pasts
            .iter()
            .zip(parts)
            .map(|(past, part)| part.after + past.duration);
        let setup = first.setup.clone().map(|setup| Setup {
            sockets: pasts
                .iter()
                .filter_map(|past| Some(past.setup.as_ref()?.sockets))
                .sum(),
            sends: result.sends,
            ..setup
        });
        Self {
            about: About {
                started_at: began,
                seed: first.about.seed,
                certificates: if insecure {
                    Certificates::Insecure
                } else {
                    Certificates::Verified
                },
            },
            scenario: first.scenario.clone(),
            target: targets.join(" "),
            profile: first.profile.map(Profile::name),
            setup,
            duration: ends.max().unwrap_or_default(),
            log: log(parts, began),
            result,
        }
    }

    /// The result.
    pub const fn result(&self) -> &LoadResult {
        &self.result
    }

    /// The seed of the first worker.
    pub const fn seed(&self) -> u64 {
        self.about.seed
    }

    /// Writes `histograms.hlog`, which holds the lines of all workers.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_log(&self, folder: &Folder) -> Result<(), MergeError> {
        Ok(folder.write("histograms.hlog", &self.log)?)
    }

    /// The end of the run, for reporters.
    pub fn finished<'a>(
        &'a self,
        objectives: &'a [ObjectiveOutcome],
        conclusion: &'a LoadConclusion,
        exit_code: u8,
    ) -> LoadFinished<'a> {
        LoadFinished {
            command: LoadCommand::Worker,
            result: &self.result,
            objectives,
            conclusion,
            about: &self.about,
            scenario: &self.scenario,
            target: &self.target,
            profile: self.profile,
            setup: self.setup.as_ref(),
            duration: self.duration,
            exit_code,
            trouble: None,
        }
    }
}

/// The files of the workers, sorted by name.
fn files(workers: &Path) -> Result<Vec<PathBuf>, MergeError> {
    let unreadable = |why| MergeError::Unreadable {
        path: workers.to_owned(),
        why,
    };
    let entries = std::fs::read_dir(workers).map_err(unreadable)?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|it| it == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The lines of all workers, in the order of time.
fn log(parts: &[MergePart], began: SystemTime) -> Vec<u8> {
    let (mut text, mut serializer) = (Vec::new(), V2DeflateSerializer::new());
    hlog::header(&mut text, &mut serializer, began);
    let all = parts
        .iter()
        .flat_map(|part| part.measured.iter().map(|it| (it.start + part.after, it)));
    let mut all: Vec<(Duration, &TimedLatencies)> = all.collect();
    all.sort_by_key(|(start, measured)| (*start, measured.kind));
    for (start, it) in all {
        hlog::line(
            &mut text,
            &mut serializer,
            (it.kind, start, it.length),
            &it.histogram,
        );
    }
    text
}

fn notes(parts: &[MergePart], result: &LoadResult) -> Vec<String> {
    let names: Vec<&str> = parts.iter().map(|part| &*part.name).collect();
    let count = names.len();
    let mut notes = vec![format!(
        "merged from {count} worker{} of a Locust master: {}",
        if count == 1 { "" } else { "s" },
        names.join(", ")
    )];
    if result.deliveries != Deliveries::None && count > 1 {
        notes.push(
            "each worker follows and times the broadcasts of its own sockets; a broadcast from one worker to another is neither \
             followed nor timed, as their clocks differ"
                .to_owned(),
        );
    }
    notes
}

impl Told {
    fn read(path: &Path) -> Result<Self, MergeError> {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let unreadable = |why| MergeError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let mut told = Self {
            name,
            seq: 0,
            is_last: false,
            lost: 0,
            why_unreadable: None,
            complaints: Vec::new(),
            past: None,
            result: LoadResult::default(),
            measured: Vec::new(),
            of_plays: BTreeMap::new(),
        };
        let lines = BufReader::new(File::open(path).map_err(unreadable)?).lines();
        for (number, line) in lines.enumerate() {
            if let Err(why) = told.message(&line.map_err(unreadable)?) {
                let why = format!("its message in line {} cannot be understood: {why}", number + 1);
                told.why_unreadable.get_or_insert(why);
            }
        }
        Ok(told)
    }

    fn message(&mut self, line: &str) -> Result<(), String> {
        let value: Value = serde_json::from_str(line).map_err(|why| why.to_string())?;
        let format: u64 = field(&value, "format")?;
        if format != FORMAT {
            return Err(format!(
                "it has format {format}, and this version of phxproof reads format {FORMAT}"
            ));
        }
        let log: String = field(&value, "histograms")?;
        let measured = hlog::measured(&log).map_err(|why| format!("histograms: {why}"))?;
        let text: String = field(&value, "result")?;
        let past = PastLoad::written(Path::new(&self.name), &text).map_err(|why| format!("result: {why}"))?;
        let (seq, is_last): (u64, bool) = (field(&value, "seq")?, field(&value, "last")?);
        let series: String = field(&value, "series")?;
        let points = csv::read(&series).map_err(|why| format!("series: {why}"))?;
        let plays = value.get("scenarios").and_then(Value::as_object);
        for (name, lines) in plays.into_iter().flatten() {
            let lines = String::read_back(lines)?;
            for it in hlog::measured(&lines).map_err(|why| format!("scenarios: {name}: {why}"))? {
                let sum = self.of_plays.entry(name.clone()).or_default();
                sum.add_to(it.kind, &it.histogram);
            }
        }
        self.lost += seq.saturating_sub(self.seq);
        (self.seq, self.is_last) = (seq + 1, is_last);
        let mut result = past.result.clone();
        // The last message has the whole series, the others have the new points.
        result.series = match is_last {
            true => points,
            false => [std::mem::take(&mut self.result.series), points].concat(),
        };
        (result.punctuality, result.sends) = (field(&value, "punctuality")?, field(&value, "sends")?);
        self.complaints = field(&value, "complaints")?;
        self.measured.extend(measured);
        (self.result, self.past) = (result, Some(past));
        Ok(())
    }

    /// The worker as a part of the whole, or the reason why none of its messages can be read.
    fn part(self) -> Result<(PastLoad, MergePart), String> {
        let why_incomplete = self.why_incomplete();
        let Some(past) = self.past else {
            return Err(self.why_unreadable.unwrap_or_else(|| "it is empty".to_owned()));
        };
        let result = LoadResult {
            // Only the last message says whether the run was cut short.
            cut_short: self.result.cut_short && self.is_last,
            ..self.result
        };
        let part = MergePart {
            name: self.name,
            after: Duration::ZERO,
            result,
            measured: self.measured,
            of_plays: self.of_plays,
            why_incomplete,
        };
        Ok((past, part))
    }

    fn why_incomplete(&self) -> Option<String> {
        if let Some(why) = &self.why_unreadable {
            return Some(why.clone());
        }
        if !self.complaints.is_empty() {
            return Some(self.complaints.join("; "));
        }
        match self.lost {
            0 => {}
            1 => return Some("one of its messages was lost, with the latencies in it".to_owned()),
            lost => {
                return Some(format!(
                    "{lost} of its messages were lost, with the latencies in them"
                ));
            }
        }
        let last = self.result.series.last().map_or(0.0, |point| point.at_s);
        (!self.is_last).then(|| {
            format!("it was not heard of after {last:.0} s of its run: it was killed, or its connection was cut; its later measurements are missing")
        })
    }
}
