//! The histograms of a series of blocks as one table of cumulative counts, from which the quantile of any mix of blocks is read
//! without adding histograms.

use hdrhistogram::Histogram;

/// More blocks than this are put together in twos, threes and so on: more would cost time and tell nothing new.
pub const MOST_BLOCKS: usize = 240;

/// For each bucket that any block uses, how many operations of each block are in it or below it.
#[derive(Debug)]
pub(super) struct Table {
    blocks: usize,
    buckets: Vec<Bucket>,
    /// A row for each bucket, with a column for each block.
    cumulative: Vec<u64>,
    samples: Vec<u64>,
}

/// The values that a bucket of a histogram stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bucket {
    low: f64,
    high: f64,
}

impl Table {
    /// The table of these blocks. All histograms have the same precision.
    pub(super) fn new(blocks: &[Histogram<u64>]) -> Self {
        let per_column = blocks.len().div_ceil(MOST_BLOCKS).max(1);
        let columns = blocks.len().div_ceil(per_column);
        let mut counts: Vec<(u64, usize, u64)> = Vec::new();
        let mut samples = vec![0; columns];
        for (at, block) in blocks.iter().enumerate() {
            let column = at / per_column;
            samples[column] += block.len();
            let used = block.iter_recorded();
            counts.extend(used.map(|it| (it.value_iterated_to(), column, it.count_since_last_iteration())));
        }
        counts.sort_unstable();
        let mut table = Self {
            blocks: columns,
            buckets: Vec::new(),
            cumulative: Vec::new(),
            samples,
        };
        let mut row = vec![0; columns];
        for of_bucket in counts.chunk_by(|a, b| a.0 == b.0) {
            for &(_, column, count) in of_bucket {
                row[column] += count;
            }
            table.buckets.push(Bucket::of(&blocks[0], of_bucket[0].0));
            table.cumulative.extend_from_slice(&row);
        }
        table
    }

    /// How many blocks it has.
    pub(super) const fn blocks(&self) -> usize {
        self.blocks
    }

    /// How many blocks have operations.
    pub(super) fn filled(&self) -> usize {
        self.samples.iter().filter(|count| **count > 0).count()
    }

    /// How many operations all blocks have.
    pub(super) fn samples(&self) -> u64 {
        self.samples.iter().sum()
    }

    /// How many operations a block has.
    pub(super) fn samples_of(&self, block: usize) -> u64 {
        self.samples[block]
    }

    /// How many operations of a block lie above a value, with a part of the bucket that the value lies in.
    pub(super) fn above(&self, block: usize, value: f64) -> f64 {
        let row = self.buckets.partition_point(|bucket| bucket.high < value);
        let below = |row: usize| row.checked_sub(1).map_or(0, |row| self.row(row)[block]);
        let total = self.samples[block] as f64;
        let Some(bucket) = self.buckets.get(row) else {
            return 0.0;
        };
        let part = ((value - bucket.low) / (bucket.high - bucket.low)).clamp(0.0, 1.0);
        let inside = (self.row(row)[block] - below(row)) as f64;
        total - below(row) as f64 - part * inside
    }

    /// The quantile of a mix of blocks: each counts as often as its weight says. `None` if the mix has no operations.
    /// Values are spread evenly over their bucket.
    pub(super) fn quantile(&self, weights: &[u32], quantile: f64) -> Option<f64> {
        let weigh = |row: &[u64]| {
            let mut sum = 0;
            for (count, weight) in row.iter().zip(weights) {
                sum += count * u64::from(*weight);
            }
            sum
        };
        let total = weigh(&self.samples);
        if total == 0 {
            return None;
        }
        let rank = quantile * total as f64;
        let (mut low, mut high) = (0, self.buckets.len() - 1);
        while low < high {
            let middle = low.midpoint(high);
            if (weigh(self.row(middle)) as f64) < rank {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let until = weigh(self.row(low)) as f64;
        let before = low.checked_sub(1).map_or(0, |row| weigh(self.row(row))) as f64;
        let bucket = self.buckets[low];
        let part = if until > before {
            (rank - before) / (until - before)
        } else {
            0.0
        };
        Some(bucket.low + part.clamp(0.0, 1.0) * (bucket.high - bucket.low))
    }

    fn row(&self, bucket: usize) -> &[u64] {
        &self.cumulative[bucket * self.blocks..][..self.blocks]
    }
}

impl Bucket {
    /// The bucket of a value; whole numbers stand in the middle of theirs.
    fn of(histogram: &Histogram<u64>, value: u64) -> Self {
        Self {
            low: histogram.lowest_equivalent(value) as f64 - 0.5,
            high: histogram.highest_equivalent(value) as f64 + 0.5,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::rounded_up;
    use super::*;

    fn histogram(values: &[u64]) -> Histogram<u64> {
        let mut histogram = Histogram::new(3).unwrap();
        values.iter().for_each(|value| histogram.record(*value).unwrap());
        histogram
    }

    proptest! {
        #[test]
        fn a_mix_has_the_quantiles_of_all_its_operations_together(
            blocks in prop::collection::vec((prop::collection::vec(1_u64..100_000, 0..20), 0_u32..4), 1..8),
            quantile in 0.01_f64..0.99,
        ) {
            let (values, weights): (Vec<_>, Vec<_>) = blocks.into_iter().unzip();
            let histograms: Vec<_> = values.iter().map(|it| histogram(it)).collect();
            let mut all: Vec<f64> = Vec::new();
            for (values, weight) in values.iter().zip(&weights) {
                (0..*weight).for_each(|_| all.extend(values.iter().map(|it| *it as f64)));
            }
            all.sort_unstable_by(f64::total_cmp);
            let found = Table::new(&histograms).quantile(&weights, quantile);
            let rank = rounded_up(quantile * all.len() as f64).max(1);
            match (found, all.get(rank - 1)) {
                (Some(found), Some(value)) => prop_assert!((found - value).abs() <= 0.5 + value / 500.0),
                (found, value) => prop_assert!(found.is_none() && value.is_none()),
            }
        }
    }

    #[test]
    fn a_whole_number_stands_for_itself() {
        let table = Table::new(&[histogram(&[5; 4])]);
        assert_eq!(table.quantile(&[1], 0.5), Some(5.0));
        assert_eq!(
            (table.above(0, 5.0), table.above(0, 4.0), table.above(0, 7.0)),
            (2.0, 4.0, 0.0)
        );
    }

    #[test]
    fn many_blocks_are_put_together() {
        let blocks: Vec<_> = (0..=MOST_BLOCKS as u64).map(|at| histogram(&[at + 1])).collect();
        let table = Table::new(&blocks);
        assert_eq!((table.blocks(), table.filled(), table.samples()), (121, 121, 241));
        assert_eq!((table.samples_of(0), table.samples_of(120)), (2, 1));
        assert_eq!(Table::new(&[]).quantile(&[], 0.5), None);
    }
}
