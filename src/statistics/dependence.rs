//! The dependence of neighbouring blocks, estimated from the series: the length of the runs that a resample is drawn from, and
//! a correction for the dependence that these runs leave out.

use super::rounded_up;

/// The dependence of a series on its own past.
pub(super) struct Dependence<'a> {
    series: &'a [f64],
    mean: f64,
}

impl<'a> Dependence<'a> {
    pub(super) fn of(series: &'a [f64]) -> Self {
        Self {
            series,
            mean: series.iter().sum::<f64>() / series.len() as f64,
        }
    }

    /// The lengths of runs to try: the best one, and a longer one in case that it misses a dependence, as it often does on a
    /// short series.
    pub(super) fn lengths(&self) -> [usize; 2] {
        let blocks = self.series.len();
        // Longer runs leave too few to draw from.
        let most = (blocks / 3).max(1);
        let best = self.best_length().clamp(1, most);
        let cube_root = rounded_up((blocks as f64).cbrt());
        [best, (2 * best).max(cube_root).min(most)]
    }

    /// The length that estimates the variance of the mean best, for runs in a circle: `(2 g² / d)^⅓ n^⅓`, with a flat-top
    /// estimate of the spectrum at zero (Politis and White 2004, as corrected by Patton, Politis and White 2009).
    fn best_length(&self) -> usize {
        let n = self.series.len() as f64;
        let variance = self.covariance(0);
        let bandwidth = 2 * self.last_lag_that_counts();
        let (mut spectrum, mut slope) = (variance, 0.0);
        for lag in 1..=bandwidth {
            let weighed = flat_top(lag as f64 / bandwidth as f64) * self.covariance(lag);
            spectrum += 2.0 * weighed;
            slope += 2.0 * lag as f64 * weighed;
        }
        let d = 4.0 / 3.0 * spectrum.powi(2);
        if variance <= 0.0 || d <= f64::EPSILON * variance.powi(2) {
            return 1;
        }
        rounded_up((2.0 * slope.powi(2) / d * n).cbrt())
    }

    /// By how much the spread of the mean is larger than runs of this length show, as they cut the dependence off at their ends;
    /// at least 1. It is estimated as for an AR(1) series, with Kendall's correction (1954) of its correlation on short series.
    pub(super) fn cut_off(&self, length: usize) -> f64 {
        const NEARLY_A_RANDOM_WALK: f64 = 0.97;
        let variance = self.covariance(0);
        if variance <= 0.0 {
            return 1.0;
        }
        let measured = self.covariance(1) / variance;
        let corrected = measured + (1.0 + 3.0 * measured) / self.series.len() as f64;
        let correlation = corrected.clamp(-NEARLY_A_RANDOM_WALK, NEARLY_A_RANDOM_WALK);
        let whole = (1.0 + correlation) / (1.0 - correlation);
        let mut seen = 1.0;
        let mut at_lag = 1.0;
        for lag in 1..length {
            at_lag *= correlation;
            seen += 2.0 * (1.0 - lag as f64 / length as f64) * at_lag;
        }
        (whole / seen).max(1.0).sqrt()
    }

    /// The covariance with what was so many blocks before.
    fn covariance(&self, lag: usize) -> f64 {
        let later = self.series.iter().skip(lag);
        let products = self
            .series
            .iter()
            .zip(later)
            .map(|(a, b)| (a - self.mean) * (b - self.mean));
        products.sum::<f64>() / self.series.len() as f64
    }

    /// The last lag before several in a row whose correlation is no more than noise; at least 1.
    fn last_lag_that_counts(&self) -> usize {
        let n = self.series.len() as f64;
        let noise = 2.0 * (n.log10() / n).sqrt() * self.covariance(0);
        let in_a_row = rounded_up(n.log10().sqrt()).max(5);
        let most = rounded_up(n.sqrt()) + in_a_row;
        let is_noise = |lag: usize| self.covariance(lag).abs() < noise;
        let last = (0..most).find(|lag| (lag + 1..=lag + in_a_row).all(is_noise));
        last.unwrap_or(most).max(1)
    }
}

/// The trapezoid of Politis and Romano 1995.
fn flat_top(t: f64) -> f64 {
    if t <= 0.5 { 1.0 } else { (2.0 * (1.0 - t)).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of neighbours that are alike; each pair is as good as random.
    fn in_runs_of(length: usize) -> Vec<f64> {
        let mut state = 1_u64;
        let mut level = 0.0;
        let next = |at: usize| {
            if at.is_multiple_of(length) {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                level = (state >> 40) as f64;
            }
            level
        };
        (0..120).map(next).collect()
    }

    #[test]
    fn runs_are_longer_where_neighbours_are_more_alike() {
        let lengths = [1, 3, 10].map(|length| Dependence::of(&in_runs_of(length)).lengths());
        let [alone, threes, tens] = lengths;
        assert!(alone[0] <= 3 && alone[1] == 5, "{lengths:?}");
        assert!(
            alone[0] < threes[0] && threes[0] < tens[0] && tens[1] <= 40,
            "{lengths:?}"
        );
    }

    #[test]
    fn what_short_runs_cut_off_is_less_for_longer_ones_and_nothing_without_dependence() {
        let series = in_runs_of(10);
        let dependence = Dependence::of(&series);
        let [one, five, forty] = [1, 5, 40].map(|length| dependence.cut_off(length));
        assert!(
            one > 2.5 && one > five && five > forty && forty >= 1.0,
            "{one} {five} {forty}"
        );
        let alternating: Vec<_> = (0..60).map(|at| f64::from(at % 2)).collect();
        assert!((Dependence::of(&alternating).cut_off(1) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_series_that_never_changes_has_no_dependence() {
        let dependence = Dependence::of(&[7.0; 30]);
        assert_eq!(dependence.lengths(), [1, 4]);
        assert!((dependence.cut_off(1) - 1.0).abs() < 1e-9);
    }
}
