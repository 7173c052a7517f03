//! The scales of a chart: they map values to positions and labels.

use super::super::words;

/// The height of a chart in its own units, and the margins for the texts above and below.
pub(super) const HEIGHT: f64 = 230.0;
pub(super) const TOP: f64 = 8.0;
pub(super) const BOTTOM: f64 = 24.0;

/// The quantity of the x axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// The time since the start, in seconds.
    Seconds,
    /// The logarithm of one over the part above: 1 is 90 %, 2 is 99 %.
    Nines,
}

/// The quantity of the y axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Unit {
    /// Latencies, on a logarithmic scale.
    Micros,
    /// Whole numbers.
    Count,
    /// Memory.
    Bytes,
    /// Any number.
    Plain,
}

/// Maps values to positions on the y axis.
pub(super) enum Scale {
    /// Linear: from zero to `most`, with a line at each `step`.
    Even { most: f64, step: f64 },
    /// Logarithmic: between two powers of ten, given by their exponents.
    Powers { least: i32, most: i32 },
}

impl Scale {
    pub(super) fn new(unit: Unit, least: f64, most: f64) -> Self {
        if unit == Unit::Micros {
            #[expect(clippy::cast_possible_truncation, reason = "an exponent of a time is small")]
            let exponent = |value: f64| value.max(1.0).log10() as i32;
            let (least, top) = (exponent(least), exponent(most));
            let above = most > 10_f64.powi(top);
            return Self::Powers {
                least,
                most: (if above { top + 1 } else { top }).max(least + 1),
            };
        }
        let step = step_for(most, if unit == Unit::Count { 1.0 } else { 0.0 });
        Self::Even {
            most: (most / step).ceil().max(1.0) * step,
            step,
        }
    }

    pub(super) fn place(&self, value: f64) -> f64 {
        let part = match self {
            Self::Even { most, .. } => value / most,
            Self::Powers { least, most } => {
                (value.max(1.0).log10() - f64::from(*least)) / f64::from(most - least)
            }
        };
        HEIGHT - BOTTOM - part.clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }

    pub(super) fn ticks(&self) -> Vec<f64> {
        match *self {
            Self::Even { most, step } => {
                let ticks = (0..=10).map(|number| f64::from(number) * step);
                ticks.take_while(|tick| *tick <= most * 1.001).collect()
            }
            Self::Powers { least, most } => {
                // With few powers there is room for lines between them.
                let between: &[f64] = if most - least <= 2 {
                    &[1.0, 2.0, 5.0]
                } else {
                    &[1.0]
                };
                let ticks =
                    (least..=most).flat_map(|power| between.iter().map(move |it| it * 10_f64.powi(power)));
                ticks.filter(|tick| *tick <= 10_f64.powi(most)).collect()
            }
        }
    }
}

/// A round step with which four or five lines are enough.
pub(in crate::report) fn step_for(most: f64, at_least: f64) -> f64 {
    let raw = (most / 4.0).max(1e-3);
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|it| it * power);
    let round = step.into_iter().find(|it| *it >= raw * 0.999);
    round.unwrap_or(10.0 * power).max(at_least)
}

impl Axis {
    pub(super) fn ticks(self, right: f64) -> Vec<(f64, String)> {
        match self {
            Self::Seconds => {
                let step = step_for(right, 0.0);
                let ticks = (0..=10).map(|number| f64::from(number) * step);
                let ticks = ticks.take_while(|tick| *tick <= right);
                ticks.map(|tick| (tick, format!("{} s", plain(tick)))).collect()
            }
            Self::Nines => {
                let named = [
                    (0.0, "0 %"),
                    (0.301, "50 %"),
                    (1.0, "90 %"),
                    (1.301, "95 %"),
                    (2.0, "99 %"),
                    (3.0, "99.9 %"),
                    (4.0, "99.99 %"),
                    (5.0, "99.999 %"),
                    (6.0, "99.9999 %"),
                    (7.0, "99.99999 %"),
                ];
                // If many nines share the width, there is room for whole ones only.
                let fits = |tick: f64| right <= 3.5 || tick.fract() == 0.0;
                let ticks = named
                    .into_iter()
                    .filter(|(tick, _)| *tick <= right && fits(*tick));
                ticks.map(|(tick, name)| (tick, name.to_owned())).collect()
            }
        }
    }
}

impl Unit {
    /// The full text of a value.
    pub(super) fn text(self, value: f64) -> String {
        match self {
            Self::Micros => words::micros(value),
            Self::Count | Self::Bytes => self.tick(value),
            Self::Plain => format!("{value:.2}"),
        }
    }

    /// The label of a grid line.
    pub(in crate::report) fn tick(self, value: f64) -> String {
        match self {
            Self::Micros if value < 1e3 => format!("{} µs", plain(value)),
            Self::Micros if value < 1e6 => format!("{} ms", plain(value / 1e3)),
            Self::Micros => format!("{} s", plain(value / 1e6)),
            Self::Bytes if value <= 0.0 => "0".to_owned(),
            Self::Bytes if value >= 1e9 => format!("{} GB", plain(value / 1e9)),
            Self::Bytes => format!("{} MB", plain(value / 1e6)),
            Self::Plain if value < 0.1 && value > 0.0 => {
                format!("{value:.3}").trim_end_matches('0').to_owned()
            }
            Self::Count if value >= 1e6 => format!("{}M", plain(value / 1e6)),
            Self::Count if value >= 1e4 => format!("{}k", plain(value / 1e3)),
            Self::Count | Self::Plain => plain(value),
        }
    }
}

/// Up to two decimals, without trailing zeros.
pub(in crate::report) fn plain(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let steps = [0.7, 9.0, 200.0, 1000.0, 16_000_000.0].map(|most| step_for(most, 0.0));
        assert_eq!(steps, [0.2, 2.5, 50.0, 250.0, 5_000_000.0]);
        assert_eq!(step_for(2.0, 1.0), 1.0);
    }

    #[test]
    fn times_stand_between_powers_of_ten() {
        let scale = Scale::new(Unit::Micros, 250.0, 50_000.0);
        assert_eq!(scale.ticks(), [100.0, 1e3, 1e4, 1e5]);
        assert_eq!(scale.place(100.0), HEIGHT - BOTTOM);
        assert_eq!(scale.place(1e5), TOP);
        assert_eq!(Scale::new(Unit::Micros, 100.0, 100.0).ticks().len(), 4);
    }
}
