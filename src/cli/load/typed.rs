//! Formats the command line for reports, without secrets.

use std::ffi::OsString;

use super::super::quoting::quoted;
use crate::record::is_secret_name;

/// Replaces a secret in the printed command line.
const HIDDEN: &str = "…";

/// The command line in one line.
pub(in super::super) fn command_line(args: impl IntoIterator<Item = OsString>) -> String {
    let args = args
        .into_iter()
        .skip(1)
        .map(|it| it.to_string_lossy().into_owned());
    let mut line = "phxproof".to_owned();
    for arg in args {
        line.push(' ');
        line.push_str(&quoted(&without_secrets(&arg)));
    }
    line
}

/// An argument without its secrets: the values of names that sound secret, as in `token=abc`, `Authorization:
/// abc` and `{"token": "abc"}`, the query and the user of a URL, and what looks like a signed token.
fn without_secrets(arg: &str) -> String {
    if let Some((scheme, rest)) = arg.split_once("://")
        && let Some((user, place)) = rest.split_once('@')
        && !user.contains(['/', ' ', '"'])
    {
        return format!("{scheme}://{HIDDEN}@{place}");
    }
    if let Some((url, _)) = arg.split_once('?').filter(|(url, _)| url.contains("://")) {
        return format!("{url}?{HIDDEN}");
    }
    if let Some(json) = hidden_in_json(arg) {
        return json;
    }
    if let Some((flag, rest)) = arg
        .split_once('=')
        .filter(|(flag, _)| flag.starts_with("--") && is_name(flag))
    {
        return format!("{flag}={}", without_secrets(rest));
    }
    if let Some((name, value)) = arg.split_once(": ").filter(|(name, _)| is_name(name)) {
        let hidden = if is_secret(name) || looks_signed(value) {
            HIDDEN
        } else {
            value
        };
        return format!("{name}: {hidden}");
    }
    let words = arg.split(' ').map(|word| match word.split_once('=') {
        Some((flag, rest)) if flag.starts_with("--") => format!("{flag}={}", without_secrets(rest)),
        Some((name, value)) if is_name(name) && (is_secret(name) || looks_signed(value)) => {
            format!("{name}={HIDDEN}")
        }
        Some(_) => word.to_owned(),
        None if looks_signed(word) => HIDDEN.to_owned(),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The same for `{…}` and `EVENT={…}`; nothing if it is neither.
fn hidden_in_json(arg: &str) -> Option<String> {
    let begin = arg.find('{')?;
    let (before, json) = arg.split_at(begin);
    let mut value = serde_json::from_str(json).ok()?;
    hide(&mut value);
    Some(format!("{before}{value}"))
}

fn hide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                if is_secret(name) && !value.is_object() && !value.is_array() {
                    *value = HIDDEN.into();
                } else {
                    hide(value);
                }
            }
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide),
        serde_json::Value::String(text) if looks_signed(text) => HIDDEN.clone_into(text),
        _ => {}
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// Whether what has this name is a secret. Beside the names of which a recording knows that, this is any key: in a recording
/// that is often the name of a member, on the command line mostly a key to an API.
fn is_secret(name: &str) -> bool {
    is_secret_name(name) || name.to_ascii_lowercase().contains("key")
}

/// Whether it looks like a signed token: long, made of base64 characters, with or without dots.
fn looks_signed(value: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "-_.=+".contains(c);
    let mixed =
        value.contains(|c: char| c.is_ascii_digit()) && value.contains(|c: char| c.is_ascii_uppercase());
    value.len() >= 24 && mixed && !value.contains("://") && value.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(args: &[&str]) -> String {
        command_line(["phxproof"].iter().chain(args).map(OsString::from))
    }

    #[test]
    fn what_is_secret_is_not_told() {
        let signed = "SFMyNTY.g2gDYQFuBgC1x2RbjAFiAAFRgA.Xy7";
        let shown = [
            told(&["load", "echo", "--param", "token=abc", "--param=user_token=abc"]),
            told(&["--header", "Authorization: Bearer abc", "--header", "X-Trace: 1"]),
            told(&["--header=Authorization: Bearer abc", "--header=X-Trace: 1 2"]),
            told(&["--param", &format!("t={signed}"), "--param", "locale=en"]),
            told(&["--join-params", r#"{"token":"abc","room":{"api_key":1,"n":2}}"#]),
            told(&["--push", &format!(r#"ping={{"a":"{signed}"}}"#)]),
            told(&["--exec", "SECRET_KEY_BASE=abc PORT=4000 exec mix phx.server"]),
            told(&["--target", "ws://h/socket/websocket?token=abc"]),
            told(&["--proxy", "http://me:abc@h:1", "--proxy=http://me:abc@h:1"]),
        ];
        let said = shown.join("\n");
        assert!(!said.contains("abc") && !said.contains(signed), "{said}");
        insta::assert_snapshot!(said);
    }

    #[test]
    fn what_is_not_secret_is_told_as_it_was_typed() {
        let line = [
            "load",
            "echo=3",
            "rumbl=1",
            "--target",
            "ws://127.0.0.1:4000/socket",
            "--objective",
            "reply.p99<50ms",
            "--out",
            "reports/load-20261128T140000Z",
        ];
        assert_eq!(
            told(&line),
            "phxproof load echo=3 rumbl=1 --target ws://127.0.0.1:4000/socket --objective 'reply.p99<50ms' --out reports/load-20261128T140000Z"
        );
    }
}
