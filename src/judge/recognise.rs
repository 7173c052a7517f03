//! Recognises a client across its connections, by what its request says.

use percent_encoding::percent_decode_str;

use crate::protocol::Vsn;

/// The connect param that names a client.
const NAME: &str = "client";
/// The names of the connect params that differ between connections of one client.
const NOT_ITS_OWN: [&str; 1] = ["vsn"];

/// The mark that tells a client from others: its name, or all of its connect params and its user agent.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum ClientKey {
    /// The connect param `client`.
    Named(String),
    /// The rest of the query, and the user agent.
    Unnamed {
        /// Without the vsn.
        query: String,
        /// The header.
        agent: String,
    },
}

impl ClientKey {
    /// The key of a request with this query and this user agent.
    pub(super) fn new(query: &str, agent: &str) -> Self {
        if let Some(name) = param(query, NAME).filter(|name| !name.is_empty()) {
            return Self::Named(name);
        }
        let own = query
            .split('&')
            .filter(|pair| !NOT_ITS_OWN.contains(&pair.split('=').next().unwrap_or_default()));
        Self::Unnamed {
            query: own.collect::<Vec<_>>().join("&"),
            agent: agent.to_owned(),
        }
    }
}

/// The serializer that a query asks for; an error with what it asks for instead.
pub(super) fn vsn(query: &str) -> Result<Vsn, String> {
    match param(query, "vsn").as_deref() {
        None | Some("1.0.0") => Ok(Vsn::V1),
        Some("2.0.0") => Ok(Vsn::V2),
        Some(other) => Err(other.to_owned()),
    }
}

/// A param of a query, decoded.
fn param(query: &str, name: &str) -> Option<String> {
    let value = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)?
        .1;
    let value = value.replace('+', " ");
    // What is printed must not move the cursor of a terminal.
    let decoded = percent_decode_str(&value).decode_utf8_lossy();
    Some(decoded.chars().filter(|c| !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_enough() {
        let named = ClientKey::new("vsn=2.0.0&client=a%20b&token=1", "node");
        assert_eq!(named, ClientKey::Named("a b".to_owned()));
        assert_eq!(named, ClientKey::new("client=a+b&token=2", "firefox"));
    }

    #[test]
    fn without_a_name_the_params_and_the_agent_count() {
        let key = ClientKey::new("user=1&vsn=2.0.0", "node");
        assert_eq!(key, ClientKey::new("user=1&vsn=1.0.0", "node"));
        assert_ne!(key, ClientKey::new("user=2&vsn=2.0.0", "node"));
        assert_ne!(key, ClientKey::new("user=1&vsn=2.0.0", "deno"));
    }

    #[test]
    fn the_serializer_is_that_of_the_query() {
        assert_eq!(vsn("a=1&vsn=2.0.0"), Ok(Vsn::V2));
        assert_eq!(vsn(""), Ok(Vsn::V1));
        assert_eq!(vsn("vsn=9"), Err("9".to_owned()));
    }
}
