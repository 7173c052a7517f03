//! `report.html` of `prove`: a single file without scripts, in light or dark mode like the reader's system. It shows the
//! verdict, and each experiment with its claims, its figures, its pictures and its method.

mod axis;
mod evidence;
mod experiment;
mod plot;

use std::fmt::Write as _;

use super::ProveFinished;
use crate::prove::{ExperimentName, ProofVerdict};
use crate::report::INSECURE;
use crate::report::html::{self, Escaped, Inside};
use crate::report::live;
use crate::report::load::beam;
use crate::report::load::html::tables;
use crate::report::load::words::{grouped, machine, used};
use crate::stream::Certificates;

/// The rules that this page adds to the style sheet of all pages.
const STYLE: &str = include_str!("page/page.css");

/// The whole page.
pub(super) fn render(run: &ProveFinished<'_>) -> String {
    let mut page = html::begin(&title(run), STYLE);
    let (class, words) = verdict(run);
    let cut = if run.result.cut_short { ", cut short" } else { "" };
    head(&mut page, run, (class, &format!("{words}{cut}")));
    experiments(&mut page, run);
    if run.trouble.is_none() {
        figures(&mut page, run);
        server(&mut page, run);
    }
    repeat(&mut page, run);
    html::foot(&mut page, run.about, run.duration, run.exit_code);
    html::end(&mut page);
    page
}

/// The whole page of a run that goes on; `doing` names the present experiment and phase.
pub(super) fn render_live(run: &ProveFinished<'_>, doing: &str) -> String {
    let mut page = live::begin(&title(run), STYLE);
    head(&mut page, run, ("open", doing));
    experiments(&mut page, run);
    repeat(&mut page, run);
    live::end(&mut page, None);
    page
}

fn title(run: &ProveFinished<'_>) -> String {
    format!("phxproof prove: {}", run.target)
}

/// The verdicts, and then each experiment.
fn experiments(page: &mut String, run: &ProveFinished<'_>) {
    overview(page, run);
    for experiment in &run.result.experiments {
        experiment::section(page, experiment);
    }
}

/// The class and the words of the verdict. A run that was cut short proves nothing, unless something failed before.
fn verdict(run: &ProveFinished<'_>) -> (&'static str, &'static str) {
    let verdict = run.result.verdict();
    match verdict {
        ProofVerdict::Fail => ("short", "fail"),
        ProofVerdict::Pass if !run.result.cut_short => ("held", "pass"),
        ProofVerdict::Skipped if !run.result.experiments.is_empty() => ("open", "skipped"),
        ProofVerdict::Pass | ProofVerdict::Undecided | ProofVerdict::Skipped => ("open", "undecided"),
    }
}

/// The verdict or the present experiment, all experiments, the target, and the notes.
fn head(page: &mut String, run: &ProveFinished<'_>, (class, words): (&str, &str)) {
    let names: Vec<&str> = run.result.experiments.iter().map(|it| it.name.name()).collect();
    let title = match names.as_slice() {
        [] if class == "open" && run.trouble.is_none() => "experiments".to_owned(),
        [] => "no experiment was made".to_owned(),
        names => names.join(", "),
    };
    let own = run.profile.map_or(String::new(), |profile| {
        format!(" · the reference server, as {profile}")
    });
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{}</p>\n<h1>{title}</h1>\n<p class=\"where\">{}{own}</p>\n",
        Inside(words),
        Escaped(run.target)
    );
    if let Some(trouble) = run.trouble {
        let _ = writeln!(page, "<p class=\"reason {class}\">{}</p>", Inside(trouble));
    }
    if run.about.certificates == Certificates::Insecure {
        let _ = writeln!(page, "<p class=\"reason note\">{}</p>", INSECURE.1);
    }
    for note in &run.result.notes {
        let _ = writeln!(page, "<p class=\"reason note\">{}</p>", Inside(note));
    }
    page.push_str("</header>\n");
}

/// The verdict and the sentence of each experiment, and the names of those that did not come to their end.
fn overview(page: &mut String, run: &ProveFinished<'_>) {
    let experiments = &run.result.experiments;
    let is_made = |name: &ExperimentName| experiments.iter().any(|it| it.name == *name);
    let asked = run.setup.experiments.iter();
    let unmade: Vec<&str> = asked.filter(|it| !is_made(it)).map(|it| it.name()).collect();
    let is_cut = run.result.cut_short && !unmade.is_empty();
    if experiments.is_empty() && !is_cut {
        return;
    }
    page.push_str("<ul class=\"overview\">\n");
    for experiment in experiments {
        let _ = writeln!(
            page,
            "<li>{} <a href=\"#{name}\">{name}</a> <span>{}</span></li>",
            word(experiment.verdict()),
            Inside(experiment.says()),
            name = experiment.name.name(),
        );
    }
    for name in unmade.into_iter().filter(|_| is_cut) {
        let _ = writeln!(
            page,
            "<li>{} {name} <span>the run was cut short before its end</span></li>",
            word(ProofVerdict::Undecided)
        );
    }
    page.push_str("</ul>\n");
}

/// A verdict in its colour.
fn word(verdict: ProofVerdict) -> String {
    format!("<em class=\"v {0}\">{0}</em>", verdict.name())
}

/// The figures of the whole run: sockets, messages, times.
fn figures(page: &mut String, run: &ProveFinished<'_>) {
    let (sockets, messages) = (&run.result.sockets, &run.result.messages);
    let counts = [
        ("sockets opened", sockets.opened, false),
        ("sockets joined", sockets.joined, false),
        ("messages sent", messages.sent, false),
        ("messages received", messages.received, false),
        ("broadcasts expected", messages.expected, false),
        ("broadcasts in doubt", messages.in_doubt, false),
        ("messages missing", messages.missing, true),
        ("messages duplicated", messages.duplicated, true),
        ("messages reordered", messages.reordered, true),
        ("messages misdelivered", messages.misdelivered, true),
    ];
    page.push_str("<h2>All experiments together</h2>\n<div class=\"wide\"><table>\n<tbody>\n");
    for (name, count, is_wrong) in counts {
        let class = if is_wrong && count > 0 { "bad" } else { "" };
        let _ = writeln!(
            page,
            "<tr><th>{name}</th><td class=\"{class}\">{}</td></tr>",
            grouped(count)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
    tables::times(page, |kind| run.result.latency_us.figures(kind));
}

/// The use of the server, if it was watched.
fn server(page: &mut String, run: &ProveFinished<'_>) {
    let result = run.result;
    if let Some(server) = &result.server {
        let used = used(server, None);
        let _ = write!(page, "<h2>The server</h2>\n<p class=\"about\">{used}</p>\n");
    }
    if let Some(figures) = &result.beam {
        beam::table(page, figures);
    }
    plot::figures(page, &result.server_pictures);
}

/// The command line, and the machine.
fn repeat(page: &mut String, run: &ProveFinished<'_>) {
    let setup = run.setup;
    let _ = write!(
        page,
        "<h2 id=\"repeat\">How to repeat it</h2>\n<pre>{}</pre>\n<p class=\"about\">{} for each experiment · measured on \
         {}</p>\n",
        Inside(&setup.command_line),
        setup.extent(),
        Inside(&machine(&setup.machine))
    );
}

#[cfg(test)]
mod tests;
