//! Writes `series.csv`: one line for each second of the run.

use std::fmt::Write as _;

use crate::load::Point;

/// The columns, as named in the first line.
const COLUMNS: &str = "at_s,phase,open,joined,sent,replies,broadcasts,troubles,reply_p50_us,reply_p99_us,\
    broadcast_p50_us,broadcast_p99_us,lateness_p99_us,generator_cpu_s,generator_rss_bytes,server_cpu_s,server_rss_bytes,\
    reply_p95_us,broadcast_p95_us,lost,missing\n";

/// The content of the file.
pub(super) fn render(series: &[Point]) -> String {
    let mut text = COLUMNS.to_owned();
    for it in series {
        let counts = [
            it.open,
            it.joined,
            it.sent,
            it.replies,
            it.broadcasts,
            it.troubles,
        ];
        let times = [
            it.reply_p50_us,
            it.reply_p99_us,
            it.broadcast_p50_us,
            it.broadcast_p99_us,
            it.lateness_p99_us,
        ];
        let numbers = counts.iter().chain(&times).map(u64::to_string);
        let numbers: Vec<String> = numbers.collect();
        let _ = writeln!(
            text,
            "{:.3},{},{},{:.3},{},{:.3},{},{},{},{},{}",
            it.at_s,
            it.phase,
            numbers.join(","),
            it.generator_cpu_s,
            it.generator_rss_bytes,
            it.server_cpu_s,
            it.server_rss_bytes,
            it.reply_p95_us,
            it.broadcast_p95_us,
            it.lost,
            it.missing
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn every_line_has_all_columns() {
        let text = render(&made_up::result().series);
        let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(columns.len(), made_up::result().series.len() + 1);
        assert!(columns.iter().all(|it| *it == 21), "{columns:?}");
    }
}
