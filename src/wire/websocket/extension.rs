//! The header `Sec-WebSocket-Extensions`, and what a client and a server agree on for permessage-deflate (RFC 7692, 7.1).

use super::super::http::without_parameters;

/// The name of the extension that compresses messages.
pub const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

/// What one side of a connection does when it compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Direction {
    /// Whether a message may refer to the messages before it.
    pub context: ContextTakeover,
    /// The window that it refers to has at most two to the power of so many bytes: 8 to 15.
    pub window_bits: u8,
}

/// Whether the window of a message is taken over by the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextTakeover {
    /// It is taken over.
    Kept,
    /// Each message stands alone (`no_context_takeover`).
    Dropped,
}

/// What both sides agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeflateParams {
    /// How the client compresses.
    pub client: Direction,
    /// How the server compresses.
    pub server: Direction,
}

/// What is wrong with the answer of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadParams {
    /// A param that RFC 7692 does not know.
    #[error("the param {0:?} means nothing")]
    Unknown(String),
    /// A param, or the extension itself, that stands twice.
    #[error("{0:?} stands twice")]
    Twice(String),
    /// A value where there must be none, or none or another where there must be one.
    #[error("the param {name:?} has {got}; expected {expected}")]
    Value {
        /// The param.
        name: String,
        /// What came.
        got: String,
        /// What may come.
        expected: &'static str,
    },
    /// A param that only a client that offers it can follow.
    #[error("client_max_window_bits was not offered")]
    ClientWindowNotOffered,
    /// A wish of the client that the answer passes over.
    #[error("{0} was asked for, and the answer does not say it")]
    PassedOver(&'static str),
}

/// The params of permessage-deflate as they were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrittenParams {
    /// `server_no_context_takeover` stands there.
    pub server_context: Option<ContextTakeover>,
    /// `client_no_context_takeover` stands there.
    pub client_context: Option<ContextTakeover>,
    /// `server_max_window_bits`
    pub server_window: Option<u8>,
    /// `client_max_window_bits`
    pub client_window: Option<ClientWindow>,
}

/// The param `client_max_window_bits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientWindow {
    /// Without a value, which only a client may say: it follows what the server asks for.
    Any,
    /// With this value.
    Bits(u8),
}

/// The params of an element of the header: each with its value, if it has one.
pub fn params(element: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let parts = element.split(';').skip(1).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        })
}

impl WrittenParams {
    /// Reads the params of an element whose name is permessage-deflate.
    ///
    /// # Errors
    /// If a param is unknown, stands twice, or has a value that RFC 7692 does not allow.
    pub fn read(element: &str) -> Result<Self, BadParams> {
        let mut written = Self::default();
        for (name, value) in params(element) {
            let is_new = match name {
                "server_no_context_takeover" => {
                    without_value(name, value)?;
                    written.server_context.replace(ContextTakeover::Dropped).is_none()
                }
                "client_no_context_takeover" => {
                    without_value(name, value)?;
                    written.client_context.replace(ContextTakeover::Dropped).is_none()
                }
                "server_max_window_bits" => written.server_window.replace(bits(name, value)?).is_none(),
                "client_max_window_bits" => {
                    let window = match value {
                        None => ClientWindow::Any,
                        value => ClientWindow::Bits(bits(name, value)?),
                    };
                    written.client_window.replace(window).is_none()
                }
                _ => return Err(BadParams::Unknown(name.to_owned())),
            };
            if !is_new {
                return Err(BadParams::Twice(name.to_owned()));
            }
        }
        Ok(written)
    }

    /// What these params of an answer mean to a client that offered `offer`.
    ///
    /// # Errors
    /// If they do not answer that offer.
    pub fn answering(&self, offer: &Self) -> Result<DeflateParams, BadParams> {
        if offer.server_context.is_some() && self.server_context.is_none() {
            return Err(BadParams::PassedOver("server_no_context_takeover"));
        }
        match (offer.server_window, self.server_window) {
            (Some(_), None) => return Err(BadParams::PassedOver("server_max_window_bits")),
            (Some(most), Some(bits)) if bits > most => {
                return Err(BadParams::Value {
                    name: "server_max_window_bits".to_owned(),
                    got: bits.to_string(),
                    expected: "at most what was offered",
                });
            }
            _ => {}
        }
        let client_window = match (offer.client_window, self.client_window) {
            (_, Some(ClientWindow::Any)) => {
                return Err(BadParams::Value {
                    name: "client_max_window_bits".to_owned(),
                    got: "no value".to_owned(),
                    expected: BITS,
                });
            }
            (None, Some(_)) => return Err(BadParams::ClientWindowNotOffered),
            (Some(ClientWindow::Bits(hint)), None) => hint,
            (Some(ClientWindow::Bits(hint)), Some(ClientWindow::Bits(bits))) => bits.min(hint),
            (Some(ClientWindow::Any), Some(ClientWindow::Bits(bits))) => bits,
            (None | Some(ClientWindow::Any), None) => MOST_BITS,
        };
        // A client that said that it keeps no context keeps none, whatever the answer.
        let client_context = self.client_context.or(offer.client_context);
        Ok(DeflateParams {
            client: Direction {
                context: client_context.unwrap_or(ContextTakeover::Kept),
                window_bits: client_window,
            },
            server: Direction {
                context: self.server_context.unwrap_or(ContextTakeover::Kept),
                window_bits: self.server_window.unwrap_or(MOST_BITS),
            },
        })
    }
}

