//! The percentile curve of a histogram.

use hdrhistogram::Histogram;

/// The points of the curve: the number of nines (the logarithm of one over the part above) and the time in
/// microseconds. The curve ends where only one value is above, because so few values say nothing about higher
/// percentiles.
pub(super) fn points(histogram: &Histogram<u64>) -> Vec<(f64, f64)> {
    const STEPS_A_NINE: f64 = 16.0;
    if histogram.is_empty() {
        return Vec::new();
    }
    let last = (histogram.len() as f64).log10();
    let steps = (0..).map(|step| f64::from(step) / STEPS_A_NINE);
    steps
        .take_while(|nines| *nines < last)
        .chain([last])
        .map(|nines| {
            let quantile = 1.0 - 10_f64.powf(-nines);
            (nines, histogram.value_at_quantile(quantile) as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_ends_where_one_is_beyond() {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=1000).for_each(|micros| histogram.record(micros).unwrap());
        let points = points(&histogram);
        assert_eq!(points.first(), Some(&(0.0, 1.0)));
        assert_eq!(points.last(), Some(&(3.0, 999.0)));
        assert!(points.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1));
    }
}
