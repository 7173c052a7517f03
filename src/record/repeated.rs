//! Params and headers that a client sent more than once. A scenario says each once.

use super::heard::OpeningRequest;

impl OpeningRequest {
    /// Leaves the last value of each param, which is what Plug gives an application, and puts the values of a header together
    /// (RFC 9110, 5.3). Returns the names of the params whose other values are lost.
    pub(super) fn say_each_once(&mut self) -> Vec<String> {
        let mut lost = Vec::new();
        let mut params: Vec<(String, String)> = Vec::new();
        for (name, value) in self.params.drain(..) {
            match params.iter_mut().find(|(known, _)| *known == name) {
                Some(before) if before.1 == value => {}
                Some(before) => {
                    before.1 = value;
                    if !lost.contains(&name) {
                        lost.push(name);
                    }
                }
                None => params.push((name, value)),
            }
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in self.headers.drain(..) {
            match headers
                .iter_mut()
                .find(|(known, _)| known.eq_ignore_ascii_case(&name))
            {
                Some((_, before)) => *before = format!("{before}, {value}"),
                None => headers.push((name, value)),
            }
        }
        (self.params, self.headers) = (params, headers);
        lost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Vsn;
    use crate::transport::Transport;

    #[test]
    fn the_last_value_of_a_param_counts_and_those_of_a_header_stand_together() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect()
        };
        let mut opening = OpeningRequest {
            transport: Transport::WebSocket,
            vsn: Vsn::V2,
            params: pairs(&[("a", "1"), ("b", "x"), ("a", "2"), ("b", "x"), ("a", "3")]),
            headers: pairs(&[("X-Y", "1"), ("z", "2"), ("x-y", "3")]),
            agent: String::new(),
        };
        assert_eq!(opening.say_each_once(), ["a"]);
        assert_eq!(opening.params, pairs(&[("a", "3"), ("b", "x")]));
        assert_eq!(opening.headers, pairs(&[("X-Y", "1, 3"), ("z", "2")]));
    }
}
