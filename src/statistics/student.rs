//! Student's correction: the interval of a mean is wider if its spread is estimated from few independent parts.

/// The probability that lies beyond a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tail {
    pub(super) probability: f64,
    /// The quantile of the standard normal distribution.
    z: f64,
}

/// On either side of a two-sided 95 % interval.
pub(super) const OF_TWO_SIDED: Tail = Tail {
    probability: 0.025,
    z: 1.959_964,
};
/// Of a one-sided 95 % bound.
pub(super) const OF_ONE_SIDED: Tail = Tail {
    probability: 0.05,
    z: 1.644_854,
};
/// Of a one-sided bound for one of three quantiles, so that all three together keep 95 % (Bonferroni).
pub(super) const OF_ONE_OF_THREE: Tail = Tail {
    probability: 0.05 / 3.0,
    z: 2.128_045,
};

impl Tail {
    /// Student's quantile over the normal one, by the expansion of Cornish and Fisher (Abramowitz and Stegun 26.7.5).
    pub(super) fn student(self, degrees: f64) -> f64 {
        let (z, v) = (self.z, degrees);
        let [z3, z5, z7] = [3, 5, 7].map(|power| z.powi(power));
        let t = z
            + (z3 + z) / (4.0 * v)
            + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * v.powi(2))
            + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * v.powi(3));
        t / z
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        let t = |tail: Tail, degrees| tail.z * tail.student(degrees);
        for (found, table) in [
            (t(OF_TWO_SIDED, 4.0), 2.776),
            (t(OF_TWO_SIDED, 10.0), 2.228),
            (t(OF_ONE_SIDED, 5.0), 2.015),
            (t(OF_ONE_SIDED, 60.0), 1.671),
            (t(OF_ONE_OF_THREE, 10.0), 2.466),
        ] {
            assert!((found - table).abs() < 0.02, "{found} {table}");
        }
    }
}
