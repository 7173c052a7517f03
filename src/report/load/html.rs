//! Writes `report.html`: a single file without scripts, with charts as SVG, in light or dark mode like the
//! reader's system.

mod chart;
mod charts;
mod marks;
pub(in crate::report) mod scale;
mod series;
pub(in crate::report) mod tables;
mod vm;

use std::fmt::Write as _;

use super::LoadFinished;
use super::beam;
use super::progress::how_far;
use super::words::{grouped, memory, percentile, rate, used};
use crate::load::{LoadConclusion, Model, PhaseProgress};
use crate::report::html::{self, Escaped};
use crate::report::live;

/// The whole page of a run that is over.
pub(super) fn render(run: &LoadFinished<'_>) -> String {
    let mut page = html::begin(&title(run), "");
    body(&mut page, run, &Stage::Over);
    html::end(&mut page);
    page
}

/// The whole page of a run that goes on. `rate` is the rate of a run that takes another one.
pub(super) fn render_live(
    run: &LoadFinished<'_>,
    progress: Option<&PhaseProgress>,
    rate: Option<f64>,
) -> String {
    let mut page = live::begin(&title(run), "");
    body(&mut page, run, &Stage::GoesOn(progress));
    live::end(&mut page, rate);
    page
}

/// Whether a run is over.
enum Stage<'p> {
    Over,
    GoesOn(Option<&'p PhaseProgress>),
}

fn title(run: &LoadFinished<'_>) -> String {
    format!("phxproof load: {} on {}", run.scenario, run.target)
}

fn body(page: &mut String, run: &LoadFinished<'_>, stage: &Stage<'_>) {
    head(page, run, stage);
    // If nobody joined, there is nothing to show but the reason.
    let is_alive = run.trouble.is_none() && run.result.sockets.joined > 0;
    if is_alive {
        tiles(page, run);
    } else {
        tables::errors(page, run.result);
    }
    tables::objectives(page, run.objectives);
    if is_alive {
        charts::all(page, run);
        tables::lost(page, run.result);
        tables::latencies(page, run.result);
        if let Some(figures) = &run.result.beam {
            beam::table(page, figures);
        }
    }
    tables::counts(page, run.result);
    tables::setup(page, run.setup);
    foot(page, run, stage);
}

/// The verdict or how far the run is, the target, and the reasons.
fn head(page: &mut String, run: &LoadFinished<'_>, stage: &Stage<'_>) {
    let (class, words, reasons): (_, _, &[String]) = match (stage, run.conclusion) {
        (Stage::GoesOn(progress), _) => ("open", progress.map_or_else(|| "begins".to_owned(), how_far), &[]),
        (Stage::Over, LoadConclusion::Held) => ("held", verdict("all held", run), &[]),
        (Stage::Over, LoadConclusion::FellShort(reasons)) => ("short", verdict("fell short", run), reasons),
        (Stage::Over, LoadConclusion::Undecided(reasons)) => ("open", verdict("undecided", run), reasons),
    };
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{words}</p>\n<h1>{}</h1>\n<p class=\"where\">{}</p>\n",
        Escaped(run.scenario),
        Escaped(run.target)
    );
    for reason in reasons.iter().map(String::as_str).chain(run.trouble) {
        let _ = writeln!(page, "<p class=\"reason {class}\">{}</p>", Escaped(reason));
    }
    for note in &run.result.notes {
        let _ = writeln!(page, "<p class=\"reason note\">{}</p>", Escaped(note));
    }
    page.push_str("</header>\n");
}

fn verdict(words: &str, run: &LoadFinished<'_>) -> String {
    let cut = if run.result.cut_short { ", cut short" } else { "" };
    format!("{words}{cut}")
}

/// The most important figures.
fn tiles(page: &mut String, run: &LoadFinished<'_>) {
    let result = run.result;
    let (sockets, messages) = (&result.sockets, &result.messages);
    let mut tiles = vec![(
        "sockets joined",
        grouped(sockets.joined),
        format!("of {}, {} lost", grouped(sockets.asked), grouped(sockets.lost)),
    )];
    if messages.sent > 0 {
        tiles.push((
            "sends a second",
            rate(result.sends_per_second()),
            format!("{} in all", grouped(messages.sent)),
        ));
    }
    let of = |it: &crate::load::Figures| {
        let part = |quantile, time| percentile(it.count, quantile, time);
        (
            part(0.99, it.p99),
            format!("p50 {}, p95 {}", part(0.5, it.p50), part(0.95, it.p95)),
        )
    };
    let times = [
        ("reply p99", &result.latency_us.reply),
        ("broadcast p99", &result.latency_us.broadcast),
    ];
    for (name, figures) in times.into_iter().filter(|it| it.1.count > 0) {
        let (p99, p50) = of(figures);
        tiles.push((name, p99, p50));
    }
    if let Some(lateness) = result.lateness_us.filter(|it| it.count > 0) {
        let (p99, rest) = of(&lateness);
        tiles.push(("own lateness p99", p99, rest));
    } else if result.model == Model::Closed && messages.sent > 0 {
        tiles.push(("model", "closed".to_owned(), "saturates by design".to_owned()));
    }
    let wrong = messages.missing + messages.duplicated + messages.reordered + messages.misdelivered;
    tiles.push((
        "messages gone wrong",
        grouped(wrong),
        format!("of {} expected", grouped(messages.expected)),
    ));
    page.push_str("<section class=\"tiles\">\n");
    for (name, value, more) in tiles {
        let _ = writeln!(
            page,
            "<div><span>{name}</span><b>{value}</b><span>{more}</span></div>"
        );
    }
    page.push_str("</section>\n");
}

