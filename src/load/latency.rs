//! The kinds of latency that a run measures, a histogram for each, and the figures that are reported for a histogram.

use hdrhistogram::Histogram;

/// The kinds of measured times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timing {
    /// From the request of an `http` step to its answer, with the redirects that are followed.
    Http,
    /// From the connect attempt, or its intended time, to the open WebSocket.
    Connect,
    /// From the first byte of a TLS handshake to its end.
    Tls,
    /// From a join to its reply.
    Join,
    /// From a push, or its intended time, to its reply.
    Reply,
    /// From the intended time of a push to its arrival at a receiver.
    Broadcast,
    /// From a heartbeat to its reply.
    Heartbeat,
    /// From the end of a connection until the socket has rejoined.
    Rejoin,
    /// From the intended time of a send until the generator handled it: the generator's own delay.
    Lateness,
    /// How long a send waited because the run had too few sockets. This is not part of [`Timing::Reply`].
    Waited,
}

impl Timing {
    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Http,
        Self::Connect,
        Self::Tls,
        Self::Join,
        Self::Reply,
        Self::Broadcast,
        Self::Heartbeat,
        Self::Rejoin,
        Self::Lateness,
        Self::Waited,
    ];

    /// The name in results and objectives.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Join => "join",
            Self::Reply => "reply",
            Self::Broadcast => "broadcast",
            Self::Heartbeat => "heartbeat",
            Self::Rejoin => "rejoin",
            Self::Lateness => "lateness",
            Self::Waited => "waited",
        }
    }

    /// A description for lists.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Http => "from the request of an `http` step to its answer, behind all redirects",
            Self::Connect => "from the connection attempt to the open WebSocket",
            Self::Tls => "from the beginning to the end of a TLS handshake; part of connect",
            Self::Join => "from a join to its reply",
            Self::Reply => "from a push to its reply",
            Self::Broadcast => "from a push to its arrival at each receiver; needs {{mark}} in the payload",
            Self::Heartbeat => "from a heartbeat to its reply",
            Self::Rejoin => "from a lost connection to being joined again",
            Self::Lateness => "how late phxproof itself sent; not the server's time",
            Self::Waited => {
                "how long a send waited because there were too few sockets; not the server's time"
            }
        }
    }
}

/// One histogram for each kind of time, in microseconds, with three significant digits.
#[derive(Clone, Debug, PartialEq)]
pub struct Histograms([Histogram<u64>; Timing::ALL.len()]);

/// Longer times are recorded as one hour.
const LONGEST_MICROS: u64 = 3_600_000_000;

impl Default for Histograms {
    fn default() -> Self {
        Self(std::array::from_fn(|_| {
            Histogram::new(3).expect("three digits are allowed")
        }))
    }
}

impl Histograms {
    /// The histogram of one kind.
    pub fn of(&self, kind: Timing) -> &Histogram<u64> {
        &self.0[kind as usize]
    }

    /// Adds a histogram with three significant digits to that of one kind.
    pub(crate) fn add_to(&mut self, kind: Timing, more: &Histogram<u64>) {
        // Both have three significant digits, and histograms resize themselves, so this cannot fail.
        let _ = self.0[kind as usize].add(more);
    }

    /// The figures of one kind.
    pub(super) fn figures(&self, kind: Timing) -> Figures {
        Figures::of(self.of(kind))
    }

    /// Adds a time in microseconds.
    #[inline]
    pub(crate) fn record(&mut self, kind: Timing, micros: u64) {
        // This cannot fail: the histogram resizes itself, and the longest value fits. `saturating_record` would
        // prevent resizing.
        let _ = self.0[kind as usize].record(micros.min(LONGEST_MICROS));
    }

    /// Adds the histograms of another.
    pub(crate) fn add(&mut self, more: &Self) {
        for (sum, more) in self.0.iter_mut().zip(&more.0) {
            // Both have three significant digits and resize themselves, so this cannot fail.
            let _ = sum.add(more);
        }
    }
}

/// The figures of a histogram, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// The number of measurements.
    pub count: u64,
    /// The minimum.
    pub min: u64,
    /// The mean.
    pub mean: f64,
    /// The median.
    pub p50: u64,
    /// The 90th percentile.
    pub p90: u64,
    /// The 95th percentile.
    pub p95: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The 99.9th percentile.
    pub p999: u64,
    /// The maximum.
    pub max: u64,
}

impl Figures {
    /// The figures of a histogram; all zero if it is empty.
    pub fn of(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        Self {
            count: histogram.len(),
            min: histogram.min(),
            mean: histogram.mean(),
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p95: histogram.value_at_quantile(0.95),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_where_their_index_says() {
        for (index, kind) in Timing::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, index, "{}", kind.name());
        }
    }

    #[test]
    fn long_times_are_kept_as_they_are() {
        let mut histograms = Histograms::default();
        histograms.record(Timing::Reply, 5_000_000);
        histograms.record(Timing::Reply, u64::MAX);
        let figures = histograms.figures(Timing::Reply);
        assert!(figures.min.abs_diff(5_000_000) < 5_000 && figures.max.abs_diff(LONGEST_MICROS) < 4_000_000);
    }

    #[test]
    fn figures_are_those_of_the_histogram() {
        let mut histograms = Histograms::default();
        (1..=1000).for_each(|micros| histograms.record(Timing::Reply, micros));
        let figures = histograms.figures(Timing::Reply);
        assert_eq!(
            (figures.count, figures.min, figures.p50, figures.max),
            (1000, 1, 500, 1000)
        );
        assert_eq!(histograms.figures(Timing::Join), Figures::default());
    }
}
