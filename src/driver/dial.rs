//! Opens the connections of a play and carries messages both ways; sends its requests.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::ConnectionSettings;
use crate::clock::Time;
use crate::scenario::{ConnectOptions, Happening, HttpRequest, LinkId, Reached, RequestSender};
use crate::transport::{
    Connection, Ending, Endpoint, Incoming, KeptConnection, Limits, OpenError, Opened, Outgoing, Request,
    RequestError, Response, TOKEN, Target, Upgrade, not_replaced, open, percent_encoded, query, request,
    request_on, with_params,
};

/// How often it is told that a large message is still moving.
const TELL_EVERY: Duration = Duration::from_millis(50);

/// A connection that is to be opened.
pub(super) struct Dial {
    pub(super) settings: Rc<ConnectionSettings>,
    pub(super) id: LinkId,
    pub(super) told: mpsc::Sender<Happening>,
}

impl Dial {
    /// Opens it and carries messages both ways until it ends.
    pub(super) async fn connect(self, options: &ConnectOptions, orders: mpsc::UnboundedReceiver<Outgoing>) {
        let happening = match self.opened(options).await {
            Ok(Opened::Open(connection, ..)) => {
                let coding = connection.coding();
                if self.told.send(Happening::Opened(self.id, coding)).await.is_ok() {
                    self.carry(connection, orders).await;
                }
                return;
            }
            Ok(Opened::Refused(response)) => Happening::Refused(self.id, response),
            Err(NotOpened::Token(why)) => Happening::Unanswered(self.id, why.to_string(), Reached::Somebody),
            Err(NotOpened::Open(error)) => Happening::Unanswered(self.id, error.to_string(), reach(&error)),
        };
        // Nobody listens any more once the play is over.
        let _ = self.told.send(happening).await;
    }

    async fn opened(&self, options: &ConnectOptions) -> Result<Opened, NotOpened> {
        let settings = &*self.settings;
        let request = &options.request;
        let mut parts = request.at(&settings.endpoint, options.vsn);
        if let Some(user) = &request.user {
            let token = token(settings, user, request.token_age).await;
            parts.params.push((TOKEN.to_owned(), token?));
        }
        let query = query(&parts.params, |key, value| shown(settings, key, value));
        let shown = format!("{}{query}", parts.path());
        let _ = self.told.send(Happening::Dialled(self.id, shown)).await;
        let upgrade = Upgrade {
            limits: Limits {
                message_bytes: options.message_bytes,
                ..Limits::default()
            },
            early: options.early.clone(),
            ..Upgrade::new(&parts, settings.timeout)
        };
        open(&parts.target, &upgrade).await.map_err(NotOpened::Open)
    }

    async fn carry(&self, mut connection: Connection, mut orders: mpsc::UnboundedReceiver<Outgoing>) {
        let clock = self.settings.clock;
        let mut told_at = Time::ZERO;
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    // That it cannot be sent is seen in how the connection ends.
                    Some(order) => { let _ = connection.send(order).await; }
                    None => return,
                },
                came = connection.advance() => {
                    let Some(incoming) = came else {
                        if connection.is_moving() && clock.now().since(told_at) >= TELL_EVERY {
                            told_at = clock.now();
                            // A play that has enough to look at learns of it from the rest of the message.
                            let _ = self.told.try_send(Happening::Moving(self.id));
                        }
                        continue;
                    };
                    let over = match &incoming {
                        Incoming::Closed(Ending::CloseFrame { .. }) => false,
                        Incoming::Closed(_) => true,
                        _ => false,
                    };
                    if self.told.send(Happening::Incoming(self.id, incoming)).await.is_err() || over {
                        return;
                    }
                }
            }
        }
    }
}

/// Sends a request outside of any connection, with the headers of the run that it does not name itself. A request of nobody
/// also gets the connect params of the run; those of users go to pages, which know none.
pub(crate) async fn send_request(
    settings: &ConnectionSettings,
    asked: &HttpRequest,
) -> Result<Response, RequestError> {
    request(&settings.endpoint.target, &to_send(settings, asked)?).await
}

