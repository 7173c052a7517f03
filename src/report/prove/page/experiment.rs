//! The section of one experiment: its claims, its pictures and its method.

use std::fmt::Write as _;

use super::{evidence, plot, word};
use crate::prove::{Claim, Experiment};
use crate::report::html::Inside;
use crate::report::summary::took;

/// The number of conversations of a claim that are shown at first.
const NAMED: usize = 5;

/// The section.
pub(super) fn section(page: &mut String, experiment: &Experiment) {
    let name = experiment.name.name();
    let _ = write!(
        page,
        "<section id=\"{name}\">\n<h2>{name} {} <small>{}</small></h2>\n<p class=\"claimed\">{}</p>\n",
        word(experiment.verdict()),
        took(experiment.took),
        experiment.name.claim()
    );
    for claim in &experiment.claims {
        one_claim(page, claim);
    }
    plot::figures(page, &experiment.pictures);
    if !experiment.method.is_empty() {
        page.push_str("<h3>How it was measured</h3>\n<ul class=\"method\">\n");
        for sentence in &experiment.method {
            let _ = writeln!(page, "<li>{}</li>", Inside(sentence));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("<p class=\"about\"><a href=\"#repeat\">How to repeat it</a></p>\n</section>\n");
}

/// A claim with its verdict, its sentence, the conversations that break it and its figures.
fn one_claim(page: &mut String, claim: &Claim) {
    let _ = write!(
        page,
        "<article class=\"claim {}\">\n<h3>{} {}</h3>\n<p>{}</p>\n",
        claim.verdict.name(),
        word(claim.verdict),
        Inside(&claim.claim),
        Inside(&claim.says)
    );
    let (first, more) = claim.named.split_at(claim.named.len().min(NAMED));
    named(page, first);
    if !more.is_empty() {
        let _ = write!(page, "<details><summary>{} more</summary>\n<div>", more.len());
        named(page, more);
        page.push_str("</div></details>\n");
    }
    if !claim.evidence.is_empty() {
        page.push_str("<details><summary>Figures</summary>\n<div>");
        evidence::tables(page, &claim.evidence);
        page.push_str("</div></details>\n");
    }
    page.push_str("</article>\n");
}

fn named(page: &mut String, conversations: &[String]) {
    if conversations.is_empty() {
        return;
    }
    page.push_str("<ul class=\"named\">\n");
    for conversation in conversations {
        let _ = writeln!(page, "<li>{}</li>", Inside(conversation));
    }
    page.push_str("</ul>\n");
}
