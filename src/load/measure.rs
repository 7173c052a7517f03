//! The figures that a run measures and that an objective can name: times with percentiles, counts, and percentages.

use super::latency::{Figures, Timing};
use super::result::LoadResult;
use crate::scenario::nearest;

/// A figure of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Measure {
    /// A time, in microseconds.
    Time(Timing, Statistic),
    /// How often something happened.
    Count(Count),
    /// The same as a percentage of a whole.
    Share(Count, Whole),
}

/// A statistic of a set of times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Statistic {
    Min,
    Mean,
    Max,
    /// The quantile, between 0 and 1.
    Quantile(f64),
}

/// Something that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Count {
    Opened,
    Joined,
    Lost,
    Reconnects,
    Sent,
    Received,
    Missing,
    Duplicated,
    Reordered,
    Misdelivered,
    InDoubt,
    Errors,
}

/// The whole of a percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whole {
    SocketsAsked,
    MessagesExpected,
    Tried,
}

/// A figure, as shown in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The name that an objective uses, for example `reply.p99`.
    pub id: String,
    /// A description.
    pub about: String,
    /// The table of the list that it belongs to.
    pub group: FigureGroup,
}

/// The tables of a list of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureGroup {
    /// Times without a statistic: `reply`.
    Times,
    /// Statistics that can follow the name of a time: `reply.p99`.
    OfATime,
    /// Counts.
    Counts,
}

/// The statistics that are shown for each time where there is no room for all percentiles.
const STATISTICS: [&str; 8] = ["min", "mean", "p50", "p90", "p95", "p99", "p999", "max"];

/// All figures. For each time these are the percentiles that results show; an objective may name any other
/// percentile.
pub fn figures() -> Vec<Figure> {
    let mut all = Vec::new();
    for kind in Timing::ALL {
        let figure = |id: String, about: String, group| Figure { id, about, group };
        let name = kind.name();
        all.push(figure(
            name.to_owned(),
            kind.about().to_owned(),
            FigureGroup::Times,
        ));
        all.extend(STATISTICS.map(|it| {
            let about = format!("{it} of {name}: {}", kind.about());
            figure(format!("{name}.{it}"), about, FigureGroup::OfATime)
        }));
    }
    all.extend(Count::ALL.into_iter().map(|count| {
        let percent = count
            .whole()
            .map_or(String::new(), |whole| format!("; in percent of {}", whole.name()));
        Figure {
            id: count.name().to_owned(),
            about: format!("{}{percent}", count.about()),
            group: FigureGroup::Counts,
        }
    }));
    all
}

/// The number of measurements that a quantile needs, so that at least one of them is greater.
pub fn enough_for(quantile: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a quantile is between 0 and 1"
    )]
    let needed = (1.0 / (1.0 - quantile)).round() as u64;
    needed
}

/// The names of all times.
pub(super) fn times() -> String {
    let names: Vec<&str> = Timing::ALL.into_iter().map(Timing::name).collect();
    let (last, others) = names.split_last().unwrap_or((&"", &[]));
    format!("{} and {last}", others.join(", "))
}

impl Measure {
    /// Finds a figure by name; the error explains why there is none.
    pub(super) fn find(name: &str) -> Result<Self, String> {
        if let Some(count) = Count::find(name) {
            return Ok(Self::Count(count));
        }
        let (kind, statistic) = name.split_once('.').unwrap_or((name, ""));
        if let Some(kind) = Timing::ALL.into_iter().find(|it| it.name() == kind) {
            let statistic = Statistic::find(statistic).ok_or_else(|| {
                format!(
                    "{kind} has .min, .mean, .max and percentiles as .p50, .p95 or .p99.9",
                    kind = kind.name()
                )
            })?;
            return Ok(Self::Time(kind, statistic));
        }
        let known = Timing::ALL.into_iter().map(Timing::name);
        let counts = Count::ALL.into_iter().map(Count::name);
        let short = Count::ALL.into_iter().map(Count::short);
        let meant = nearest(name, counts.chain(short)).or_else(|| nearest(kind, known));
        let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
        Err(format!(
            "nothing of that name is measured; there are {}, and counts as missing, lost or errors \
             (phxproof list figures){hint}",
            times()
        ))
    }

    /// The measured value; `None` if nothing was measured.
    pub(super) fn of(self, result: &LoadResult) -> Option<f64> {
        match self {
            Self::Time(kind, statistic) => {
                let figures = result.figures(kind).filter(|it| it.count > 0)?;
                Some(statistic.of(&figures, kind, result))
            }
            Self::Count(count) => Some(count.of(result) as f64),
            Self::Share(count, whole) => {
                let whole = whole.of(result);
                let part = count.of(result).min(whole) as f64;
                (whole > 0).then(|| part * 100.0 / whole as f64)
            }
        }
    }
}

impl Statistic {
    fn find(name: &str) -> Option<Self> {
        match name {
            "min" => Some(Self::Min),
            "mean" => Some(Self::Mean),
            "max" => Some(Self::Max),
            _ => quantile(name).map(Self::Quantile),
        }
    }

    fn of(self, figures: &Figures, kind: Timing, result: &LoadResult) -> f64 {
        match self {
            Self::Min => figures.min as f64,
            Self::Mean => figures.mean,
            Self::Max => figures.max as f64,
            Self::Quantile(quantile) => result.histograms.of(kind).value_at_quantile(quantile) as f64,
        }
    }
}

