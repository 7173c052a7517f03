//! Reads the `result.json` of an earlier `prove` again; it holds all that the page shows.

use std::path::Path;
use std::time::Duration;

use serde::Serializer;
use serde_json::{Map, Value};

use super::super::About;
use super::super::object::{ReadBack, Show, field, words};
use super::super::past::{PastError, result_of};
use super::{ProveFinished, ProveSetup};
use crate::profile::Profile;
use crate::prove::{
    Claim, Experiment, ExperimentName, Picture, PictureKind, PicturePoint, ProofVerdict, ProveResult, Series,
};

/// An earlier run of `prove`.
#[derive(Debug)]
pub struct PastProve {
    result: ProveResult,
    about: About,
    target: String,
    profile: Option<Profile>,
    setup: ProveSetup,
    duration: Duration,
    exit_code: u8,
    trouble: Option<String>,
}

impl PastProve {
    /// Reads the results of a folder.
    ///
    /// # Errors
    /// If they are not there, or not those of a `prove`.
    pub fn read(folder: &Path) -> Result<Self, PastError> {
        let text = result_of(folder, &["prove"])?;
        let value = serde_json::from_str(&text).map_err(|why| why.to_string());
        let past = value.and_then(|value| Self::written(&value));
        past.map_err(|why| PastError::NoResult {
            path: folder.join("result.json"),
            why,
        })
    }

    /// The content of `result.json`.
    fn written(value: &Value) -> Result<Self, String> {
        let about = About::read_back(value)?;
        let profile: Option<String> = field(value, "profile")?;
        let profile = profile.map(|name| name.parse::<Profile>().map_err(|why| why.to_string()));
        let exit_code: u32 = field(value, "exit_code")?;
        Ok(Self {
            result: ProveResult {
                experiments: field(value, "experiments")?,
                sockets: field(value, "sockets")?,
                messages: field(value, "messages")?,
                latency_us: field(value, "latency_us")?,
                lateness_us: field(value, "lateness_us")?,
                generator: field(value, "generator")?,
                server: field(value, "server")?,
                beam: field(value, "beam")?,
                server_pictures: field(value, "server_pictures")?,
                notes: field(value, "notes")?,
                cut_short: field(value, "cut_short")?,
            },
            about,
            target: field(value, "target")?,
            profile: profile.transpose()?,
            setup: field(value, "run")?,
            duration: Duration::from_millis(field(value, "duration_ms")?),
            exit_code: u8::try_from(exit_code).map_err(|why| format!("exit_code: {why}"))?,
            trouble: field(value, "trouble")?,
        })
    }

    /// The end of the run, as its reporters heard it.
    pub fn finished(&self) -> ProveFinished<'_> {
        ProveFinished {
            result: &self.result,
            about: &self.about,
            target: &self.target,
            profile: self.profile.map(Profile::name),
            setup: &self.setup,
            duration: self.duration,
            exit_code: self.exit_code,
            trouble: self.trouble.as_deref(),
        }
    }
}

words! { ProofVerdict { Pass => "pass", Skipped => "skipped", Undecided => "undecided", Fail => "fail" } }
words! { PictureKind { Lines => "lines", Shifts => "shifts", Logarithmic => "logarithmic" } }

impl Show for ExperimentName {
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl ReadBack for ExperimentName {
    fn read_back(value: &Value) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| value == it.name());
        found.ok_or_else(|| format!("{value} is not known here"))
    }
}

impl ReadBack for Experiment {
    fn read_back(value: &Value) -> Result<Self, String> {
        Ok(Self {
            name: field(value, "name")?,
            claims: field(value, "claims")?,
            method: field(value, "method")?,
            pictures: field(value, "pictures")?,
            took: Duration::from_millis(field(value, "duration_ms")?),
        })
    }
}

impl ReadBack for Claim {
    fn read_back(value: &Value) -> Result<Self, String> {
        Ok(Self {
            claim: field(value, "claim")?,
            verdict: field(value, "verdict")?,
            says: field(value, "says")?,
            evidence: field(value, "evidence")?,
            named: field(value, "named")?,
        })
    }
}

impl ReadBack for Map<String, Value> {
    fn read_back(value: &Value) -> Result<Self, String> {
        let figures = value.as_object().cloned();
        figures.ok_or_else(|| format!("an object was expected, not {value}"))
    }
}

impl ReadBack for Picture {
    fn read_back(value: &Value) -> Result<Self, String> {
        Ok(Self {
            title: field(value, "title")?,
            x: field(value, "x")?,
            y: field(value, "y")?,
            kind: field(value, "kind")?,
            series: field(value, "series")?,
        })
    }
}

impl ReadBack for Series {
    fn read_back(value: &Value) -> Result<Self, String> {
        Ok(Self {
            name: field(value, "name")?,
            points: field(value, "points")?,
        })
    }
}

impl ReadBack for PicturePoint {
    fn read_back(value: &Value) -> Result<Self, String> {
        let ends: Vec<f64> = field(value, "interval")?;
        Ok(Self {
            x: field(value, "x")?,
            y: field(value, "y")?,
            interval: match ends.as_slice() {
                [] => None,
                [low, high] => Some((*low, *high)),
                _ => return Err(format!("interval: two ends were expected, not {}", ends.len())),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Folder, ProveFile, ProveJob, Reporter};
    use super::super::made_up;
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written() {
        let (first, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let write = |finished: &ProveFinished<'_>, to: &Path| {
            for mut file in ProveFile::all(&Folder::new(to)) {
                Reporter::<ProveJob>::finish(&mut file, finished).unwrap();
            }
            ["result.json", "report.html"].map(|name| std::fs::read_to_string(to.join(name)).unwrap())
        };
        let written = made_up::with_run(|run| write(run, first.path()));
        let past = PastProve::read(first.path()).unwrap();
        let [result, page] = write(&past.finished(), again.path());
        assert_eq!(result, written[0]);
        assert_eq!(page, written[1]);
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        let told = |text: &str| {
            std::fs::write(folder.path().join("result.json"), text).unwrap();
            PastProve::read(folder.path()).unwrap_err().to_string()
        };
        assert!(
            told(r#"{"schema": 1, "command": "load"}"#).ends_with("was written by `load`, not by `prove`")
        );
        assert!(told(r#"{"schema": 1, "command": "prove"}"#).contains("started_at: a text was expected"));
    }
}
