//! Connect params: which of them take the place of others, and how they are written as a query.

use percent_encoding::percent_decode_str;

use super::percent::percent_encoded;

/// Puts params in the place of those of the same name, or behind all others; nothing as a value only takes one away. A
/// list `a[]` also takes the place of `a`, as a server can't read both.
pub fn replace_params<V>(params: &mut Vec<(String, V)>, by: impl IntoIterator<Item = (String, Option<V>)>) {
    for (key, value) in by {
        params.retain(|(known, _)| !takes_the_place_of(&key, known));
        params.extend(value.map(|value| (key, value)));
    }
}

/// Whether a server can read only one of two params: they have the same name, or this one is a list with the name of the
/// other.
fn takes_the_place_of(key: &str, other: &str) -> bool {
    key == other || key.strip_suffix("[]") == Some(other)
}

/// The params as a query, with its question mark; empty without params. `write` says how a value is written.
pub fn query(params: &[(String, String)], write: impl Fn(&str, &str) -> String) -> String {
    let pairs: Vec<String> = params
        .iter()
        .map(|(key, value)| format!("{}={}", percent_encoded(key), write(key, value)))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("?{}", pairs.join("&"))
    }
}

/// The path with these params added to its query, except those that it names itself.
pub fn with_params(path_and_query: &str, params: &[(String, String)]) -> String {
    let own: Vec<_> = path_and_query
        .split_once('?')
        .map_or("", |(_, query)| query)
        .split('&')
        .map(|pair| pair.split_once('=').map_or(pair, |(key, _)| key))
        .map(|key| {
            percent_decode_str(&key.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned()
        })
        .collect();
    let is_named = |key: &str| {
        own.iter()
            .any(|own| takes_the_place_of(own, key) || takes_the_place_of(key, own))
    };
    let mut path_and_query = path_and_query.to_owned();
    for (key, value) in params.iter().filter(|(key, _)| !is_named(key)) {
        path_and_query.push(if path_and_query.contains('?') { '&' } else { '?' });
        path_and_query.extend([&percent_encoded(key), "=", &percent_encoded(value)]);
    }
    path_and_query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_gets_the_params_that_it_does_not_name() {
        let params = [("token", "a b"), ("x[]", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(with_params("/a", &params), "/a?token=a%20b&x[]=1");
        assert_eq!(with_params("/a?token=c&x", &params), "/a?token=c&x");
        assert_eq!(with_params("/a?x%5b%5d=", &params), "/a?x%5b%5d=&token=a%20b");
        assert_eq!(with_params("/a?x=", &params), "/a?x=&token=a%20b");
        assert_eq!(with_params("/a?token[]=1", &params), "/a?token[]=1&x[]=1");
        assert_eq!(with_params("/a?b", &[]), "/a?b");
    }

    #[test]
    fn what_is_said_later_takes_the_place_of_what_was_said_before() {
        let of = |pairs: &[(&str, u8)]| -> Vec<(String, u8)> {
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), *value))
                .collect()
        };
        let mut params = of(&[("vsn", 2), ("a", 1), ("b[]", 1), ("b[]", 2)]);
        replace_params(&mut params, [("c".to_owned(), Some(3)), ("vsn".to_owned(), None)]);
        assert_eq!(params, of(&[("a", 1), ("b[]", 1), ("b[]", 2), ("c", 3)]));
        replace_params(
            &mut params,
            [("a[]".to_owned(), Some(4)), ("b[]".to_owned(), Some(5))],
        );
        assert_eq!(params, of(&[("c", 3), ("a[]", 4), ("b[]", 5)]));
    }
}