/// Parses 0.95 from `p95`, and 0.999 from `p99.9` and `p999`: digits after the second are decimals.
fn quantile(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('p')?;
    let (whole, decimals) = match digits.split_once('.') {
        Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
        Some(_) => return None,
        None => digits.split_at_checked(2).unwrap_or((digits, "")),
    };
    let are_digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
    // `p100` would parse as 0.1, which is never meant.
    if !(1..=2).contains(&whole.len()) || !are_digits(whole) || !are_digits(decimals) || digits == "100" {
        return None;
    }
    let quantile: f64 = format!("0.{whole:0>2}{decimals}").parse().ok()?;
    (quantile > 0.0 && quantile < 1.0).then_some(quantile)
}

impl Count {
    pub(super) const ALL: [Self; 12] = [
        Self::Opened,
        Self::Joined,
        Self::Lost,
        Self::Reconnects,
        Self::Sent,
        Self::Received,
        Self::Missing,
        Self::Duplicated,
        Self::Reordered,
        Self::Misdelivered,
        Self::InDoubt,
        Self::Errors,
    ];

    /// Finds a count by name, with or without the prefix before the dot.
    fn find(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|it| it.name() == name || it.short() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Opened => "sockets.opened",
            Self::Joined => "sockets.joined",
            Self::Lost => "sockets.lost",
            Self::Reconnects => "sockets.reconnects",
            Self::Sent => "messages.sent",
            Self::Received => "messages.received",
            Self::Missing => "messages.missing",
            Self::Duplicated => "messages.duplicated",
            Self::Reordered => "messages.reordered",
            Self::Misdelivered => "messages.misdelivered",
            Self::InDoubt => "messages.in_doubt",
            Self::Errors => "errors",
        }
    }

    fn short(self) -> &'static str {
        self.name()
            .split_once('.')
            .map_or(self.name(), |(_, short)| short)
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Opened => "sockets that were open at least once",
            Self::Joined => "sockets that joined all their topics",
            Self::Lost => "connections that ended without being asked to",
            Self::Reconnects => "connections that were opened again",
            Self::Sent => "pushes that were sent",
            Self::Received => "replies and broadcasts that came and were due",
            Self::Missing => "replies and broadcasts that were due and never came",
            Self::Duplicated => "replies and broadcasts that came once more",
            Self::Reordered => "broadcasts that came after a later one of the same sender",
            Self::Misdelivered => "broadcasts that came to a socket that should not have them",
            Self::InDoubt => "messages in flight while their receiver joined or left",
            Self::Errors => "errors of all kinds",
        }
    }

    /// The whole for a percentage; `None` if a percentage makes no sense.
    pub(super) const fn whole(self) -> Option<Whole> {
        match self {
            Self::Opened | Self::Joined | Self::Lost => Some(Whole::SocketsAsked),
            Self::Received
            | Self::Missing
            | Self::Duplicated
            | Self::Reordered
            | Self::Misdelivered
            | Self::InDoubt => Some(Whole::MessagesExpected),
            Self::Errors => Some(Whole::Tried),
            Self::Reconnects | Self::Sent => None,
        }
    }

    fn of(self, result: &LoadResult) -> u64 {
        let (sockets, messages) = (&result.sockets, &result.messages);
        match self {
            Self::Opened => sockets.opened,
            Self::Joined => sockets.joined,
            Self::Lost => sockets.lost,
            Self::Reconnects => sockets.reconnects,
            Self::Sent => messages.sent,
            Self::Received => messages.received,
            Self::Missing => messages.missing,
            Self::Duplicated => messages.duplicated,
            Self::Reordered => messages.reordered,
            Self::Misdelivered => messages.misdelivered,
            Self::InDoubt => messages.in_doubt,
            Self::Errors => result.errors(),
        }
    }
}

impl Whole {
    const fn name(self) -> &'static str {
        match self {
            Self::SocketsAsked => "the sockets asked for",
            Self::MessagesExpected => "the messages that were due",
            Self::Tried => "all connects, joins and pushes",
        }
    }

    fn of(self, result: &LoadResult) -> u64 {
        match self {
            Self::SocketsAsked => result.sockets.asked,
            Self::MessagesExpected => result.messages.expected,
            Self::Tried => result.tried(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Time;
    use crate::load::tally::Tally;

    #[test]
    fn percentiles_are_read_as_people_write_them() {
        let read = ["p50", "p5", "p95", "p98", "p99.9", "p999", "p9999", "p99.99"].map(quantile);
        assert_eq!(
            read,
            [0.5, 0.05, 0.95, 0.98, 0.999, 0.999, 0.9999, 0.9999].map(Some)
        );
        for none in [
            "p", "p0", "p100", "p100.0", "p-5", "px", "p9.9.9", "q95", "p(95)", "p1e1",
        ] {
            assert_eq!(quantile(none), None, "{none}");
        }
    }

    #[test]
    fn any_percentile_is_that_of_the_whole_run() {
        let mut tally = Tally::new();
        (1..=1000).for_each(|micros| tally.record(0, Timing::Reply, Time::ZERO, Time::from_micros(micros)));
        let result = LoadResult::of_latencies(&tally.latencies);
        let of = |name: &str| Measure::find(name).unwrap().of(&result);
        assert_eq!(
            ["reply.p95", "reply.p98", "reply.p99.9", "reply.p999", "join.p98"].map(of),
            [Some(950.0), Some(980.0), Some(999.0), Some(999.0), None]
        );
    }

    #[test]
    fn every_figure_that_is_listed_can_be_named() {
        let all = figures();
        assert!(all.len() > 60);
        for figure in all.iter().filter(|it| it.group != FigureGroup::Times) {
            assert!(Measure::find(&figure.id).is_ok(), "{}", figure.id);
        }
    }

    #[test]
    fn a_percentile_needs_so_many_that_one_is_greater() {
        assert_eq!(
            [0.5, 0.9, 0.95, 0.99, 0.999, 0.9999].map(enough_for),
            [2, 10, 20, 100, 1000, 10_000]
        );
    }
}
