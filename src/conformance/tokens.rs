//! Finds out whether a target has the authentication of the target contract: `GET /token/NAME` gives tokens, and the mount
//! reads them.
//!
//! A mount that lets in a client without `--param` and `--header` is the one of the contract. Where the page is, it must read
//! the tokens, and the cases accuse it if it does not. A mount that refuses such a client has an authentication of its own, and
//! may read these tokens or not. Only its answers tell: it reads them if a token lets in, and either a bad one does not, or
//! the client is known by the name in it.

use std::rc::Rc;

use super::context::RunContext;
use super::heard::{From, Heard};
use super::inquiry::{holds, played};
use super::settings::CheckSettings;
use crate::driver::{NoToken, gives_old_tokens, token};
use crate::scenario::{Play, Program};
use crate::transport::RequestError;

/// Whether clients can connect as a user, with a token of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tokens {
    Offered(OldTokens),
    /// `GET /token/NAME` gives no token.
    #[default]
    NotGiven,
    /// It gives some, and the mount has another authentication.
    NotRead,
}

/// Whether the server issues tokens with an earlier signing time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OldTokens {
    Given,
    NotGiven,
}

const REFUSED: &str = r#"
about: Whether the mount refuses a client.
steps: [ana: { connect: socket, answer: refused }]
"#;

const SIGNED: &str = r#"
about: Whether a token lets in.
fresh: [ana]
steps: [ana: { connect: socket, as: "{{ana}}" }]
"#;

const BAD: &str = r#"
about: Whether a bad token is refused.
steps: [ana: { connect: socket, params: { token: nonsense }, answer: refused }]
"#;

/// The broadcast comes after the whisper, so that nobody has to wait for a whisper that does not come.
const WHISPER: &str = r#"
about: Whether a client is known by the name in its token.
fresh: [room, ana]
steps:
  - ana: { connect: socket, as: "{{ana}}" }
  - ana: { join: "lab:{{room}}" }
  - ana: { push: whisper, with: { to: "{{ana}}", body: hello } }
  - ana: { push: broadcast }
  - ana: { receive: broadcasted }
"#;

impl Tokens {
    /// Why a program cannot be judged with these, if it cannot.
    pub(super) fn lacked_by(self, program: &Program) -> Option<&'static str> {
        if !program.wants_tokens() {
            return None;
        }
        match self {
            Self::NotGiven => Some("the server gives no tokens: GET /token/NAME answers none"),
            Self::NotRead => Some(
                "this mount has an authentication of its own, by --param or --header, and does not read the tokens of \
                 /token/NAME",
            ),
            Self::Offered(OldTokens::NotGiven) if program.wants_old_tokens() => {
                Some("the server gives no tokens that were signed some time ago")
            }
            Self::Offered(_) => None,
        }
    }

    /// Asks the page for a token, and the mount where it may have another authentication.
    pub(super) async fn look(context: &Rc<RunContext>, first_fresh: u64) -> Self {
        match token(&context.connections(), "phxproof", None).await {
            Ok(_) => {}
            // A page that only takes long may be there: the cases tell what it does.
            Err(NoToken::Request(
                RequestError::AnswerTimeout { .. } | RequestError::ConnectTimeout { .. },
            )) => return Self::Offered(OldTokens::NotGiven),
            Err(_) => return Self::NotGiven,
        }
        if has_another_authentication(context, first_fresh).await && !reads_them(context, first_fresh).await {
            return Self::NotRead;
        }
        Self::Offered(match gives_old_tokens(&context.connections()).await {
            true => OldTokens::Given,
            false => OldTokens::NotGiven,
        })
    }
}

/// Whether the mount refuses a client that comes without the user's params and headers.
async fn has_another_authentication(context: &Rc<RunContext>, first_fresh: u64) -> bool {
    let given = &context.settings;
    if given.params.is_empty() && given.headers.is_empty() {
        return false;
    }
    let settings = CheckSettings {
        params: Vec::new(),
        headers: Vec::new(),
        ..(**given).clone()
    };
    let bare = Rc::new(RunContext {
        settings: Rc::new(settings),
        ..(**context).clone()
    });
    holds(&bare, REFUSED, first_fresh).await
}

/// Whether the mount takes notice of the tokens.
async fn reads_them(context: &Rc<RunContext>, first_fresh: u64) -> bool {
    let (lets_in, refuses_bad, whisper) = tokio::join!(
        holds(context, SIGNED, first_fresh + 1),
        holds(context, BAD, first_fresh + 2),
        played(context, WHISPER, first_fresh + 3),
    );
    lets_in && (refuses_bad || whisper.is_some_and(|play| heard_whisper(&play)))
}

fn heard_whisper(play: &Play) -> bool {
    let heard = Heard::of(play);
    let mut messages = heard.messages();
    messages.any(|(_, from, message)| from == From::Server && message.event.as_str() == Some("whispered"))
}
