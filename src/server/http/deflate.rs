//! Answers the offers of permessage-deflate in a handshake, as Bandit and Cowboy do with `compress: true`.

use super::super::conduct::{CompressConduct, DeflateAnswer, Look};
use super::Request;
use crate::wire::websocket::{
    ClientWindow, ContextTakeover, DeflateParams, Direction, MOST_BITS, PERMESSAGE_DEFLATE, WrittenParams,
    is_deflate,
};

/// What is agreed on with a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub(crate) params: DeflateParams,
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    pub(crate) answer: String,
}

/// Agrees on the first offer that can be read.
pub(crate) fn agree(conduct: &CompressConduct, look: Look, request: &Request<'_>) -> Option<Agreement> {
    let values = request.values("sec-websocket-extensions");
    let mut offers = values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|element| is_deflate(element));
    offers.find_map(|offer| {
        // Bandit takes quotes for a part of the value.
        let is_readable = look == Look::Cowboy || !offer.contains('"');
        let written = WrittenParams::read(offer).ok().filter(|_| is_readable)?;
        Some(Agreement {
            params: params(&written),
            answer: answer(conduct, look, &written),
        })
    })
}

fn params(offer: &WrittenParams) -> DeflateParams {
    let client_bits = match offer.client_window {
        Some(ClientWindow::Bits(bits)) => bits,
        Some(ClientWindow::Any) | None => MOST_BITS,
    };
    DeflateParams {
        client: Direction {
            context: offer.client_context.unwrap_or(ContextTakeover::Kept),
            window_bits: client_bits,
        },
        server: Direction {
            context: offer.server_context.unwrap_or(ContextTakeover::Kept),
            window_bits: offer.server_window.unwrap_or(MOST_BITS),
        },
    }
}

/// Both repeat the params of the offer: Bandit in an order of its own, Cowboy in the reverse order of their terms.
fn answer(conduct: &CompressConduct, look: Look, offer: &WrittenParams) -> String {
    let client_window = |bits| format!("client_max_window_bits={bits}");
    let any = client_window(MOST_BITS);
    let (any_first, any_last) = match (offer.client_window, look) {
        (Some(ClientWindow::Any), Look::Cowboy) => (Some(any), None),
        (Some(ClientWindow::Any), Look::Bandit) => (None, Some(any)),
        (Some(ClientWindow::Bits(bits)), _) => (None, Some(client_window(bits))),
        (None, _) if conduct.answer == DeflateAnswer::WindowUnasked => (None, Some(any)),
        (None, _) => (None, None),
    };
    let server_context = offer
        .server_context
        .map(|_| "server_no_context_takeover".to_owned());
    let client_context = offer
        .client_context
        .map(|_| "client_no_context_takeover".to_owned());
    let server_window = offer
        .server_window
        .map(|bits| format!("server_max_window_bits={bits}"));
    let params = [
        Some(PERMESSAGE_DEFLATE.to_owned()),
        server_context,
        client_context,
        any_first,
        server_window,
        any_last,
    ];
    let params: Vec<_> = params.into_iter().flatten().collect();
    params.join(match look {
        Look::Bandit => ";",
        Look::Cowboy => "; ",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::server::conduct::Conduct;

    fn answered(offer: &str) -> [String; 2] {
        let conduct = Conduct::of(Profile::DEFAULT).compress;
        let written = WrittenParams::read(offer).unwrap();
        [Look::Bandit, Look::Cowboy].map(|look| answer(&conduct, look, &written))
    }

    #[test]
    fn each_web_server_repeats_the_params_in_its_way() {
        // Seen on Bandit 1.12.4 and Cowboy 2.18.0 below Phoenix 1.8.12.
        for (offer, bandit, cowboy) in [
            ("", "", ""),
            (
                "; client_max_window_bits",
                ";client_max_window_bits=15",
                "; client_max_window_bits=15",
            ),
            (
                "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
                ";server_no_context_takeover;client_no_context_takeover;client_max_window_bits=15",
                "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=15",
            ),
            (
                "; client_max_window_bits=10; server_max_window_bits=8",
                ";server_max_window_bits=8;client_max_window_bits=10",
                "; server_max_window_bits=8; client_max_window_bits=10",
            ),
        ] {
            let answers = [bandit, cowboy].map(|params| format!("permessage-deflate{params}"));
            assert_eq!(answered(&format!("permessage-deflate{offer}")), answers);
        }
    }

    #[test]
    fn what_the_client_asked_for_is_what_both_do() {
        let offer = "permessage-deflate; client_max_window_bits=10; server_no_context_takeover";
        let params = params(&WrittenParams::read(offer).unwrap());
        let answer = &answered(offer)[0];
        let written = WrittenParams::read(answer).unwrap();
        assert_eq!(
            Ok(params),
            written.answering(&WrittenParams::read(offer).unwrap())
        );
    }
}
