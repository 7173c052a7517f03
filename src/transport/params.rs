//! Connect params: which of them take the place of others, and how they are written as a query.

use super::percent::percent_encoded;

/// Puts params in the place of those of the same name, or behind all others; nothing as a value only takes one away. A
/// list `a[]` also takes the place of `a`, as a server can't read both.
pub fn replace_params<V>(params: &mut Vec<(String, V)>, by: impl IntoIterator<Item = (String, Option<V>)>) {
    for (key, value) in by {
        params.retain(|(known, _)| *known != key && Some(known.as_str()) != key.strip_suffix("[]"));
        params.extend(value.map(|value| (key, value)));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

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
