//! `report.html` of `fuzz` and `diff`: a single file without scripts. It shows the verdict, each failure with its scenario, and what was covered.

use std::fmt::Write as _;

use super::FuzzFinished;
use super::terminal::{also, channels};
use crate::fuzz::{Find, StepInState, StillFailing};
use crate::report::INSECURE;
use crate::report::html::{self, Escaped, Inside};
use crate::report::load::words::{grouped, things};
use crate::stream::Certificates;

/// The whole page.
pub(super) fn render(run: &FuzzFinished<'_>) -> String {
    let mut page = html::begin(&format!("phxproof {}: {}", run.command, run.servers()), "");
    head(&mut page, run);
    for failing in &run.result.corpus.failing {
        again(&mut page, failing, run);
    }
    for find in &run.result.finds {
        failure(&mut page, run, find);
    }
    covered(&mut page, run);
    foot(&mut page, run);
    html::end(&mut page);
    page
}

/// The verdict, the target, and what must be known.
fn head(page: &mut String, run: &FuzzFinished<'_>) {
    let (class, words) = match run.exit_code {
        0 => ("held", "pass"),
        1 => ("short", "fail"),
        _ => ("open", "undecided"),
    };
    let found = match (run.result.finds.len() + run.result.corpus.failing.len()) as u64 {
        0 => "nothing found".to_owned(),
        number => things(number, run.kind()),
    };
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{words}</p>\n<h1>{found} in {}</h1>\n<p class=\"where\">{}{}; it has {}</p>\n",
        things(run.result.conversations, "conversation"),
        Inside(&run.servers()),
        likeness(run),
        channels(run.result.offers)
    );
    let mut reason = |class: &str, text: &str| {
        let _ = writeln!(page, "<p class=\"reason {class}\">{}</p>", Inside(text));
    };
    if let Some(trouble) = run.trouble {
        reason("open", trouble);
    }
    if let Some(why) = &run.result.gone {
        reason("open", &format!("the server was gone: {why}"));
    }
    if run.result.cut_short {
        reason("open", "the run was cut short");
    }
    if let Some(why) = &run.result.why_undecided {
        let number = things(run.result.undecided, "conversation");
        reason("open", &format!("{number} could not be judged: {why}"));
    }
    if run.about.certificates == Certificates::Insecure {
        reason("note", INSECURE.1);
    }
    page.push_str("</header>\n");
}

/// The versions that the servers are held to, or like.
fn likeness(run: &FuzzFinished<'_>) -> String {
    match (run.result.profile, run.result.other_profile) {
        (Some(a), Some(b)) => format!(", like {a} and {b}"),
        (Some(profile), None) => format!(", held to {profile}"),
        (None, _) => String::new(),
    }
}

/// A failure of an earlier run that is there still.
fn again(page: &mut String, failing: &StillFailing, run: &FuzzFinished<'_>) {
    let path = failing.path.display().to_string();
    let _ = write!(
        page,
        "<section>\n<h2>{} <small>{} fails still</small></h2>\n<p class=\"reason\">{}</p>\n<p class=\"about\">{} failed like this.</p>\n\
         <p class=\"about\"><code>phxproof check {}{}</code></p>\n</section>\n",
        failing.property,
        Inside(&path),
        Inside(&failing.told),
        things(failing.times, "new conversation"),
        Inside(&path),
        Inside(run.server.replay)
    );
}

/// A failure with its scenario.
fn failure(page: &mut String, run: &FuzzFinished<'_>, find: &Find) {
    let _ = write!(
        page,
        "<section>\n<h2>{} <small>{}</small></h2>\n<p class=\"reason\">{}</p>\n<p class=\"about\">{} of {} left; {}; {} failed like \
         this, the first was number {}.{}</p>\n<pre>{}</pre>\n<p class=\"about\"><code>{}</code></p>\n</section>\n",
        find.property,
        find.sentence,
        Inside(&find.told),
        things(find.steps as u64, "step"),
        find.shrunk_from,
        find.rate.told(),
        things(find.times, "conversation"),
        find.conversation,
        Inside(&more(find)),
        Escaped(&find.scenario),
        Inside(&run.again(find))
    );
}

/// The rule, and the other kinds of failures of the same cause, as sentences.
fn more(find: &Find) -> String {
    let also = also(find).map(|also| format!(" {also}."));
    let rule = find.rule.map(|rule| format!(" Rule: {rule}."));
    also.into_iter().chain(rule).collect()
}

/// How often each kind of step was taken in each kind of state.
fn covered(page: &mut String, run: &FuzzFinished<'_>) {
    if run.result.covered.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Covered</h2>\n<div class=\"wide\"><table>\n<thead><tr><th>step</th><th>state</th><th>times</th></tr></thead>\n<tbody>\n",
    );
    let mut covered: Vec<_> = run.result.covered.iter().collect();
    covered.sort_by_key(|(_, times)| **times);
    for (StepInState { deed, state }, times) in covered {
        let _ = writeln!(
            page,
            "<tr><th>{deed}</th><td>{state}</td><td>{}</td></tr>",
            grouped(*times)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// How to repeat it, and where the other files are.
fn foot(page: &mut String, run: &FuzzFinished<'_>) {
    let _ = write!(
        page,
        "<h2>How to repeat it</h2>\n<pre>{}</pre>\n",
        Escaped(run.command_line)
    );
    html::foot(page, run.about, run.duration, run.exit_code);
}
