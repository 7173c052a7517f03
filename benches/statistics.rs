//! Measures how long it takes to compare the latencies of two arms with 2,000 resamples.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use phxproof::internal::statistics::{Arm, Margin, PairedBlocks, Resampling, compare_runs};

/// A minute of a thousand operations a second in each arm, from 300 µs to some milliseconds.
fn minute() -> PairedBlocks {
    let mut measured = PairedBlocks::new(Duration::from_secs(1));
    let mut state = 1_u64;
    for second in 0..60 {
        for arm in [Arm::Treated, Arm::Control] {
            for _ in 0..1000 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                let micros = 300 + 60_000 / (1 + (state >> 54));
                measured.record(arm, Duration::from_secs(second), micros);
            }
        }
    }
    measured
}

fn statistics(c: &mut Criterion) {
    let measured = minute();
    let margin = Margin {
        absolute_us: 100.0,
        relative: 0.1,
    };
    let mut group = c.benchmark_group("statistics");
    group.sample_size(10);
    group.bench_function("non-inferiority, 60 blocks", |b| {
        b.iter(|| measured.non_inferiority(black_box(margin), Resampling::seeded(1)));
    });
    group.bench_function("shift function, 60 blocks", |b| {
        b.iter(|| measured.shift_function(black_box(Resampling::seeded(1))));
    });
    group.bench_function("two runs at p99, 60 blocks each", |b| {
        let (base, new) = (measured.blocks(Arm::Control), measured.blocks(Arm::Treated));
        b.iter(|| compare_runs(base, new, black_box(&[0.99]), Resampling::seeded(1)));
    });
    group.finish();
}

criterion_group!(benches, statistics);
criterion_main!(benches);
