//! The axes of a picture: they map values to positions and say where the labels stand.

use crate::report::load::html::scale::step_for;

/// An axis from the position of its least value to that of its greatest one.
pub(super) struct Axis {
    least: f64,
    most: f64,
    steps: Steps,
    ends: (f64, f64),
}

/// The steps between labels.
enum Steps {
    Even(f64),
    Powers,
}

impl Axis {
    /// An even axis over these values, up to the next step at both ends.
    pub(super) fn even(values: (f64, f64), ends: (f64, f64)) -> Self {
        let (least, most) = values;
        let step = step_for((most - least).max(1e-3), 0.0);
        let least = (least / step).floor() * step;
        Self {
            least,
            most: ((most / step).ceil() * step).max(least + step),
            steps: Steps::Even(step),
            ends,
        }
    }

    /// A logarithmic axis over these values, which are above zero.
    pub(super) fn powers(values: (f64, f64), ends: (f64, f64)) -> Self {
        Self {
            least: values.0,
            most: values.1.max(values.0 * 2.0),
            steps: Steps::Powers,
            ends,
        }
    }

    /// The position of a value; one beyond an end is there.
    pub(super) fn place(&self, value: f64) -> f64 {
        let part = match self.steps {
            Steps::Even(_) => (value - self.least) / (self.most - self.least),
            Steps::Powers => (value.max(self.least) / self.least).ln() / (self.most / self.least).ln(),
        };
        self.ends.0 + part.clamp(0.0, 1.0) * (self.ends.1 - self.ends.0)
    }

    /// The values that are labelled.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let (least, most) = (self.least, self.most * 1.0001);
        match self.steps {
            Steps::Even(step) => {
                let first = (least / step).round();
                let ticks = (0..=12).map(|number| (first + f64::from(number)) * step);
                ticks.take_while(|tick| *tick <= most + step * 1e-6).collect()
            }
            Steps::Powers => {
                // With few powers there is room for labels between them.
                let between: &[f64] = if self.most / self.least < 1e3 {
                    &[1.0, 2.0, 5.0]
                } else {
                    &[1.0]
                };
                let ticks = (-9..=12).flat_map(|power| between.iter().map(move |it| it * 10_f64.powi(power)));
                ticks
                    .filter(|tick| (least * 0.9999..=most).contains(tick))
                    .collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_axis_holds_values_on_both_sides_of_zero() {
        let axis = Axis::even((-0.3, 1.1), (200.0, 0.0));
        assert_eq!(axis.ticks(), [-0.5, 0.0, 0.5, 1.0, 1.5]);
        assert!(axis.place(-0.3) < 200.0 && axis.place(1.1) > 0.0);
        assert!(axis.place(0.0) > axis.place(0.5));
    }

    #[test]
    fn a_logarithmic_axis_has_equal_distances_for_equal_factors() {
        let axis = Axis::powers((1.0, 100.0), (0.0, 200.0));
        assert_eq!(axis.ticks(), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert!((axis.place(10.0) - 100.0).abs() < 1e-9);
        assert_eq!(axis.place(0.0), 0.0);
        assert_eq!(Axis::powers((1.0, 1.0), (0.0, 1.0)).ticks(), [1.0, 2.0]);
    }

    #[test]
    fn one_value_makes_an_axis() {
        let axis = Axis::even((0.0, 0.0), (0.0, 100.0));
        assert!(axis.place(0.0).is_finite() && axis.ticks().len() >= 2);
    }
}
