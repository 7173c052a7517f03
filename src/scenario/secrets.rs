//! Hides values from the environment in everything that is shown or written.

use std::borrow::Cow;

use serde_json::Value;

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
            let in_json = Value::from(value.as_str()).to_string();
            let in_json = in_json[1..in_json.len() - 1].to_owned();
            for form in [
                value.clone(),
                in_json,
                percent_encoded(value),
                percent_encoded(value).replace("%20", "+"),
            ] {
                if !forms.iter().any(|(known, _)| *known == form) {
                    forms.push((form, format!("{{{{{name}}}}}")));
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
        text
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
        ] {
            let hidden = secrets.hidden(text);
            assert!(
                hidden.contains("{{env.PASSWORD}}") && !hidden.contains('b'),
                "{text}: {hidden}"
            );
        }
        assert_eq!(secrets.hidden("nothing"), "nothing");
    }
}
