//! Writes `series.csv`, one line for each second of the run, and reads it back.

use std::fmt::Write as _;

use crate::load::{BeamPoint, Point, PoolPoint, phase_named};

/// The columns, as named in the first line.
const COLUMNS: &str = "at_s,phase,open,joined,sent,replies,broadcasts,troubles,reply_p50_us,reply_p99_us,\
    broadcast_p50_us,broadcast_p99_us,lateness_p99_us,generator_cpu_s,generator_rss_bytes,server_cpu_s,server_rss_bytes,\
    reply_p95_us,broadcast_p95_us,lost,missing,server_threads,server_descriptors,rate,\
    beam_utilization,beam_run_queue,beam_processes,beam_ports,beam_longest_mailbox,beam_ets_tables,beam_memory_bytes,\
    beam_processes_bytes,beam_binary_bytes,beam_ets_bytes,ecto_idle,ecto_waiting,ecto_queries,ecto_queue_us_max\n";
/// So many of the last columns are not in the files of older versions.
const NEWER: usize = 17;

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
            "{:.3},{},{},{:.3},{},{:.3},{},{},{},{},{},{},{},{},{}",
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
            it.missing,
            it.server_threads,
            it.server_descriptors,
            it.rate,
            beam(it.beam.as_ref())
        );
    }
    text
}

/// The columns of the Erlang VM and of Ecto; empty where nothing is known.
fn beam(point: Option<&BeamPoint>) -> String {
    let Some(it) = point else {
        return ",".repeat(13);
    };
    let numbers = [
        it.run_queue,
        it.processes,
        it.ports,
        it.longest_mailbox,
        it.ets_tables,
        it.memory_bytes,
        it.processes_bytes,
        it.binary_bytes,
        it.ets_bytes,
    ];
    let pools = match &it.pools {
        Some(it) => [it.idle, it.waiting, it.queries, it.queue_us_max].map(|number| number.to_string()),
        None => Default::default(),
    };
    let numbers = numbers.map(|number| number.to_string());
    format!("{:.4},{},{}", it.utilization, numbers.join(","), pools.join(","))
}

/// The seconds of a file; what it does not have is zero. Else what is wrong with it.
pub(super) fn read(text: &str) -> Result<Vec<Point>, String> {
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let known: Vec<&str> = COLUMNS.trim_end().split(',').collect();
    let older = known.len() - NEWER;
    let place = |(number, column): (usize, &&str)| {
        let place = names.iter().position(|name| name == column);
        match place {
            None if number < older => Err(format!("it has no column `{column}`")),
            place => Ok(place),
        }
    };
    let places: Result<Vec<Option<usize>>, String> = known.iter().enumerate().map(place).collect();
    let places = places?;
    let line = |(number, line): (usize, &str)| {
        let cells: Vec<&str> = line.split(',').collect();
        let cells = places
            .iter()
            .map(|at| at.map_or("", |at| cells.get(at).copied().unwrap_or_default()));
        point(&mut Cells(cells)).ok_or_else(|| format!("line {} is not a second of a run", number + 2))
    };
    lines.enumerate().map(line).collect()
}

/// The cells of a line, in the order of [`COLUMNS`].
struct Cells<I>(I);

impl<'t, I: Iterator<Item = &'t str>> Cells<I> {
    fn next<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.0.next()?.parse().ok()
    }

    /// A column that older versions do not have.
    fn newer<T: std::str::FromStr + Default>(&mut self) -> Option<T> {
        Some(self.if_known()?.unwrap_or_default())
    }

    /// A cell that may be empty.
    fn if_known<T: std::str::FromStr>(&mut self) -> Option<Option<T>> {
        match self.0.next()? {
            "" => Some(None),
            cell => Some(Some(cell.parse().ok()?)),
        }
    }
}

fn point<'t>(cells: &mut Cells<impl Iterator<Item = &'t str>>) -> Option<Point> {
    // Fields are evaluated in the order in which they stand here.
    Some(Point {
        at_s: cells.next()?,
        phase: phase_named(&cells.next::<String>()?)?,
        open: cells.next()?,
        joined: cells.next()?,
        sent: cells.next()?,
        replies: cells.next()?,
        broadcasts: cells.next()?,
        troubles: cells.next()?,
        reply_p50_us: cells.next()?,
        reply_p99_us: cells.next()?,
        broadcast_p50_us: cells.next()?,
        broadcast_p99_us: cells.next()?,
        lateness_p99_us: cells.next()?,
        generator_cpu_s: cells.next()?,
        generator_rss_bytes: cells.next()?,
        server_cpu_s: cells.next()?,
        server_rss_bytes: cells.next()?,
        reply_p95_us: cells.next()?,
        broadcast_p95_us: cells.next()?,
        lost: cells.next()?,
        missing: cells.next()?,
        server_threads: cells.newer()?,
        server_descriptors: cells.newer()?,
        rate: cells.newer()?,
        beam: beam_point(cells)?,
        ..Point::default()
    })
}

fn beam_point<'t>(cells: &mut Cells<impl Iterator<Item = &'t str>>) -> Option<Option<BeamPoint>> {
    let utilization = cells.if_known()?;
    let point = BeamPoint {
        utilization: utilization.unwrap_or_default(),
        run_queue: cells.newer()?,
        processes: cells.newer()?,
        ports: cells.newer()?,
        longest_mailbox: cells.newer()?,
        ets_tables: cells.newer()?,
        memory_bytes: cells.newer()?,
        processes_bytes: cells.newer()?,
        binary_bytes: cells.newer()?,
        ets_bytes: cells.newer()?,
        pools: {
            let idle = cells.if_known()?;
            let pools = PoolPoint {
                idle: idle.unwrap_or_default(),
                waiting: cells.newer()?,
                queries: cells.newer()?,
                queue_us_max: cells.newer()?,
            };
            idle.map(|_| pools)
        },
    };
    Some(utilization.map(|_| point))
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
        assert!(columns.iter().all(|it| *it == 38), "{columns:?}");
    }

    #[test]
    fn a_file_of_an_older_version_has_no_threads_descriptors_and_rate() {
        let text = render(&made_up::result().series);
        let without = |line: &str| line.rsplitn(NEWER + 1, ',').last().unwrap().to_owned() + "\n";
        let older: String = text.lines().map(without).collect();
        let points = read(&older).unwrap();
        assert_eq!(points.len(), made_up::result().series.len());
        assert!(
            points
                .iter()
                .all(|it| it.server_threads == 0 && it.server_rss_bytes > 0)
        );
        let newer = read(&text).unwrap();
        assert!(
            newer
                .iter()
                .all(|it| (it.server_threads, it.server_descriptors) == (5, 230))
        );
    }
}