/// The same on the kept connection of an earlier request, or on a new one. Returns the connection if another request may
/// follow on it.
pub(super) async fn send_request_on(
    kept: Option<KeptConnection>,
    settings: &ConnectionSettings,
    asked: &HttpRequest,
) -> Result<(Response, Option<KeptConnection>), RequestError> {
    let to_send = to_send(settings, asked)?;
    request_on(kept, &settings.endpoint.target, &to_send).await
}

/// The request with what goes with all requests of the run.
fn to_send(settings: &ConnectionSettings, asked: &HttpRequest) -> Result<Request, RequestError> {
    let body = asked.body.clone().unwrap_or_default();
    let Endpoint {
        target,
        params,
        headers,
    } = &settings.endpoint;
    let of_run = not_replaced(headers.iter().cloned(), &asked.headers);
    Ok(Request {
        method: asked.method.clone(),
        path_and_query: match asked.sender {
            RequestSender::Nobody => with_params(&asked.path, params),
            RequestSender::User(_) => path_at(target, &asked.path)?,
        },
        headers: of_run.chain(asked.headers.iter().cloned()).collect(),
        body: body.into_bytes(),
        limits: Limits::default(),
        deadline: settings.timeout,
    })
}

/// The path of a request: a redirect may lead to a whole URL, but not to another server.
fn path_at(target: &Target, path: &str) -> Result<String, RequestError> {
    if path.starts_with('/') && !path.starts_with("//") {
        return Ok(path.to_owned());
    }
    let scheme = if target.is_secure() { "https://" } else { "http://" };
    let hosts = [target.host_header(), target.authority()];
    let mut paths = hosts.iter().filter_map(|host| {
        let rest = path.strip_prefix(scheme).or_else(|| path.strip_prefix("//"))?;
        rest.strip_prefix(host.as_str())
    });
    let path_of_url = |rest: &str| match rest {
        "" => Some("/".to_owned()),
        _ if rest.starts_with('/') => Some(rest.to_owned()),
        _ if rest.starts_with('?') => Some(format!("/{rest}")),
        _ => None,
    };
    paths
        .find_map(path_of_url)
        .ok_or_else(|| RequestError::Unsendable {
            what: format!("the request to {path}, to which the server redirected,"),
            why: format!("it leads away from {scheme}{}", target.host_header()),
        })
}

/// Whether the error shows that something listens at the target.
fn reach(error: &OpenError) -> Reached {
    match error {
        OpenError::Request(error) if error.reached_nobody() => Reached::Nobody,
        _ => Reached::Somebody,
    }
}

enum NotOpened {
    Token(NoToken),
    Open(OpenError),
}

impl From<NoToken> for NotOpened {
    fn from(why: NoToken) -> Self {
        Self::Token(why)
    }
}

/// The header by which a server says how old a token is; without it, it gave a new one.
const TOKEN_AGE: &str = "x-token-age";

/// Whether the server gives tokens that were signed some time ago.
pub(crate) async fn gives_old_tokens(settings: &ConnectionSettings) -> bool {
    token(settings, "phxproof", Some(Duration::from_secs(1)))
        .await
        .is_ok()
}

/// Why there is no token for a user.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoToken {
    #[error("GET {path} was answered with {status}, so there is no token")]
    Refused { path: String, status: u16 },
    #[error("GET {path} was answered without the header {TOKEN_AGE}, so the token is a new one")]
    New { path: String },
    #[error("GET {path} was answered with a text that is no token: a token is one word")]
    OtherText { path: String },
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Fetches a user's token that was signed `age` ago.
pub(crate) async fn token(
    settings: &ConnectionSettings,
    user: &str,
    age: Option<Duration>,
) -> Result<String, NoToken> {
    let path = match age {
        None => format!("/token/{}", percent_encoded(user)),
        Some(age) => format!("/token/{}?age={}", percent_encoded(user), age.as_secs()),
    };
    let asked = HttpRequest {
        method: "GET".to_owned(),
        path: path.clone(),
        headers: Vec::new(),
        body: None,
        sender: RequestSender::Nobody,
    };
    let response = send_request(settings, &asked).await?;
    let status = response.status;
    if status != 200 {
        return Err(NoToken::Refused { path, status });
    }
    if age.is_some() && response.header(TOKEN_AGE).is_none() {
        return Err(NoToken::New { path });
    }
    let token = String::from_utf8_lossy(&response.body).trim().to_owned();
    match is_one_word(&token) {
        true => Ok(token),
        false => Err(NoToken::OtherText { path }),
    }
}

