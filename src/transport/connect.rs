//! A request to connect: mount, connect params, token and headers, as a scenario, a probe or a swarm asks for them.

use std::time::Duration;

use super::params::replace_params;
use super::{Target, Transport};
use crate::protocol::Vsn;

/// The server, and what every connection of a run sends it.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where the server is, and its mount.
    pub target: Target,
    /// Connect params.
    pub params: Vec<(String, String)>,
    /// Request headers.
    pub headers: Vec<(String, String)>,
}

/// How a client connects, beside what every connection of the run has in common. `T` is a text, or a template of one that
/// each socket fills in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest<T = String> {
    /// The transport in place of the target's own.
    pub transport: Option<Transport>,
    /// The mount in place of the target's own.
    pub mount: Option<String>,
    /// The user whose token is fetched first and sent as the param `token`.
    pub user: Option<T>,
    /// How long ago that token is to have been signed; now, if nothing is said.
    pub token_age: Option<Duration>,
    /// Connect params, in order; one without a value leaves out what would be sent otherwise.
    pub params: Vec<(String, Option<T>)>,
    /// Request headers, in the place of those of the run with the same name; one without a value leaves that header out.
    pub headers: Vec<(String, Option<T>)>,
}

impl<T> Default for ConnectRequest<T> {
    fn default() -> Self {
        Self {
            transport: None,
            mount: None,
            user: None,
            token_age: None,
            params: Vec::new(),
            headers: Vec::new(),
        }
    }
}

/// What one connection asks for, all together.
#[derive(Clone, Debug)]
pub struct UpgradeParts<T = String> {
    /// The server, the mount and the transport.
    pub target: Target,
    /// The serializer that is asked for.
    pub vsn: Vsn,
    /// The connect params without the token.
    pub params: Vec<(String, T)>,
    /// Headers beside the standard ones, or in their place.
    pub headers: Vec<(String, T)>,
}

impl<T: Clone + for<'a> From<&'a str>> ConnectRequest<T> {
    /// Puts together what the run sends and what this request sends. The token of a user takes the place of any other, and
    /// is added behind all params once it is known.
    pub fn at(&self, endpoint: &Endpoint, vsn: Vsn) -> UpgradeParts<T> {
        let fixed = |(key, value): &(String, String)| (key.clone(), T::from(value.as_str()));
        let mut params = vec![("vsn".to_owned(), T::from(vsn.as_str()))];
        params.extend(endpoint.params.iter().map(fixed));
        replace_params(&mut params, self.params.iter().cloned());
        if self.user.is_some() {
            replace_params(&mut params, [(TOKEN.to_owned(), None)]);
        }
        let of_run = not_replaced(endpoint.headers.iter().map(fixed), &self.headers);
        let own = self.headers.iter();
        let own = own.filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        let target = match &self.mount {
            None => endpoint.target.clone(),
            Some(mount) => endpoint.target.with_mount(mount),
        };
        UpgradeParts {
            target: match self.transport {
                None => target,
                Some(transport) => target.over(transport),
            },
            vsn,
            params,
            headers: of_run.chain(own).collect(),
        }
    }
}

impl<T> UpgradeParts<T> {
    /// The path without the query: `/socket/websocket`, `/socket/longpoll`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.target.mount(), self.target.transport())
    }
}

/// The name of the connect param that has the token of a user.
pub const TOKEN: &str = "token";

/// The headers that none of a request's own ones replaces.
pub(crate) fn not_replaced<N: AsRef<str>, V, T>(
    headers: impl IntoIterator<Item = (N, V)>,
    own: &[(String, T)],
) -> impl Iterator<Item = (N, V)> {
    let is_own = |name: &str| own.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    headers
        .into_iter()
        .filter(move |(name, _)| !is_own(name.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_replaces_or_leaves_out_headers_of_the_run() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        let endpoint = Endpoint {
            target: Target::parse("ws://localhost:4000/socket").unwrap(),
            params: Vec::new(),
            headers: pairs(&[
                ("Origin", "of the run"),
                ("Sec-WebSocket-Extensions", "x"),
                ("X-Tenant", "a"),
            ]),
        };
        let request = ConnectRequest {
            headers: vec![
                ("origin".to_owned(), Some("own".to_owned())),
                ("sec-websocket-extensions".to_owned(), None),
            ],
            ..ConnectRequest::default()
        };
        let sent = request.at(&endpoint, Vsn::V2).headers;
        assert_eq!(sent, pairs(&[("X-Tenant", "a"), ("origin", "own")]));
    }
}
