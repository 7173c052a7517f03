//! Formats figures: latencies with a suitable unit, thousands separators, bytes in megabytes.

pub(in crate::report) use crate::load::grouped;
use crate::load::{Machine, ObjectiveOutcome, ObjectiveUnit, ServerUse, enough_for};

/// A time in microseconds with three digits and its unit.
pub(in crate::report) fn micros(micros: f64) -> String {
    let (value, unit) = match micros {
        it if it < 999.5 => return format!("{it:.0} µs"),
        it if it < 999_500.0 => (it / 1e3, "ms"),
        it => (it / 1e6, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A percentile of this many latencies in microseconds, or a dash if there are too few to know it.
pub(in crate::report) fn percentile(count: u64, quantile: f64, time: u64) -> String {
    if count < enough_for(quantile) {
        "–".to_owned()
    } else {
        micros(time as f64)
    }
}

/// `0.15 %`, with enough decimals to show that it is not zero.
pub(in crate::report) fn percent(value: f64) -> String {
    match value {
        it if it == 0.0 || it >= 9.95 => format!("{it:.0} %"),
        it if it >= 0.095 => format!("{it:.1} %"),
        it if it >= 0.001 => format!("{it:.3} %"),
        _ => "less than 0.001 %".to_owned(),
    }
}

/// A value of an objective with its unit, with so many digits that it differs from the limit if it does.
pub(in crate::report) fn in_unit(outcome: &ObjectiveOutcome, value: f64) -> String {
    let short = |value| match outcome.unit {
        ObjectiveUnit::Us => micros(value),
        ObjectiveUnit::Count => format!("{value}"),
        ObjectiveUnit::Percent => percent(value),
    };
    let looks_alike = value != outcome.limit && short(value) == short(outcome.limit);
    match outcome.unit {
        ObjectiveUnit::Us if looks_alike => format!("{} ms", value / 1e3),
        ObjectiveUnit::Percent if looks_alike => format!("{value} %"),
        ObjectiveUnit::Us | ObjectiveUnit::Count | ObjectiveUnit::Percent => short(value),
    }
}

/// `1.23`, `12.3`, `123`.
fn three_digits(value: f64) -> String {
    match value {
        it if it < 9.995 => format!("{it:.2}"),
        it if it < 99.95 => format!("{it:.1}"),
        it => format!("{it:.0}"),
    }
}

/// A rate, with a decimal if it is small.
pub(in crate::report) fn rate(rate: f64) -> String {
    if rate < 9.95 {
        format!("{rate:.1}")
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "rates are not negative, and none is that large"
        )]
        grouped(rate.round() as u64)
    }
}

/// `12.3 MB`.
pub(in crate::report) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes / 1000),
        _ if bytes < 1_000_000_000 => format!("{} MB", three_digits(bytes as f64 / 1e6)),
        _ => format!("{} GB", three_digits(bytes as f64 / 1e9)),
    }
}

/// The peak memory of a process, and its growth per joined socket.
pub(in crate::report) fn memory(peak: u64, per_socket: Option<u64>) -> String {
    match per_socket {
        None => format!("at most {} of memory", bytes(peak)),
        Some(each) => format!(
            "at most {} of memory, {} B more for each joined socket",
            bytes(peak),
            grouped(each)
        ),
    }
}

/// The use of a server: CPU time, memory, threads and, where they are known, descriptors.
pub(in crate::report) fn used(server: &ServerUse, bytes_per_socket: Option<u64>) -> String {
    let mut text = format!(
        "{:.2} s of CPU, {}, {}",
        server.cpu_s,
        memory(server.rss_bytes_peak, bytes_per_socket),
        things(server.threads_peak, "thread")
    );
    if server.descriptors_peak > 0 {
        text.push_str(&format!(", {}", things(server.descriptors_peak, "descriptor")));
    }
    text
}

/// `2 processors, 24.0 GB of memory, linux 6.1.0`.
pub(in crate::report) fn machine(machine: &Machine) -> String {
    let memory = machine
        .memory_bytes
        .map_or(String::new(), |it| format!(", {} of memory", bytes(it)));
    format!(
        "{}{memory}, {}",
        things(machine.processors as u64, "processor"),
        machine.os
    )
}

/// A number with its noun, in the plural if needed.
pub fn things(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// `412 ms`, `4.2 s`, `3 min 5 s`.
pub(in crate::report) fn seconds(seconds: f64) -> String {
    match seconds {
        it if it < 1.0 => format!("{:.0} ms", it * 1e3),
        it if it < 60.0 => format!("{it:.1} s"),
        it => format!("{:.0} min {:.0} s", (it / 60.0).floor(), (it % 60.0).floor()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{LoadResult, Objective};

    #[test]
    fn a_percentile_that_cannot_be_known_is_a_dash() {
        assert_eq!(percentile(999, 0.999, 6620), "–");
        assert_eq!(percentile(1000, 0.999, 6620), "6.62 ms");
        assert_eq!(percentile(1, 0.5, 6620), "–");
    }

    #[test]
    fn percents_are_told_from_nothing() {
        let said = [0.0, 0.0001, 0.015, 0.15, 3.04, 99.0].map(percent);
        assert_eq!(
            said,
            ["0 %", "less than 0.001 %", "0.015 %", "0.1 %", "3.0 %", "99 %"]
        );
    }

    #[test]
    fn a_value_that_misses_its_limit_does_not_look_like_it() {
        let shown = |text: &str, value: f64| {
            let objective: Objective = text.parse().expect("an objective");
            in_unit(&objective.judge(&LoadResult::default()), value)
        };
        assert_eq!(shown("reply.p99<10ms", 10_007.0), "10.007 ms");
        assert_eq!(shown("reply.p99<10ms", 10_000.0), "10.0 ms");
        assert_eq!(shown("reply.p99<10ms", 12_007.0), "12.0 ms");
        assert_eq!(shown("errors<0.1%", 0.1042), "0.1042 %");
        assert_eq!(shown("errors<0.1%", 0.1), "0.1 %");
    }

    #[test]
    fn figures_are_short() {
        let times = [0.0, 999.0, 1234.0, 99_960.0, 999_499.0, 12_340_000.0].map(micros);
        assert_eq!(times, ["0 µs", "999 µs", "1.23 ms", "100 ms", "999 ms", "12.3 s"]);
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([0.5, 9.96, 1234.4].map(rate), ["0.5", "10", "1,234"]);
        assert_eq!(
            [5_000, 12_340_000, 2_000_000_000].map(bytes),
            ["5 kB", "12.3 MB", "2.00 GB"]
        );
        assert_eq!([0.4, 4.25, 185.0].map(seconds), ["400 ms", "4.2 s", "3 min 5 s"]);
        assert_eq!(
            [things(1, "socket"), things(2000, "socket")],
            ["1 socket", "2,000 sockets"]
        );
    }
}
