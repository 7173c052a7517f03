//! Compares values of HTTP headers by what they mean: lists by their members, media types by their parameters.

/// Headers whose value is a list whose order means nothing, and whose members are compared without regard to case.
const LISTS: [&str; 6] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "vary",
];

/// Headers whose value is a media type.
const MEDIA_TYPES: [&str; 1] = ["content-type"];

/// Whether the values of all headers of this name say what is expected. A list must have the expected members and may have
/// more; of any other header one value must be the expected one.
pub fn says(name: &str, expected: &str, values: &[&str]) -> bool {
    let is_one_of = |names: &[&str]| names.iter().any(|it| it.eq_ignore_ascii_case(name));
    if is_one_of(&LISTS) {
        let found: Vec<String> = values.iter().flat_map(|value| members(value, ',')).collect();
        return !values.is_empty() && members(expected, ',').all(|member| found.contains(&member));
    }
    if is_one_of(&MEDIA_TYPES) {
        let expected = media_type(expected);
        return values.iter().any(|value| media_type(value) == expected);
    }
    values.iter().any(|value| value.trim() == expected.trim())
}

/// The members of a list in lower case, without the blanks around them and the quotes around their values.
fn members(value: &str, separator: char) -> impl Iterator<Item = String> {
    let mut is_quoted = false;
    let parts = value.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == separator && !is_quoted
    });
    parts.map(member).filter(|member| !member.is_empty())
}

fn member(text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    match text.split_once('=') {
        None => text,
        Some((name, value)) => {
            let value = value.trim();
            let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            format!("{}={}", name.trim(), bare.unwrap_or(value))
        }
    }
}

/// The parts of a media type: the type first, then its parameters in the order of their names.
fn media_type(value: &str) -> Vec<String> {
    let mut parts: Vec<String> = members(value, ';').collect();
    if let Some((_, parameters)) = parts.split_first_mut() {
        parameters.sort_unstable();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_its_members_in_any_order_and_maybe_more() {
        let methods = |values: &[&str]| says("Access-Control-Allow-Methods", "get, post, options", values);
        assert!(methods(&["get, post, options"]));
        assert!(methods(&["OPTIONS,GET , POST,put"]));
        assert!(methods(&["get", "post,,options"]));
        assert!(!methods(&["get, post"]));
        assert!(!methods(&[]));
        assert!(says(
            "cache-control",
            "no-store",
            &["max-age=0, private", "No-Store"]
        ));
        assert!(!says(
            "cache-control",
            "no-store",
            &["max-age=0, private, must-revalidate"]
        ));
        assert!(!says("cache-control", "no-store", &["no-cache=\"a, no-store\""]));
        assert!(says("vary", "origin", &["accept-encoding, Origin"]));
        assert!(!says("vary", "", &[]));
    }

    #[test]
    fn a_media_type_is_compared_without_blanks_case_and_quotes() {
        let json = |value: &str| says("Content-Type", "application/json; charset=utf-8", &[value]);
        for same in [
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "Application/JSON ; Charset=\"utf-8\"",
        ] {
            assert!(json(same), "{same}");
        }
        for other in [
            "application/json",
            "text/plain; charset=utf-8",
            "application/json; charset=latin1",
        ] {
            assert!(!json(other), "{other}");
        }
        assert!(says("content-type", "a/b; c=1; d=2", &["a/b; d=2; c=1"]));
    }

    #[test]
    fn any_other_value_is_compared_letter_for_letter() {
        assert!(says("x-one", "a, b", &["c", " a, b "]));
        assert!(!says("x-one", "a, b", &["b, a"]));
        assert!(!says("access-control-allow-origin", "*", &["https://a.test"]));
    }
}
