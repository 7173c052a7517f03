//! The problems of a scenario file, shown with their place, what was expected, and what to write instead.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use strsim::osa_distance;

/// A place in the file: a range of bytes.
pub(crate) type Span = Range<usize>;

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    place: Span,
    title: String,
    expected: Option<String>,
    help: Option<String>,
}

impl Problem {
    pub(crate) fn at(place: Span, title: impl Into<String>) -> Self {
        Self {
            place,
            title: title.into(),
            expected: None,
            help: None,
        }
    }

    pub(crate) fn expected(self, what: impl Into<String>) -> Self {
        Self {
            expected: Some(what.into()),
            ..self
        }
    }

    pub(crate) fn help(self, what: impl Into<Option<String>>) -> Self {
        Self {
            help: what.into(),
            ..self
        }
    }

    /// The problem in one line.
    pub fn title(&self) -> &str {
        &self.title
    }
}

/// A scenario file that cannot be read, with all its problems.
#[derive(Clone, Debug)]
pub struct ScenarioError {
    path: Arc<str>,
    source: Arc<str>,
    problems: Vec<Problem>,
}

impl ScenarioError {
    pub(crate) fn new(path: &str, source: &str, problems: Vec<Problem>) -> Self {
        Self {
            path: path.into(),
            source: source.into(),
            problems,
        }
    }

    /// The problems, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The problems as text for the user, in the style of rustc; at most twenty.
    pub fn render(&self, color: Color) -> String {
        const SHOWN: usize = 20;
        let renderer = match color {
            Color::Never => Renderer::plain(),
            Color::Always => Renderer::styled(),
        };
        let mut texts: Vec<String> = self
            .problems
            .iter()
            .take(SHOWN)
            .map(|problem| self.render_one(problem, &renderer))
            .collect();
        if self.problems.len() > SHOWN {
            texts.push(format!(
                "and {} more in {}",
                self.problems.len() - SHOWN,
                self.path
            ));
        }
        texts.join("\n\n")
    }

    fn render_one(&self, problem: &Problem, renderer: &Renderer) -> String {
        let (line_number, line) = line_at(&self.source, problem.place.start);
        let (cut, offset) = shorten(&self.source[line.clone()], problem.place.start - line.start);
        let start = problem.place.start - line.start - offset;
        let end = (problem.place.end.saturating_sub(line.start + offset)).clamp(start, cut.len());
        let label = problem.expected.as_deref().map(|what| format!("expected {what}"));
        let annotation = AnnotationKind::Primary.span(start..end.max(start));
        let snippet = Snippet::source(cut)
            .path(self.path.as_ref())
            .line_start(line_number)
            .annotation(match &label {
                Some(label) => annotation.label(label),
                None => annotation,
            });
        let mut group = Level::ERROR.primary_title(&problem.title).element(snippet);
        if let Some(help) = &problem.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

/// Whether the text may contain colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    Never,
    /// With ANSI escape codes.
    Always,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Color::Never))
    }
}

impl std::error::Error for ScenarioError {}

/// The number of the line that holds byte `at`, from 1, and its range without the newline.
fn line_at(source: &str, at: usize) -> (usize, Span) {
    let at = at.min(source.len());
    let start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source[at..]
        .find('\n')
        .map_or(source.len(), |newline| at + newline);
    (source[..start].matches('\n').count() + 1, start..end)
}

/// A piece of a line that is short enough to show, and how many bytes were cut before it.
fn shorten(line: &str, at: usize) -> (&str, usize) {
    const WIDEST: usize = 400;
    if line.len() <= WIDEST {
        return (line, 0);
    }
    let boundary = |mut to: usize| {
        while !line.is_char_boundary(to) {
            to -= 1;
        }
        to
    };
    let start = boundary(at.saturating_sub(80));
    let end = boundary((start + WIDEST).min(line.len()));
    (&line[start..end], start)
}

/// The longest name that is compared; no known name is longer.
const LONGEST_NAME: usize = 64;

/// The entry of `known` that is most similar to what was written, if one is similar enough.
pub(crate) fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // The written text may have any length, and known names are short.
    let begin: String = written.chars().take(LONGEST_NAME).collect();
    known
        .into_iter()
        .map(|name| (osa_distance(&begin, name), name))
        .filter(|(distance, name)| {
            *distance <= (name.len().max(written.len()) / 3).max(1) || same_letters(&begin, name)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Whether two words have the same letters in any order, as `whit` for `with`.
fn same_letters(a: &str, b: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    a.len() == b.len() && sorted(a) == sorted(b)
}
