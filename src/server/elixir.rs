//! JSON values with the semantics of Elixir: what is true, what access by key gives or raises, which of two is greater.
//! The channels of the application use them, so that they read like their Elixir twins, and fail where those do.

use std::time::Duration;

use crate::protocol::json;

use super::payload::{Body, In};

#[cfg(test)]
mod tests;

/// The longest time that a timer takes, 292 years; the runtime counts nanoseconds in 64 bits.
const LONGEST_TIMER_MS: u64 = i64::MAX.unsigned_abs() / 1_000_000;

/// An exception: the callback ends here, and the channel with it. The text is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Raised(pub(crate) String);

/// A payload, or a value within one. The texts are JSON.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Term<'a> {
    /// `nil`: `null`, or no such key.
    Nil,
    /// `true` and `false`
    Boolean(bool),
    /// A number without a fraction and an exponent, of any size.
    Integer(&'a str),
    /// Any other number.
    Float(&'a str),
    /// A string, with its quotes.
    String(&'a str),
    /// A list.
    List(&'a str),
    /// A map.
    Map(&'a str),
    /// `{:binary, data}`
    Binary(&'a [u8]),
}

impl<'a> Term<'a> {
    /// The value of a payload.
    pub(crate) fn of(payload: In<'a>) -> Self {
        match payload {
            In::Json(text) => Self::of_json(text),
            In::Binary(data) => Self::Binary(data),
        }
    }

    /// The value of a JSON text that is known to be well-formed.
    pub(crate) fn of_json(text: &'a str) -> Self {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        match text.as_bytes().first() {
            Some(b'{') => Self::Map(text),
            Some(b'[') => Self::List(text),
            Some(b'"') => Self::String(text),
            Some(b't') => Self::Boolean(true),
            Some(b'f') => Self::Boolean(false),
            Some(b'-' | b'0'..=b'9') if text.contains(['.', 'e', 'E']) => Self::Float(text),
            Some(b'-' | b'0'..=b'9') => Self::Integer(text),
            _ => Self::Nil,
        }
    }

    /// `term[key]`: of `nil` it is `nil`.
    ///
    /// # Errors
    /// Anything else than a map raises.
    pub(crate) fn access(self, key: &str) -> Result<Self, Raised> {
        match self {
            Self::Map(object) => Ok(json::get(object, key).map_or(Self::Nil, Term::of_json)),
            Self::Nil => Ok(Self::Nil),
            other => Err(Raised(format!(
                "no access by the key `{key}` to {}",
                other.kind()
            ))),
        }
    }

    /// `Map.get(term, key)`; `None` where the map has no such key.
    ///
    /// # Errors
    /// Anything else than a map raises, `nil` too.
    pub(crate) fn map_get(self, key: &str) -> Result<Option<Self>, Raised> {
        match self {
            Self::Map(object) => Ok(json::get(object, key).map(Term::of_json)),
            other => Err(Raised(format!("expected a map, got {}", other.kind()))),
        }
    }

    /// The value that the pattern `%{key => value}` binds in the head of `handle_in(event, …)`.
    ///
    /// # Errors
    /// Without such a key no clause matches.
    pub(crate) fn matched(self, key: &str, event: &str) -> Result<Self, Raised> {
        match self.map_get(key) {
            Ok(Some(value)) => Ok(value),
            Ok(None) | Err(_) => Err(no_clause(event)),
        }
    }

    /// What `if` and `||` go by: only `nil` and `false` are false.
    pub(crate) fn truthy(self) -> Option<Self> {
        (!matches!(self, Self::Nil | Self::Boolean(false))).then_some(self)
    }

    /// The time that `Process.sleep` sleeps: as long as you like.
    ///
    /// # Errors
    /// Anything but an integer that is not negative raises.
    pub(crate) fn sleep_ms(self) -> Result<Duration, Raised> {
        self.whole_ms()
            .map(Duration::from_millis)
            .ok_or_else(|| Raised(format!("no sleep lasts {}", self.kind())))
    }

    /// The time after which a timer fires. (`:timer.send_interval` returns the error, `Process.send_after` raises it.)
    ///
    /// # Errors
    /// Anything but an integer that is no longer than the runtime can count.
    pub(crate) fn timer_ms(self) -> Result<Duration, Raised> {
        let ms = self.whole_ms().filter(|&ms| ms <= LONGEST_TIMER_MS);
        ms.map(Duration::from_millis)
            .ok_or_else(|| Raised(format!("no timer lasts {}", self.kind())))
    }

    /// An integer that is not negative; the longest time there is for one that is longer.
    fn whole_ms(self) -> Option<u64> {
        match self {
            Self::Integer("-0") => Some(0),
            Self::Integer(digits) if !digits.starts_with('-') => Some(digits.parse().unwrap_or(u64::MAX)),
            _ => None,
        }
    }

    /// The text, if it is a string.
    pub(crate) fn text(self) -> Option<String> {
        match self {
            Self::String(raw) => json::unescape(raw).ok().map(|text| text.into_owned()),
            _ => None,
        }
    }

    /// The greatest 64-bit integer that is not greater than this in Erlang's order of terms, where numbers come before
    /// everything else: an integer is greater than this if it is greater than that.
    pub(crate) fn floor(self) -> i64 {
        match self {
            Self::Integer(digits) => digits.parse().unwrap_or(limit(digits)),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a cast to the nearest integer that there is"
            )]
            Self::Float(digits) => digits
                .parse()
                .map_or(limit(digits), |float: f64| float.floor() as i64),
            _ => i64::MAX,
        }
    }

    /// As Jason writes it.
    pub(crate) fn body(self) -> Body {
        match self {
            Self::Binary(data) => Body::Binary(data.into()),
            other => Body::Json(other.json().into()),
        }
    }

    /// As Jason writes it; a binary is none of what Jason can write, and no channel asks.
    pub(crate) fn json(self) -> String {
        let mut json = String::new();
        self.push_json(&mut json);
        json
    }

    fn push_json(self, out: &mut String) {
        match self {
            Self::Nil | Self::Binary(_) => out.push_str("null"),
            Self::Boolean(value) => out.push_str(if value { "true" } else { "false" }),
            Self::Integer(text)
            | Self::Float(text)
            | Self::String(text)
            | Self::List(text)
            | Self::Map(text) => {
                // It was checked when it came; if it was not, it is no worse as it is.
                if json::normalise(text, out).is_err() {
                    out.push_str(text);
                }
            }
        }
    }

    fn kind(self) -> String {
        match self {
            Self::Nil => "nil".to_owned(),
            Self::Boolean(value) => value.to_string(),
            Self::Integer(digits) | Self::Float(digits) => digits.to_owned(),
            Self::String(_) => "a string".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a map".to_owned(),
            Self::Binary(_) => "a binary".to_owned(),
        }
    }
}

/// `no function clause matching in handle_in/3`
pub(crate) fn no_clause(event: &str) -> Raised {
    Raised(format!(
        "no function clause matching in handle_in/3 for `{event}`"
    ))
}

/// `String.to_integer`, as the decimal text of the integer: a sign and digits, nothing else, of any length.
///
/// # Errors
/// If it is no integer.
pub(crate) fn string_to_integer(text: &str) -> Result<String, Raised> {
    let (sign, digits) = match text.split_at_checked(1) {
        Some(("-", digits)) => ("-", digits),
        Some(("+", digits)) => ("", digits),
        _ => ("", text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Raised(format!(
            "not a textual representation of an integer: `{text}`"
        )));
    }
    match digits.trim_start_matches('0') {
        "" => Ok("0".to_owned()),
        digits => Ok(format!("{sign}{digits}")),
    }
}

/// A text as a JSON string.
pub(crate) fn quote(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    json::push_string(text, &mut json);
    json
}

/// The end of the 64-bit integers on whose side a number lies that is not between them.
fn limit(digits: &str) -> i64 {
    if digits.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    }
}
