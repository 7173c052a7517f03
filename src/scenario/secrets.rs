//! Hides values from the environment in everything that is shown or written.

use std::borrow::Cow;

use serde_json::Value;

use super::template::Filter;
use crate::transport::{Response, percent_encoded};

/// A shorter value cannot be told from the rest of a text.
pub(crate) const SHORTEST: usize = 4;

/// The values from the environment, in each form in which they may come back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets {
    /// Each form and the text that stands in its place; longer forms come first.
    forms: Vec<(String, String)>,
}

impl Secrets {
    /// Those with these names and values.
    pub(crate) fn of(values: &[(String, String)]) -> Self {
        let mut forms: Vec<(String, String)> = Vec::new();
        for (name, value) in values {
            let changed = Filter::OneByteChanged.apply(value);
            let shown = format!("{{{{{name}}}}}");
            let shown_changed = format!("{{{{{name}, one byte changed}}}}");
            for (value, shown) in [(value, shown), (&changed, shown_changed)] {
                for form in forms_of(value) {
                    if !forms.iter().any(|(known, _)| *known == form) {
                        forms.push((form, shown.clone()));
                    }
                }
            }
        }
        forms.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        Self { forms }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    /// The text with the names of the secrets in their places.
    pub(crate) fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (form, shown) in &self.forms {
            if text.contains(form.as_str()) {
                text = Cow::Owned(text.replace(form.as_str(), shown));
            }
        }
        match self.without_cut_ones(&text) {
            Some(hidden) => Cow::Owned(hidden),
            None => text,
        }
    }

    /// The text without the begins of secrets that stand before `…`, where an error was shortened; none if there are none.
    fn without_cut_ones(&self, text: &str) -> Option<String> {
        let mut pieces: Vec<&str> = text.split(CUT).collect();
        let behind_last_cut = pieces.pop()?;
        let mut hidden = String::new();
        let mut found = false;
        for piece in pieces {
            match self
                .forms
                .iter()
                .find_map(|(form, shown)| Some((cut_form(form, piece)?, shown)))
            {
                Some((before, shown)) => {
                    found = true;
                    hidden.extend([before, shown]);
                }
                None => hidden.push_str(piece),
            }
            hidden.push(CUT);
        }
        hidden.push_str(behind_last_cut);
        found.then_some(hidden)
    }

    /// Bytes in which stars stand in the place of the secrets. The bytes keep their number, so that a binary message can still be
    /// decoded.
    pub(crate) fn hidden_in_bytes(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut hidden: Option<Vec<u8>> = None;
        for (form, _) in &self.forms {
            let windows = hidden.as_deref().unwrap_or(bytes).windows(form.len());
            let found: Vec<usize> = (0..)
                .zip(windows)
                .filter(|(_, window)| *window == form.as_bytes())
                .map(|(at, _)| at)
                .collect();
            for at in found {
                hidden.get_or_insert_with(|| bytes.to_vec())[at..at + form.len()].fill(b'*');
            }
        }
        hidden
    }

    /// The same for the headers and the body of an answer.
    pub(crate) fn hide_in(&self, response: &mut Response) {
        for (_, value) in &mut response.headers {
            *value = self.hidden(value).into_owned();
        }
        let body = String::from_utf8_lossy(&response.body);
        if let Cow::Owned(hidden) = self.hidden(&body) {
            response.body = hidden.into_bytes();
        }
    }
}

/// A value in each form in which it may come back.
fn forms_of(value: &str) -> [String; 5] {
    let in_json = Value::from(value).to_string();
    [
        value.to_owned(),
        in_json[1..in_json.len() - 1].to_owned(),
        in_page(value),
        percent_encoded(value),
        percent_encoded(value).replace("%20", "+"),
    ]
}

/// The mark of a shortened text.
const CUT: char = '…';

/// The text before the begin of a form at the end of `piece`; none if the form does not begin there.
fn cut_form<'p>(form: &str, piece: &'p str) -> Option<&'p str> {
    let begins = form.char_indices().rev().map(|(at, _)| &form[..at]);
    begins
        .take_while(|begin| begin.chars().count() >= SHORTEST)
        .find_map(|begin| piece.strip_suffix(begin))
}

/// A text as pages show it (`Plug.HTML`).
fn in_page(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_a_secret_is_hidden() {
        let secrets = Secrets::of(&[("env.PASSWORD".to_owned(), "a \"b\"&c".to_owned())]);
        for text in [
            "x a \"b\"&c y",
            r#"["a \"b\"&c"]"#,
            "/?p=a%20%22b%22%26c",
            "p=a+%22b%22%26c",
            "<p>a &quot;b&quot;&amp;c</p>",
        ] {
            let hidden = secrets.hidden(text);
            assert!(
                hidden.contains("{{env.PASSWORD}}") && !hidden.contains('b'),
                "{text}: {hidden}"
            );
        }
        assert_eq!(secrets.hidden("nothing"), "nothing");
    }

    #[test]
    fn the_begin_of_a_secret_in_a_shortened_text_is_hidden() {
        let secrets = Secrets::of(&[("env.KEY".to_owned(), "open-sesame".to_owned())]);
        for (text, hidden) in [
            ("key=open-ses…", "key={{env.KEY}}…"),
            ("a… b open…", "a… b {{env.KEY}}…"),
            ("key=ope…", "key=ope…"),
            ("open… (9 bytes)", "{{env.KEY}}… (9 bytes)"),
        ] {
            assert_eq!(secrets.hidden(text), hidden);
        }
    }

    #[test]
    fn a_secret_with_one_byte_changed_is_hidden_too() {
        let secrets = Secrets::of(&[("env.KEY".to_owned(), "open-sesame".to_owned())]);
        let changed = Filter::OneByteChanged.apply("open-sesame");
        assert_eq!(secrets.hidden(&changed), "{{env.KEY, one byte changed}}");
    }

    #[test]
    fn a_secret_in_bytes_becomes_stars() {
        let secrets = Secrets::of(&[("env.KEY".to_owned(), "open".to_owned())]);
        let hidden = secrets.hidden_in_bytes(b"\xff\x04opennews\xff");
        assert_eq!(hidden.as_deref(), Some(&b"\xff\x04****news\xff"[..]));
        assert_eq!(secrets.hidden_in_bytes(b"\xffnews"), None);
    }
}
