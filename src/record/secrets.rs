//! Finds values that must not be in a file, such as tokens and passwords, by their names or by how they look, and gives them names.

use serde_json::Value;

use crate::scenario::write::Piece;

/// Parts of names of params, headers and members that hold secrets; compared without case, `-` and `_`. So is `auth`, except
/// in `author`.
const SECRET_NAMES: [&str; 17] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "authorization",
    "credential",
    "cookie",
    "session",
    "jwt",
    "bearer",
    "signature",
    "secwebsocketprotocol",
    "csrf",
];
/// Whole names of that kind.
const SECRET_WORDS: [&str; 3] = ["pin", "otp", "pwd"];

/// A text of this length that mixes letters and digits, without blanks, is taken for a token.
const SHORTEST_TOKEN: usize = 24;
/// The shortest secret that is also looked for within longer texts.
const SHORTEST_WITHIN: usize = 6;

/// A value that is replaced by a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    /// The name of the variable.
    pub(super) name: String,
    pub(super) value: String,
    /// The place where it was found, for the head of the file.
    pub(super) found: String,
}

/// The secrets of a recording.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    pub(super) all: Vec<Secret>,
}

/// Whether what has this name is a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_ascii_lowercase();
    SECRET_WORDS.contains(&plain.as_str())
        || SECRET_NAMES.iter().any(|part| plain.contains(part))
        || plain.replace("author", "").contains("auth")
}

/// Whether a text looks like a token, whatever its name: a JWT, a `Phoenix.Token`, or a long text of letters and digits.
pub(super) fn looks_like_token(text: &str) -> bool {
    let is_token_letter = |c: char| c.is_ascii_alphanumeric() || "-_.=+/~".contains(c);
    if text.len() < SHORTEST_TOKEN || !text.chars().all(is_token_letter) {
        return false;
    }
    let parts: Vec<&str> = text.split('.').collect();
    let is_signed = parts.len() == 3 && parts.iter().all(|part| part.len() >= 4) && text.len() >= 40;
    let has = |is: fn(&char) -> bool| text.chars().filter(is).count();
    let (upper, lower) = (has(char::is_ascii_uppercase), has(char::is_ascii_lowercase));
    let digits = has(char::is_ascii_digit);
    is_signed || (digits >= 2 && upper >= 2 && lower >= 2 && !text.contains('/')) || is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.len() >= 32
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether the value under this name is a secret.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    !value.is_empty() && (is_secret_name(name) || looks_like_token(value))
}

impl Secrets {
    /// Keeps a secret that was found under `name`, sent by this actor; `found` says where.
    pub(super) fn keep(&mut self, name: &str, value: &str, actor: &str, found: String) {
        if self.all.iter().any(|known| known.value == value) {
            return;
        }
        let plain = variable_name(name);
        let taken = |wanted: &str| self.all.iter().any(|known| known.name == wanted);
        let mut free = [plain.clone(), format!("{actor}_{plain}")]
            .into_iter()
            .chain((2..).map(|number| format!("{actor}_{plain}_{number}")));
        // The numbers do not end.
        let name = free.find(|wanted| !taken(wanted)).unwrap_or(plain);
        self.all.push(Secret {
            name,
            value: value.to_owned(),
            found,
        });
    }

    /// Keeps the secrets of a JSON value.
    pub(super) fn keep_in(&mut self, name: &str, value: &Value, actor: &str, found: &dyn Fn(&str) -> String) {
        match value {
            Value::String(text) if is_secret(name, text) => self.keep(name, text, actor, found(name)),
            Value::Array(items) => {
                for item in items {
                    self.keep_in(name, item, actor, found);
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.keep_in(name, value, actor, found);
                }
            }
            _ => {}
        }
    }

    /// The values by their names.
    pub(super) fn values(&self) -> Vec<(String, String)> {
        let pair = |secret: &Secret| (secret.name.clone(), secret.value.clone());
        self.all.iter().map(pair).collect()
    }

    /// The pieces of a text: what is no secret, and the names of the secrets between.
    pub(super) fn split<'t>(&self, text: &'t str) -> Vec<Piece<'t>> {
        if let Some(secret) = self.all.iter().find(|secret| secret.value == text) {
            return vec![Piece::Name(secret.name.clone())];
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, secret)) = self.first_in(rest) {
            if at > 0 {
                pieces.push(Piece::Text(&rest[..at]));
            }
            pieces.push(Piece::Name(secret.name.clone()));
            rest = &rest[at + secret.value.len()..];
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest));
        }
        pieces
    }

    fn first_in(&self, text: &str) -> Option<(usize, &Secret)> {
        let long = self
            .all
            .iter()
            .filter(|secret| secret.value.len() >= SHORTEST_WITHIN);
        let found = long.filter_map(|secret| Some((text.find(&secret.value)?, secret)));
        found.min_by_key(|(at, secret)| (*at, std::cmp::Reverse(secret.value.len())))
    }
}

/// A name as variables have it: lower case, letters, digits and `_`.
pub(super) fn variable_name(name: &str) -> String {
    let mut plain = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => plain.push(c.to_ascii_lowercase()),
            _ if plain.ends_with('_') || plain.is_empty() => {}
            _ => plain.push('_'),
        }
    }
    let plain = plain.trim_end_matches('_');
    match plain.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => plain.to_owned(),
        _ => format!("value_{plain}").trim_end_matches('_').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_known_by_name_or_by_how_they_look() {
        for name in [
            "token",
            "userToken",
            "X-Api-Key",
            "_csrf_token",
            "Authorization",
            "x-auth",
            "oauth_code",
            "pwd",
            "passWord",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["room", "user_id", "key", "keyboard", "name", "at", "author"] {
            assert!(!is_secret_name(name), "{name}");
        }
        for text in [
            "SFMyNTY.g2gDbQAAAAVhbGljZW4GAJ.Xw4zhhyZvElfC3503TaTcFOR86r",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
            "d41d8cd98f00b204e9800998ecf8427e",
            "Zx81kLmN0pQr5TuV2wXy7AbC",
        ] {
            assert!(looks_like_token(text), "{text}");
        }
        for text in [
            "a sentence with 24 letters or More 12",
            "lab:123456789012345678901234567890",
            "https://example.com/Some/Path/42/And/More",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(!looks_like_token(text), "{text}");
        }
    }

    #[test]
    fn a_secret_gets_a_name_and_is_found_within_other_texts() {
        let mut secrets = Secrets::default();
        let payload = json!({"user": {"token": "abcdef"}, "tokens": ["second"], "n": 1});
        secrets.keep_in("", &payload, "ana", &|name| format!("`{name}` of a join"));
        secrets.keep_in("", &json!({"token": "third!"}), "bea", &|name| name.to_owned());
        let names: Vec<_> = secrets.all.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["tokens", "token", "bea_token"]);
        assert_eq!(
            secrets.split("Bearer abcdef, third!"),
            [
                Piece::Text("Bearer "),
                Piece::Name("token".to_owned()),
                Piece::Text(", "),
                Piece::Name("bea_token".to_owned())
            ]
        );
        assert_eq!(secrets.split("plain"), [Piece::Text("plain")]);
    }

    #[test]
    fn names_of_variables_are_plain() {
        assert_eq!(variable_name("X-Api-Key"), "x_api_key");
        assert_eq!(variable_name("_csrf token"), "csrf_token");
        assert_eq!(variable_name("2fa"), "value_2fa");
        assert_eq!(variable_name(""), "value");
    }
}
