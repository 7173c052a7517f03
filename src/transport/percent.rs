//! Percent-encoding of paths and queries.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is encoded: everything but the unreserved characters of RFC 3986. Brackets stay, as Phoenix reads them as lists.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'[')
    .remove(b']');

/// Encodes the characters that have a meaning of their own in a path or a query.
pub fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Appends the encoded text; it allocates nothing of its own.
pub(crate) fn push_percent_encoded(text: &str, out: &mut String) {
    out.extend(utf8_percent_encode(text, ENCODED));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_list_and_the_unreserved_characters_stay() {
        assert_eq!(percent_encoded("a[b-c_d.e~9]"), "a[b-c_d.e~9]");
        assert_eq!(percent_encoded("a b&c=d/%é"), "a%20b%26c%3Dd%2F%25%C3%A9");
    }
}
