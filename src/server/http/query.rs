//! The connect params in a query, as `Plug.Conn.Query.decode` reads them: the last of equal keys counts, and
//! `a[b]` or `a[]` make a value that is not a string.

use percent_encoding::percent_decode_str;

/// One param.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Param {
    /// `key=value`, or a key alone, which has the value "".
    Text(String),
    /// `key[]=value` or `key[inner]=value`: a list or a map.
    Nested,
}

/// The query is not UTF-8: Plug raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The value of a key.
pub(crate) fn param(query: &str, wanted: &str) -> Result<Option<Param>, Malformed> {
    let mut found = None;
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let (key, value) = (decode(key)?, decode(value)?);
        let Some(rest) = key.strip_prefix(wanted) else {
            continue;
        };
        match rest {
            "" => found = Some(Param::Text(value)),
            _ if rest.starts_with('[') && rest.ends_with(']') => found = Some(Param::Nested),
            _ => {}
        }
    }
    Ok(found)
}

/// `+` is a blank, `%41` an A; a `%` without two hexadecimal digits is itself.
fn decode(text: &str) -> Result<String, Malformed> {
    let blanks = text.replace('+', " ");
    let decoded = percent_decode_str(&blanks).decode_utf8().map_err(|_| Malformed)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Result<Option<Param>, Malformed> {
        Ok(Some(Param::Text(value.to_owned())))
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        assert_eq!(param("vsn=1.0.0&vsn=2.0.0", "vsn"), text("2.0.0"));
    }

    #[test]
    fn a_key_alone_has_an_empty_value() {
        assert_eq!(param("token&vsn=2.0.0", "token"), text(""));
    }

    #[test]
    fn percent_and_plus_are_decoded() {
        assert_eq!(param("t%6Fken=a%20b+c", "token"), text("a b c"));
    }

    #[test]
    fn brackets_make_lists_and_maps() {
        assert_eq!(param("vsn[]=2.0.0", "vsn"), Ok(Some(Param::Nested)));
        assert_eq!(param("vsn[a]=2.0.0", "vsn"), Ok(Some(Param::Nested)));
        assert_eq!(param("vsnx=2.0.0", "vsn"), Ok(None));
    }

    #[test]
    fn half_a_percent_sign_is_itself() {
        assert_eq!(param("vsn=%4", "vsn"), text("%4"));
        assert_eq!(param("a=%zz&vsn=%", "vsn"), text("%"));
    }

    #[test]
    fn what_is_no_utf_8_raises() {
        assert_eq!(param("a=%ff", "vsn"), Err(Malformed));
    }
}
