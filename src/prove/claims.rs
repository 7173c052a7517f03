//! Parts of claims that several experiments make: latency that does not move, and oddities counted by kind.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::oddity::Oddity;
use super::result::{Claim, Picture, PictureKind, PicturePoint, ProofVerdict, Series};
use crate::statistics::{
    Inferiority, Margin, NonInferiority, PairedBlocks, QuantileTest, Resampling, TooFew,
};

/// Answers may come this much later beside the treatment: 15 ms, or a quarter if that is more.
pub(super) const MARGIN: Margin = Margin {
    absolute_us: 15_000.0,
    relative: 0.25,
};

/// The claim that latency does not move. A late generator cannot tell.
pub(super) fn latency_claim(
    claim: &'static str,
    times: &PairedBlocks,
    seed: u64,
    late: Option<&str>,
) -> Claim {
    let tested = times.non_inferiority(MARGIN, Resampling::seeded(seed));
    let (verdict, says) = match (&tested, late) {
        (_, Some(why)) => (ProofVerdict::Undecided, why.to_owned()),
        (Err(why), None) => (ProofVerdict::Undecided, too_few(why)),
        (Ok(test), None) => (verdict_of(test.verdict), sentence(test)),
    };
    let mut made = Claim::new(claim, verdict, says);
    if let Ok(test) = &tested {
        made.evidence = evidence(test);
    }
    made
}

fn too_few(why: &TooFew) -> String {
    let longer = why.times_longer();
    format!("{why}; it takes about {longer:.1} times as long")
}

const fn verdict_of(verdict: Inferiority) -> ProofVerdict {
    match verdict {
        Inferiority::Pass => ProofVerdict::Pass,
        Inferiority::Fail => ProofVerdict::Fail,
        Inferiority::NotShown { .. } => ProofVerdict::Undecided,
    }
}

fn sentence(test: &NonInferiority) -> String {
    let told: Vec<String> = test.quantiles.iter().map(told).collect();
    match test.verdict {
        Inferiority::Pass => format!("it moved by less than the margin: {}", told.join("; ")),
        Inferiority::Fail => format!("it moved by more than the margin: {}", told.join("; ")),
        Inferiority::NotShown {
            times_longer: Some(longer),
        } => format!(
            "not shown: {}; it takes about {longer:.1} times as long",
            told.join("; ")
        ),
        Inferiority::NotShown { times_longer: None } => {
            format!("not shown, it is too close to the margin: {}", told.join("; "))
        }
    }
}

/// "p99 by 0.3 ms (at most 1.2 ms, margin 15 ms)".
fn told(test: &QuantileTest) -> String {
    let ms = |micros: f64| micros / 1e3;
    format!(
        "p{:.0} by {:+.2} ms (between {:+.2} and {:+.2}; margin {:.0} ms)",
        test.shift.quantile * 100.0,
        ms(test.shift.difference_us),
        ms(test.shift.interval_us.low),
        ms(test.shift.interval_us.high),
        ms(test.margin_us)
    )
}

fn evidence(test: &NonInferiority) -> Map<String, Value> {
    let of_one = |it: &QuantileTest| {
        let name = format!("p{:.0}", it.shift.quantile * 100.0);
        let figures = json!({
            "treated_us": it.shift.treated_us,
            "control_us": it.shift.control_us,
            "difference_us": it.shift.difference_us,
            "interval_us": [it.shift.interval_us.low, it.shift.interval_us.high],
            "upper_us": it.shift.upper_us,
            "lower_us": it.shift.lower_us,
            "margin_us": it.margin_us,
            "block_length": it.shift.block_length,
            "verdict": verdict_of(it.verdict).name(),
        });
        (name, figures)
    };
    test.quantiles.iter().map(of_one).collect()
}

/// The shift function: how far each quantile lies beside its twin in the other blocks.
pub(super) fn shift_picture(times: &PairedBlocks, seed: u64) -> Option<Picture> {
    let shifts = times.shift_function(Resampling::seeded(seed)).ok()?;
    let points = shifts.iter().map(|shift| PicturePoint {
        x: shift.quantile * 100.0,
        y: shift.difference_us / 1e3,
        interval: Some((shift.interval_us.low / 1e3, shift.interval_us.high / 1e3)),
    });
    let margin = shifts.iter().map(|shift| PicturePoint {
        x: shift.quantile * 100.0,
        y: MARGIN.at(shift.control_us) / 1e3,
        interval: None,
    });
    Some(Picture {
        title: "Shift function: how much later answers of the untouched came in treated blocks".to_owned(),
        x: "percentile of the reply time".to_owned(),
        y: "ms".to_owned(),
        kind: PictureKind::Shifts,
        series: vec![
            Series {
                name: "treated less control, with 95 % intervals".to_owned(),
                points: points.collect(),
            },
            Series {
                name: "margin".to_owned(),
                points: margin.collect(),
            },
        ],
    })
}

/// "3 lost, 1 doubled".
pub(super) fn counted<'o>(oddities: impl IntoIterator<Item = &'o Oddity>) -> String {
    let mut by_kind: BTreeMap<_, u64> = BTreeMap::new();
    for oddity in oddities {
        *by_kind.entry(oddity.kind).or_default() += 1;
    }
    let told: Vec<String> = by_kind
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.name()))
        .collect();
    told.join(", ")
}

/// The oddities as sentences, as many as a claim names.
pub(super) fn named<'o>(oddities: impl IntoIterator<Item = &'o Oddity>) -> Vec<String> {
    let told = oddities.into_iter().take(Claim::MOST_NAMED);
    told.map(ToString::to_string).collect()
}
