//! Fits to throughput that is known.

use super::*;

fn points(law: Law, sizes: &[f64], noise: f64) -> Vec<ScalePoint> {
    let noisy = |(at, n): (usize, &f64)| ScalePoint {
        in_flight: *n,
        per_second: law.throughput(*n) * (1.0 + noise * [1.0, -1.0, 0.5, -0.5][at % 4]),
        held: true,
    };
    sizes.iter().enumerate().map(noisy).collect()
}

const SIZES: [f64; 12] = [1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 18.0, 25.0, 40.0, 60.0, 90.0, 120.0];

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= expected.abs() * 1e-6 + 1e-9
}

#[test]
fn a_law_is_found_again_in_what_it_predicts() {
    let law = Law {
        lambda: 1000.0,
        sigma: 0.02,
        kappa: 0.0005,
    };
    let fit = fit_points(points(law, &SIZES, 0.0), 1).unwrap();
    assert!(near(fit.lambda.value, 1000.0) && near(fit.sigma.value, 0.02) && near(fit.kappa.value, 0.0005));
    assert!(near(fit.r2, 1.0));
    let peak = fit.peak.unwrap();
    assert!(near(peak.in_flight, (0.98_f64 / 0.0005).sqrt()));
}

/// The measurements of a Cisco router that the reference implementations of the law are tested with, and their parameters.
#[test]
fn the_cisco_benchmark_gives_the_parameters_of_the_reference_implementations() {
    let measured = [
        (1.0, 955.16),
        (2.0, 1878.91),
        (3.0, 2688.01),
        (4.0, 3548.68),
        (5.0, 4315.54),
        (6.0, 5130.43),
        (7.0, 5931.37),
        (8.0, 6531.08),
        (9.0, 7219.8),
        (10.0, 7867.61),
        (11.0, 8278.71),
        (12.0, 8646.7),
        (13.0, 9047.84),
        (14.0, 9426.55),
        (15.0, 9645.37),
        (16.0, 9897.24),
        (17.0, 10097.6),
        (18.0, 10240.5),
        (19.0, 10532.39),
        (20.0, 10798.52),
        (21.0, 11151.43),
        (22.0, 11518.63),
        (23.0, 11806.0),
        (24.0, 12089.37),
        (25.0, 12075.41),
        (26.0, 12177.29),
        (27.0, 12211.41),
        (28.0, 12158.93),
        (29.0, 12155.27),
        (30.0, 12118.04),
        (31.0, 12140.4),
        (32.0, 12074.39),
    ];
    let points = measured.map(|(in_flight, per_second)| ScalePoint {
        in_flight,
        per_second,
        held: true,
    });
    let fit = fit_points(points.to_vec(), 1).unwrap();
    assert!((fit.lambda.value - 995.6486).abs() < 0.01, "{:?}", fit.lambda);
    assert!((fit.sigma.value - 0.026_715_91).abs() < 1e-6, "{:?}", fit.sigma);
    assert!(
        (fit.kappa.value - 0.000_769_094_5).abs() < 1e-8,
        "{:?}",
        fit.kappa
    );
    assert!(fit.r2 > 0.99, "{}", fit.r2);
}

#[test]
fn intervals_hold_the_truth_and_no_peak_is_told_that_was_not_shown() {
    let law = Law {
        lambda: 500.0,
        sigma: 0.05,
        kappa: 0.0,
    };
    let fit = fit_points(points(law, &SIZES, 0.02), 3).unwrap();
    assert!(
        fit.lambda.low <= 500.0 && fit.lambda.high >= 500.0,
        "{:?}",
        fit.lambda
    );
    assert!(fit.sigma.low <= 0.05 && fit.sigma.high >= 0.05, "{:?}", fit.sigma);
    assert_eq!(fit.kappa.low, 0.0);
    assert_eq!(fit.peak, Err(NoPeak::NotShown));
}

#[test]
fn a_peak_beyond_what_was_measured_is_not_told() {
    let law = Law {
        lambda: 1000.0,
        sigma: 0.01,
        kappa: 0.000_01,
    };
    let fit = fit_points(points(law, &SIZES, 0.0), 1).unwrap();
    assert_eq!(fit.peak, Err(NoPeak::Beyond));
}

#[test]
fn too_few_and_too_similar_trials_carry_no_fit() {
    let law = Law {
        lambda: 1000.0,
        sigma: 0.01,
        kappa: 0.0,
    };
    assert_eq!(
        fit_points(points(law, &SIZES[..5], 0.0), 1),
        Err(NoFit::TooFew(5))
    );
    assert_eq!(fit_points(points(law, &[10.0; 8], 0.0), 1), Err(NoFit::TooAlike));
}
