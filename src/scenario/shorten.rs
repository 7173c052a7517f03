//! Shortens texts and rows of bytes for display.

use std::fmt::Write as _;

/// Texts of up to this many characters are shown whole.
const LONGEST: usize = 400;
/// Quoted texts with more characters than this are cut.
const LONGEST_IN_QUOTES: usize = 60;
/// How many characters of a long quoted text are shown.
const SHOWN_IN_QUOTES: usize = 12;
/// Longer rows of bytes are cut.
const MOST_BYTES: usize = 16;

/// Shortens a text that is too long to show: first its long quoted texts, then its end.
pub(crate) fn shorten(text: &str) -> String {
    let text = shorten_quoted(text);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text,
    }
}

/// `"xxxxxxxxxxxx…" (520 characters)` for a long text in quotes.
fn shorten_quoted(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, inside)) = rest.split_once('"') {
        let Some(end) = end_of_quoted(inside) else {
            break;
        };
        let length = inside[..end].chars().count();
        if length > LONGEST_IN_QUOTES {
            let head: String = inside.chars().take(SHOWN_IN_QUOTES).collect();
            let _ = write!(out, "{before}\"{head}…\" ({length} characters)");
        } else {
            let _ = write!(out, "{before}\"{}\"", &inside[..end]);
        }
        rest = &inside[end + 1..];
    }
    out.push_str(rest);
    out
}

/// The end of a quoted text, given what follows its opening quote.
fn end_of_quoted(inside: &str) -> Option<usize> {
    let mut escaped = false;
    inside.char_indices().find_map(|(at, c)| match c {
        _ if escaped => {
            escaped = false;
            None
        }
        '\\' => {
            escaped = true;
            None
        }
        '"' => Some(at),
        _ => None,
    })
}

/// Shortens long rows of bytes, written as `00 01 02`, to their first bytes.
pub(crate) fn shorten_bytes(line: &str) -> String {
    let is_byte = |word: &&str| word.len() == 2 && word.chars().all(|c| c.is_ascii_hexdigit());
    let words: Vec<&str> = line.split(' ').collect();
    let mut out: Vec<&str> = Vec::new();
    for row in words.chunk_by(|a, b| is_byte(a) == is_byte(b)) {
        if is_byte(&row[0]) && row.len() > MOST_BYTES {
            out.extend(&row[..MOST_BYTES]);
            out.push("…");
        } else {
            out.extend(row);
        }
    }
    out.join(" ").replace("… …", "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_in_quotes_are_cut_and_their_length_is_told() {
        let long = format!(r#"["1","2",{{"big":"{}","b":"a\"b"}}]"#, "x".repeat(520));
        let short = r#"["1","2",{"big":"xxxxxxxxxxxx…" (520 characters),"b":"a\"b"}]"#;
        assert_eq!(shorten(&long), short);
        assert_eq!(shorten(short), short);
        assert_eq!(shorten("no \"end"), "no \"end");
    }

    #[test]
    fn what_is_long_without_quotes_is_cut_at_its_end() {
        assert_eq!(
            shorten(&"1".repeat(500)),
            format!("{}… (500 bytes)", "1".repeat(400))
        );
    }

    #[test]
    fn long_rows_of_bytes_are_cut() {
        let bytes = format!("70144 bytes: {}…", "0a ".repeat(48));
        assert_eq!(
            shorten_bytes(&bytes),
            format!("70144 bytes: {}…", "0a ".repeat(16))
        );
    }
}