/// What an element of an answer means to a client that made these offers, in its order of preference.
///
/// # Errors
/// Why it answers none of them; of several offers, why not the last.
pub fn deflate_agreed<'o>(
    answer: &str,
    offers: impl IntoIterator<Item = &'o str>,
) -> Result<DeflateParams, BadParams> {
    let answer = WrittenParams::read(answer)?;
    let mut why = BadParams::Unknown(PERMESSAGE_DEFLATE.to_owned());
    for offer in offers.into_iter().filter(|offer| is_deflate(offer)) {
        match WrittenParams::read(offer).and_then(|offer| answer.answering(&offer)) {
            Ok(params) => return Ok(params),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// Whether an element of the header names permessage-deflate.
pub fn is_deflate(element: &str) -> bool {
    without_parameters(element) == PERMESSAGE_DEFLATE
}

/// The largest window of DEFLATE, and the usual one.
pub const MOST_BITS: u8 = 15;

const BITS: &str = "a number from 8 to 15";

fn bits(name: &str, value: Option<&str>) -> Result<u8, BadParams> {
    let number = value
        .filter(|value| !value.starts_with('0') && value.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|value| value.parse().ok());
    match number {
        Some(bits @ 8..=MOST_BITS) => Ok(bits),
        _ => Err(BadParams::Value {
            name: name.to_owned(),
            got: value.map_or_else(|| "no value".to_owned(), |value| format!("the value {value:?}")),
            expected: BITS,
        }),
    }
}

fn without_value(name: &str, value: Option<&str>) -> Result<(), BadParams> {
    match value {
        None => Ok(()),
        Some(value) => Err(BadParams::Value {
            name: name.to_owned(),
            got: format!("the value {value:?}"),
            expected: "no value",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn direction(context: ContextTakeover, window_bits: u8) -> Direction {
        Direction { context, window_bits }
    }

    fn agreed(answer: &str, offer: &str) -> Result<DeflateParams, String> {
        let name = |params: &str| format!("permessage-deflate{params}");
        deflate_agreed(&name(answer), [&*name(offer)]).map_err(|why| why.to_string())
    }

    #[test]
    fn an_answer_without_params_leaves_everything_as_it_usually_is() {
        let usual = direction(ContextTakeover::Kept, 15);
        let params = DeflateParams {
            client: usual,
            server: usual,
        };
        assert_eq!(agreed("", ""), Ok(params));
        assert_eq!(agreed("", "; client_max_window_bits"), Ok(params));
    }

    #[test]
    fn an_answer_may_ask_for_less_than_was_offered() {
        let params = agreed(
            "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=10; \
             server_max_window_bits=\"9\"",
            "; client_max_window_bits; server_max_window_bits=12",
        );
        let (client, server) = (
            direction(ContextTakeover::Dropped, 10),
            direction(ContextTakeover::Dropped, 9),
        );
        assert_eq!(params, Ok(DeflateParams { client, server }));
    }

    #[test]
    fn a_client_does_what_it_said_even_if_the_answer_does_not_repeat_it() {
        let params = agreed("", "; client_no_context_takeover; client_max_window_bits=11").unwrap();
        assert_eq!(params.client, direction(ContextTakeover::Dropped, 11));
    }

    #[test]
    fn an_answer_that_no_client_can_follow_is_told() {
        for (answer, offer, why) in [
            ("; x=1", "", "the param \"x\" means nothing"),
            (
                "; server_no_context_takeover; server_no_context_takeover",
                "",
                "\"server_no_context_takeover\" stands twice",
            ),
            (
                "; client_max_window_bits=10",
                "",
                "client_max_window_bits was not offered",
            ),
            (
                "; client_max_window_bits",
                "; client_max_window_bits",
                "the param \"client_max_window_bits\" has no value; expected a number from 8 to 15",
            ),
            (
                "",
                "; server_no_context_takeover",
                "server_no_context_takeover was asked for, and the answer does not say it",
            ),
            (
                "",
                "; server_max_window_bits=9",
                "server_max_window_bits was asked for, and the answer does not say it",
            ),
            (
                "; server_max_window_bits=10",
                "; server_max_window_bits=9",
                "the param \"server_max_window_bits\" has 10; expected at most what was offered",
            ),
            (
                "; server_max_window_bits=08",
                "",
                "the param \"server_max_window_bits\" has the value \"08\"; expected a number from 8 to 15",
            ),
        ] {
            assert_eq!(agreed(answer, offer), Err(why.to_owned()));
        }
    }

    #[test]
    fn any_of_several_offers_may_be_answered() {
        let offers = [
            "permessage-deflate; server_max_window_bits=9",
            "x-other",
            "permessage-deflate",
        ];
        assert!(deflate_agreed("permessage-deflate", offers).is_ok());
        assert!(deflate_agreed("permessage-deflate; server_max_window_bits=9", offers).is_ok());
        assert!(deflate_agreed("permessage-deflate", ["x-other"]).is_err());
    }
}
