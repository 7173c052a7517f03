//! The recovery over time: how many clients had joined, and how many connections were opened again at once.

use std::collections::BTreeMap;

use super::super::result::{Picture, PictureKind, PicturePoint, Series};
use super::scene::Scene;
use super::storm::Deeds;
use crate::clock::Time;

/// The length of one step of the herd's curve, in microseconds.
const STEP: u64 = 100_000;

/// The pictures of a run.
pub(super) fn pictures(scene: &Scene, deeds: &Deeds) -> Vec<Picture> {
    let Some((begin, _)) = deeds.joined.first().copied() else {
        return Vec::new();
    };
    let seconds = |at: Time| at.since(begin).as_secs_f64();
    let joined = deeds.joined.iter().flat_map(|(at, count)| {
        let x = seconds(*at);
        [point(x, *count as f64)]
    });
    let herd = herd(&scene.herd.borrow());
    let curve = herd.into_iter().map(|(step, count)| {
        let at = Time::from_micros(step * STEP);
        point(seconds(at), count as f64)
    });
    let told: Vec<String> = deeds
        .timeline
        .iter()
        .map(|(at, cause)| format!("{} at {:.1} s", cause.name().replace('_', " "), seconds(*at)))
        .collect();
    let picture = |title: String, y: &str, name: &str, points: Vec<PicturePoint>| Picture {
        title,
        x: "time in s".to_owned(),
        y: y.to_owned(),
        kind: PictureKind::Lines,
        series: vec![Series {
            name: name.to_owned(),
            points,
        }],
    };
    vec![
        picture(
            format!("Clients that had joined: {}", told.join(", ")),
            "clients",
            "joined",
            joined.collect(),
        ),
        picture(
            "The herd: connections that were opened again".to_owned(),
            "connections in 100 ms",
            "opened again",
            curve.collect(),
        ),
    ]
}

const fn point(x: f64, y: f64) -> PicturePoint {
    PicturePoint { x, y, interval: None }
}

/// The most connections that were opened again within 100 ms.
pub(super) fn peak(opened: &[Time]) -> u64 {
    herd(opened).into_values().max().unwrap_or_default()
}

/// How many connections were opened again in each step, and zero in the steps beside.
fn herd(opened: &[Time]) -> BTreeMap<u64, u64> {
    let mut steps: BTreeMap<u64, u64> = BTreeMap::new();
    for at in opened {
        let step = at.as_micros() / STEP;
        *steps.entry(step).or_default() += 1;
        steps.entry(step.saturating_sub(1)).or_default();
        steps.entry(step + 1).or_default();
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_herd_is_counted_in_steps_and_falls_to_zero_beside_them() {
        let opened: Vec<Time> = [250_000, 260_000, 299_999, 300_000, 900_000]
            .map(Time::from_micros)
            .to_vec();
        assert_eq!(peak(&opened), 3);
        let steps: Vec<(u64, u64)> = herd(&opened).into_iter().collect();
        assert_eq!(steps, [(1, 0), (2, 3), (3, 1), (4, 0), (8, 0), (9, 1), (10, 0)]);
        assert_eq!(peak(&[]), 0);
    }
}
