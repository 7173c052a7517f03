//! What all pages share: the head with the style sheet, the end, and the escaping of texts and links.

use std::fmt::{self, Write as _};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::About;
use super::summary::took;

/// The style sheet of all pages.
const STYLE: &str = include_str!("html/page.css");
/// What a link to a file or to a place of a page keeps unchanged.
const IN_LINKS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'/')
    .remove(b'@');

/// The beginning of a page, up to the opened `<main>`. `style` is added to the style sheet of all pages.
pub(super) fn begin(title: &str, style: &str) -> String {
    begin_with(title, style, "")
}

/// The same with more elements in the head of the page.
pub(super) fn begin_with(title: &str, style: &str, more: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n\
         <style>\n{STYLE}{style}</style>\n{more}</head>\n<body>\n<main>\n",
        Escaped(title)
    )
}

/// The end of a page.
pub(super) fn end(page: &mut String) {
    page.push_str("</main>\n</body>\n</html>\n");
}

/// The foot of a page whose only other file is `result.json`.
pub(super) fn foot(page: &mut String, about: &About, duration: Duration, exit_code: u8) {
    let _ = write!(
        page,
        "<footer>\n<p>{}</p>\n<p><a href=\"result.json\">result.json</a></p>\n</footer>\n",
        run_line(about, duration, Some(exit_code))
    );
}

/// The version, the start, the duration and the seed of a run, and its exit code if it is over.
pub(super) fn run_line(about: &About, duration: Duration, exit_code: Option<u8>) -> String {
    let (so_far, ended) = match exit_code {
        Some(code) => ("", format!(" · exit code {code}")),
        None => (" so far", String::new()),
    };
    format!(
        "phxproof {} · began {} · took {}{so_far} · seed {}{ended}",
        env!("CARGO_PKG_VERSION"),
        humantime::format_rfc3339_seconds(about.started_at),
        took(duration),
        about.seed
    )
}

/// A path, or the id of a place of the page, as it stands in a link.
pub(super) fn link(path: &str) -> impl fmt::Display {
    utf8_percent_encode(path, IN_LINKS)
}

/// Text that is escaped for HTML.
pub(super) struct Escaped<'t>(pub(super) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(visible(c))?,
            }
        }
        Ok(())
    }
}

/// Text that is escaped for the inside of an element, where quotes stay as they are: messages are full of them.
pub(super) struct Inside<'t>(pub(super) &'t str);

impl fmt::Display for Inside<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                c => f.write_char(visible(c))?,
            }
        }
        Ok(())
    }
}

/// The character, or a sign for one that HTML does not allow.
fn visible(c: char) -> char {
    let is_whitespace = matches!(c, '\n' | '\r' | '\t');
    if c.is_control() && !is_whitespace || is_embedding(c) {
        '\u{fffd}'
    } else {
        c
    }
}

/// Whether the character changes the direction of the text after it.
fn is_embedding(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_place() {
        let text = "<a href='x'>\"&\u{0}\u{202e}\u{b}";
        assert_eq!(
            Escaped(text).to_string(),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(
            Inside(text).to_string(),
            "&lt;a href='x'&gt;\"&amp;\u{fffd}\u{fffd}\u{fffd}"
        );
        assert_eq!(
            link("my cases/\"a\"#1%.yaml").to_string(),
            "my%20cases/%22a%22%231%25.yaml"
        );
    }
}
