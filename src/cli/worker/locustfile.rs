//! `worker --write-locustfile`: the Python file that a Locust master loads.

use std::fmt::Write as _;
use std::path::Path;

use super::super::complaint::Complaint;
use super::super::exit::{CliError, Exit};
use super::super::load::Job;
use super::super::output;
use super::super::quoting::quoted;
use crate::load::Objective;
use crate::locust::Classes;

/// The file, with placeholders for the values of the command line.
const TEMPLATE: &str = include_str!("locustfile.py");
/// The default folder in which the master keeps the results.
const USUAL_OUT: &str = "reports/worker";

/// Writes the file.
pub(super) fn write(
    file: &Path,
    job: &Job,
    classes: &Classes,
    (objectives, out): (&[Objective], Option<&Path>),
) -> Result<Exit, CliError> {
    let program = std::env::current_exe();
    let program = program.map_or_else(|_| "phxproof".to_owned(), |path| path.display().to_string());
    let out = out.map_or_else(|| USUAL_OUT.to_owned(), |out| out.display().to_string());
    // The objectives of the command line stand in the place of those of the scenarios.
    let asked: Vec<String> = match objectives {
        [] => job.objectives().iter().map(|it| it.text().to_owned()).collect(),
        typed => typed.iter().map(|it| it.text().to_owned()).collect(),
    };
    let text = TEMPLATE
        .replace("@SCENARIOS@", &one_line(&scenarios(job)))
        .replace("@PHXPROOF@", &literal(&program))
        .replace("@OUT@", &literal(&out))
        .replace("@OBJECTIVES@", &serde_json::Value::from(asked).to_string())
        .replace("@CLASSES@\n", &user_classes(job, classes));
    std::fs::write(file, text)
        .map_err(|why| CliError::Undone(Complaint::new(format!("cannot write {}: {why}", file.display()))))?;
    let name = quoted(&file.display().to_string());
    output::print(&format!(
        "wrote {name} with the user class{} {}\n\
         the master:  locust --master --headless --expect-workers 2 -u 1000 -r 100 -t 5m -f {name}\n\
         each worker: phxproof worker --locust HOST:5557 {} --target URL\n",
        if classes.names().len() == 1 { "" } else { "es" },
        classes.names().join(", "),
        scenarios(job),
    ))?;
    Ok(Exit::Held)
}

fn scenarios(job: &Job) -> String {
    let names = job.scenarios().map(|(name, weight)| match weight {
        1 => quoted(name),
        _ => quoted(&format!("{name}={weight}")),
    });
    names.collect::<Vec<_>>().join(" ")
}

fn user_classes(job: &Job, classes: &Classes) -> String {
    let mut text = String::new();
    for ((scenario, weight), class) in job.scenarios().zip(classes.names()) {
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            "class {class}(Played):\n    # {}\n    weight = {weight}\n\n\n",
            one_line(scenario)
        );
    }
    text
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A text as Python writes it; JSON writes it the same way.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
