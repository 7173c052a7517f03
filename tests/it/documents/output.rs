//! Compares what a command printed with what a document shows, apart from numbers, their units and bars.

/// Whether the lines of `shown` are in `output`, in this order; the first one that is not.
pub(super) fn missing<'a>(shown: &'a str, output: &str) -> Option<&'a str> {
    let mut rest = output.lines().map(without_numbers);
    shown.lines().filter(|line| line.trim() != "…").find(|line| {
        let wanted = without_numbers(line);
        let (begin, open) = wanted
            .strip_suffix('…')
            .map_or((&*wanted, false), |begin| (begin, true));
        !rest.any(|line| line == begin || (open && line.starts_with(begin)))
    })
}

/// The line without what differs from run to run: numbers with their units, runs of dots and blanks, bars of a histogram.
pub(crate) fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.trim_end().chars().peekable();
    while let Some(c) = rest.next() {
        let within_a_number = out.ends_with('0') && rest.peek().is_some_and(char::is_ascii_digit);
        let (c, like) = match c {
            '0'..='9' | '–' => ('0', "0"),
            '.' | ',' if within_a_number => ('0', "0"),
            '.' => ('.', "."),
            ' ' if out.ends_with(['.', ' ']) => (' ', ". "),
            '▁'..='█' => (' ', " "),
            other => (other, ""),
        };
        if !out.ends_with(|last| like.contains(last)) {
            out.push(c);
        }
    }
    let words: Vec<_> = out.trim_end().split(' ').collect();
    let is_unit = |at: usize| at > 0 && words[at - 1].ends_with('0') && TIMES.contains(&words[at]);
    // "1 min 10 s" is a time as "8 s" is.
    let is_minutes = |at: usize| words[at] == "0" && words.get(at + 1) == Some(&"min");
    let is_part = |at: usize| is_unit(at) || is_minutes(at) || (at > 0 && is_minutes(at - 1));
    let kept: Vec<_> = (0..words.len())
        .filter(|at| !is_part(*at))
        .map(|at| words[at])
        .collect();
    kept.join(" ")
}

/// Units of times, also at the end of a part of a sentence.
const TIMES: [&str; 6] = ["µs", "ms", "s", "µs,", "ms,", "s,"];

#[test]
fn output_that_was_not_printed_is_found() {
    let output = "checking ws://127.0.0.1:4123/socket\n  join  ..   9 pass\nall held: 9 pass, in 1.25 s\n";
    assert_eq!(
        missing(
            "checking ws://127.0.0.1:4000/socket\n…\nall held: 124 pass, in 4.3 s",
            output
        ),
        None
    );
    assert_eq!(missing("  join  ..  12 pass\nall …", output), None);
    assert_eq!(
        missing("all held: 9 fail, in 1 s", output),
        Some("all held: 9 fail, in 1 s")
    );
    assert_eq!(missing("all …\nchecking …", output), Some("checking …"));
}

#[test]
fn numbers_units_and_bars_may_differ() {
    let row = "  reply              600   326 µs  2.01 ms  4.58 ms        –  9.11 ms  ▁▇█";
    assert_eq!(without_numbers(row), " reply 0 0 0 0 0 0");
    assert_eq!(
        without_numbers("  reply            1,600   1.2 s  2 ms  3 ms  4 ms  9 ms"),
        without_numbers(row)
    );
    assert_eq!(
        without_numbers("all held, in 1 min 10 s"),
        without_numbers("all held, in 8.3 s")
    );
    assert_ne!(without_numbers("600 sent"), without_numbers("600 lost"));
}