/// Whether it can be a token. A page, or an error in JSON, is none.
fn is_one_word(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['<', '{']) && !text.contains(char::is_whitespace)
}

/// Has the server end all sockets of a user. The error is the reason, as a sentence.
pub(crate) async fn disconnect_user(settings: &ConnectionSettings, user: &str) -> Result<(), String> {
    let path = format!("/disconnect/{}", percent_encoded(user));
    let asked = HttpRequest {
        method: "POST".to_owned(),
        path: path.clone(),
        headers: Vec::new(),
        body: None,
        sender: RequestSender::Nobody,
    };
    match send_request(settings, &asked).await {
        Ok(response) if response.status == 204 => Ok(()),
        Ok(response) => Err(format!("POST {path} was answered with {}", response.status)),
        Err(error) => Err(error.to_string()),
    }
}

/// What the user gave may be a secret, and what is told here is written to files.
fn shown(settings: &ConnectionSettings, key: &str, value: &str) -> String {
    let given = settings.endpoint.params.iter().any(|(known, _)| known == key);
    if given {
        "…".to_owned()
    } else {
        percent_encoded(value)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::Clock;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_page_and_an_error_are_no_tokens() {
        assert!(is_one_word("SFMyNTY.g2gDbQ.3CsCZ"));
        for text in ["", "<!DOCTYPE html>", "<html>", "{\"error\":1}", "not found"] {
            assert!(!is_one_word(text), "{text}");
        }
    }

    #[test]
    fn a_redirect_may_name_the_target_but_no_other_server() {
        let target = Target::parse("wss://Example.com/socket").unwrap();
        let path = |path: &str| path_at(&target, path);
        for (url, expected) in [
            ("/a?b=//", "/a?b=//"),
            ("https://example.com", "/"),
            ("https://example.com/a?b", "/a?b"),
            ("https://example.com:443/a", "/a"),
            ("https://example.com?a", "/?a"),
            ("//example.com/a", "/a"),
        ] {
            assert_eq!(path(url).unwrap(), expected, "{url}");
        }
        for url in [
            "http://example.com/",
            "https://example.com.org/",
            "https://example.com:444/",
            "//other/",
        ] {
            let error = path(url).unwrap_err().to_string();
            assert!(
                error.contains(url) && error.contains("https://example.com"),
                "{error}"
            );
        }
    }

    #[tokio::test]
    async fn a_request_carries_the_params_and_headers_of_the_run() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::parse(&format!("ws://{}/socket", listener.local_addr().unwrap())).unwrap();
        let settings = ConnectionSettings {
            endpoint: Endpoint {
                target,
                params: pairs(&[("key", "secret"), ("token", "of the run")]),
                headers: pairs(&[("X-Tenant", "a"), ("X-Own", "of the run")]),
            },
            timeout: Duration::from_secs(20),
            clock: Clock::start(),
        };
        let asked = HttpRequest {
            method: "GET".to_owned(),
            path: "/a?token=own".to_owned(),
            headers: pairs(&[("x-own", "own")]),
            body: None,
            sender: RequestSender::Nobody,
        };
        let server = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            String::from_utf8(head).unwrap()
        };
        let (answer, head) = tokio::join!(send_request(&settings, &asked), server);
        assert_eq!(answer.unwrap().status, 204);
        assert!(
            head.starts_with("GET /a?token=own&key=secret HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(
            head.contains("X-Tenant: a\r\n") && head.contains("x-own: own\r\n"),
            "{head}"
        );
        assert!(!head.contains("of the run"), "{head}");
    }
}
