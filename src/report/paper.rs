//! The kind of output: a terminal with so many columns, a pipe, or a file. Lines are wrapped on a terminal; very long
//! ones are cut on a terminal and a pipe.

use std::io::IsTerminal;
use std::os::fd::AsFd;

use terminal_size::{Width, terminal_size_of};

/// The kind of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paper {
    /// A terminal with this many columns.
    Columns(usize),
    /// A pipe, which programs read line by line.
    Pipe,
    /// A file, which keeps everything.
    File,
}

/// Longer lines are cut after this many characters; the frames have the whole text.
const LONGEST: usize = 400;
/// The default number of columns.
const USUAL: usize = 80;
/// The least number of columns that is used.
const NARROWEST: usize = 24;

impl Paper {
    /// The kind of stdout.
    pub(super) fn of_stdout() -> Self {
        Self::of(std::io::stdout())
    }

    /// The kind of stderr.
    pub(super) fn of_stderr() -> Self {
        Self::of(std::io::stderr())
    }

    fn of(stream: impl IsTerminal + AsFd) -> Self {
        if !stream.is_terminal() {
            return Self::Pipe;
        }
        match terminal_size_of(stream) {
            Some((Width(columns), _)) if columns > 0 => Self::Columns(usize::from(columns)),
            _ => Self::Columns(USUAL),
        }
    }

    /// The number of columns for lists.
    pub(super) const fn columns(self) -> usize {
        match self {
            Self::Columns(columns) if columns > NARROWEST => columns,
            Self::Columns(_) => NARROWEST,
            Self::Pipe | Self::File => USUAL,
        }
    }

    /// A line that starts in column `begun`, wrapped to fit, with further lines indented.
    pub(super) fn hang(self, line: &str, begun: usize, indent: usize) -> String {
        let line = match self {
            Self::Columns(_) | Self::Pipe => cut(line),
            Self::File => line.to_owned(),
        };
        let Self::Columns(columns) = self else {
            return line;
        };
        let further = columns.saturating_sub(indent).max(NARROWEST);
        let mut room = columns.saturating_sub(begun).max(NARROWEST);
        let mut rest = line.as_str();
        let mut text = String::new();
        while let Some((end, _)) = rest.char_indices().nth(room) {
            let at = break_before(rest, end);
            text.push_str(rest[..at].trim_end());
            text.push_str(&format!("\n{:indent$}", ""));
            rest = rest[at..].trim_start();
            room = further;
        }
        text.push_str(rest);
        text
    }
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        None => line.to_owned(),
        // What a fixture cuts is marked already.
        Some((end, _)) => format!("{}… {} bytes in all", &line[..end], line.len()),
    }
}

/// Where to break so that at most `end` bytes stay: after a space or a comma if one is near, otherwise
/// exactly there.
fn break_before(rest: &str, end: usize) -> usize {
    // A space right after the last column is as good as one in it.
    if rest[end..].starts_with(' ') {
        return end;
    }
    let near = rest[..end].rfind([' ', ',']).map_or(0, |at| at + 1);
    if near * 2 > end { near } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_commas() {
        let paper = Paper::Columns(30);
        assert_eq!(paper.hang("it fits", 2, 2), "it fits");
        assert_eq!(
            paper.hang("one two three four five six seven", 4, 2),
            "one two three four five\n  six seven"
        );
        assert_eq!(
            paper.hang(r#"["1","2","lab:{{room}}","phx_reply",{}]"#, 2, 4),
            "[\"1\",\"2\",\"lab:{{room}}\",\n    \"phx_reply\",{}]"
        );
        let long = "é".repeat(50);
        assert_eq!(
            paper.hang(&long, 0, 0),
            format!("{}\n{}", "é".repeat(30), "é".repeat(20))
        );
    }

    #[test]
    fn only_a_terminal_breaks_lines_and_a_file_keeps_all() {
        let line = "x".repeat(500);
        assert_eq!(
            Paper::Pipe.hang(&line, 0, 0),
            format!("{}… 500 bytes in all", "x".repeat(400))
        );
        assert_eq!(Paper::File.hang(&line, 0, 0), line);
        assert_eq!(Paper::Columns(1).hang("a narrow one", 90, 90), "a narrow one");
    }
}