/// How to repeat the run, and where the other files are.
fn foot(page: &mut String, run: &LoadFinished<'_>, stage: &Stage<'_>) {
    let result = run.result;
    let exit_code = match stage {
        Stage::Over => Some(run.exit_code),
        Stage::GoesOn(_) => None,
    };
    let line = html::run_line(run.about, run.duration, exit_code);
    let _ = write!(page, "<footer>\n<p>{line}</p>\n");
    if run.trouble.is_none() {
        let generator = &result.generator;
        let mut text = format!(
            "generator: {:.2} s of CPU, {}",
            generator.cpu_s,
            memory(generator.rss_bytes_peak, result.generator_bytes_per_socket())
        );
        if let Some(server) = &result.server {
            let _ = write!(
                text,
                " · server: {}",
                used(server, result.server_bytes_per_socket())
            );
        }
        let _ = writeln!(page, "<p>{text}</p>");
    }
    page.push_str(match stage {
        Stage::Over => {
            "<p><a href=\"result.json\">result.json</a> · <a href=\"series.csv\">series.csv</a> · \
             <a href=\"histograms.hlog\">histograms.hlog</a></p>\n</footer>\n"
        }
        Stage::GoesOn(_) => "<p>The files are written when the run is over.</p>\n</footer>\n",
    });
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn what_a_server_says_is_text_and_nothing_else() {
        let page = made_up::with_run(render);
        assert!(page.contains("&lt;news&gt;") && !page.contains("<news>"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn the_figures_of_the_erlang_vm_have_charts_and_a_table() {
        let page = made_up::with_run(render);
        assert_eq!(page.matches("<strong>Erlang VM: ").count(), 4);
        assert_eq!(page.matches("<strong>Ecto: ").count(), 2);
        let start = page.find("<h2>The Erlang VM of the server").unwrap();
        let end = start + page[start..].find("</table>").unwrap();
        insta::assert_snapshot!(&page[start..end]);
        let unasked = crate::load::LoadResult {
            beam: None,
            series: Vec::new(),
            ..made_up::result()
        };
        let page = made_up::with_run(|run| {
            render(&LoadFinished {
                result: &unasked,
                ..*run
            })
        });
        assert!(!page.contains("Erlang VM") && !page.contains("Ecto"));
    }

    #[test]
    fn a_run_in_which_nobody_joined_shows_why_and_no_charts() {
        let mut dead = made_up::result();
        dead.sockets.joined = 0;
        dead.troubles = [("refused", 80)].into();
        let page = made_up::with_run(|run| {
            render(&LoadFinished {
                result: &dead,
                ..*run
            })
        });
        assert!(!page.contains("<svg ") && !page.contains("tiles\">"));
        assert!(page.contains("refused") && page.find("refused") < page.find("<h2>Objectives"));
    }

    #[test]
    fn limits_are_drawn_and_what_was_run_is_told() {
        let page = made_up::with_run(render);
        let limit = "<title>reply.p99&lt;50ms</title>";
        assert_eq!(page.matches(limit).count(), 1);
        assert!(page.contains("What was run") && page.contains("--param token=…") && page.contains("Cowboy"));
        assert!(page.contains("2 processors, 24.0 GB of memory, linux 6.1.0"));
        assert!(page.contains("<th>p95</th>") && page.contains(">not measured<"));
    }

    #[test]
    fn losses_are_marked_in_their_second_and_told_in_full() {
        let page = made_up::with_run(render);
        let marked = "<title>3 s to 4 s: 2 lost messages, sent in this time</title>";
        assert_eq!(page.matches(marked).count(), 3);
        assert_eq!(
            page.matches("<title>5 s to 6 s: 1 lost connection</title>")
                .count(),
            3
        );
        assert_eq!(page.matches("<rect class=\"mark\"").count(), 6);
        let start = page.find("<h2>Lost messages").unwrap();
        let end = start + page[start..].find("</table>").unwrap();
        insta::assert_snapshot!(&page[start..end]);
    }

    #[test]
    fn what_was_heard_of_errors_and_what_must_be_known_is_told() {
        let page = made_up::with_run(render);
        assert!(page.contains("error: push-timeout<small>`&lt;echo&gt;` had no reply</small>"));
        assert!(page.contains("<p class=\"reason note\">no push of `&lt;news&gt;` was ever answered</p>"));
    }

    #[test]
    fn a_run_without_losses_has_no_marks() {
        let mut good = made_up::result();
        good.lost.clear();
        good.series
            .iter_mut()
            .for_each(|it| (it.lost, it.missing) = (0, 0));
        let page = made_up::with_run(|run| {
            render(&LoadFinished {
                result: &good,
                ..*run
            })
        });
        assert!(!page.contains("class=\"mark\"") && !page.contains("Lost messages"));
    }

    #[test]
    fn every_picture_scales() {
        let page = made_up::with_run(render);
        let pictures = page.matches("<svg ").count();
        assert!(pictures >= 4, "{pictures} pictures");
        assert_eq!(page.matches("viewBox=").count(), pictures);
        assert!(!page.contains("NaN") && !page.contains("inf,"));
    }

    #[test]
    fn a_page_of_nothing_is_a_page() {
        let empty = crate::load::LoadResult::default();
        let page = made_up::with_run(|run| {
            render(&LoadFinished {
                result: &empty,
                trouble: Some("the server of --exec did not answer"),
                ..*run
            })
        });
        assert!(page.contains("did not answer") && page.ends_with("</html>\n"));
        assert!(!page.contains("<svg "));
    }
}
