//! The pages for people with a session: a login form as `phx.gen.auth` makes it, and the page of a video, which carries the
//! token for the socket.

use super::super::shared::{Shared, since_epoch};
use super::super::site::{Site, SiteSession};
use super::query::{Malformed, Param, param};
use super::{Request, Response};

/// The password of every user.
const PASSWORD: &str = "letmein";
/// Longer names of users are refused, as they stand in cookies and tokens.
const LONGEST_NAME: usize = 160;

/// `GET /login`
pub(super) fn login_form(shared: &Shared, request: &Request<'_>) -> Response {
    let session = session_of(shared, request);
    form(shared, session, "")
}

/// The login form, with what was wrong.
fn form(shared: &Shared, mut session: SiteSession, wrong: &str) -> Response {
    let csrf = shared.site.csrf_token(&mut session);
    let alert = match wrong {
        "" => String::new(),
        wrong => format!("<p role=\"alert\">{wrong}</p>\n"),
    };
    let body = format!(
        "<h1>Log in</h1>\n{alert}\
         <form action=\"/login\" method=\"post\">\n\
         <input name=\"_csrf_token\" type=\"hidden\" value=\"{csrf}\">\n\
         <label>Email <input name=\"user[email]\" type=\"email\" required></label>\n\
         <label>Password <input name=\"user[password]\" type=\"password\" required></label>\n\
         <button>Log in</button>\n\
         </form>\n"
    );
    page(
        shared,
        &session,
        "Log in",
        &format!("<meta name=\"csrf-token\" content=\"{csrf}\">\n"),
        &body,
    )
}

/// `POST /login`: what it says beside its body.
pub(crate) struct Login {
    cookies: Option<String>,
}

impl Login {
    pub(super) fn of(request: &Request<'_>) -> Self {
        Self {
            cookies: request.value("cookie").map(std::borrow::Cow::into_owned),
        }
    }

    /// Answers it, once its body is there.
    pub(crate) fn answer(&self, shared: &Shared, body: &[u8]) -> Response {
        let mut session = shared.site.session(self.cookies.as_deref());
        let Ok(form) = LoginForm::read(body) else {
            return Response::new(400, "this is no form");
        };
        if !Site::is_csrf_token(&session, &form.csrf) {
            return Response::new(403, INVALID_CSRF);
        }
        let is_name = !form.email.is_empty() && form.email.len() <= LONGEST_NAME;
        if form.password != PASSWORD || !is_name {
            return self::form(shared, session, "Invalid email or password");
        }
        // As `phx.gen.auth` has it, a login begins a session with another CSRF secret.
        let to = session.return_to.take().unwrap_or_else(|| "/".to_owned());
        session = SiteSession {
            user: Some(form.email),
            ..SiteSession::default()
        };
        redirect(shared, &session, &to)
    }
}

/// The fields of the login form; those that are not there are empty.
struct LoginForm {
    csrf: String,
    email: String,
    password: String,
}

impl LoginForm {
    fn read(body: &[u8]) -> Result<Self, Malformed> {
        let text = std::str::from_utf8(body).map_err(|_| Malformed)?;
        let field = |name: &str| {
            Ok(match param(text, name)? {
                Some(Param::Text(value)) => value,
                Some(Param::Nested) | None => String::new(),
            })
        };
        Ok(Self {
            csrf: field("_csrf_token")?,
            email: field("user[email]")?,
            password: field("user[password]")?,
        })
    }
}

/// `GET /watch/<video>`: the page of a video for a user who logged in.
pub(super) fn watch(shared: &Shared, request: &Request<'_>, video: &str) -> Response {
    let mut session = session_of(shared, request);
    let Some(user) = session.user.clone() else {
        session.return_to = Some(request.path.to_owned());
        return redirect(shared, &session, "/login");
    };
    let csrf = shared.site.csrf_token(&mut session);
    let token = shared.tokens.sign(&user, since_epoch());
    let (video, user) = (escaped(video), escaped(&user));
    let head = format!(
        "<meta name=\"csrf-token\" content=\"{csrf}\">\n<meta name=\"user-token\" content=\"{token}\">\n"
    );
    let body = format!(
        "<h1>Video {video}</h1>\n<p id=\"user\">{user}</p>\n\
         <div id=\"video\" data-id=\"{video}\" data-topic=\"videos:{video}\"></div>\n"
    );
    page(shared, &session, &format!("Video {video}"), &head, &body)
}

fn session_of(shared: &Shared, request: &Request<'_>) -> SiteSession {
    shared.site.session(request.value("cookie").as_deref())
}

fn page(shared: &Shared, session: &SiteSession, title: &str, head: &str, body: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n{head}\
         <title>{title}</title>\n</head>\n<body>\n{body}</body>\n</html>\n"
    );
    Response::new(200, page)
        .with_header("content-type", "text/html; charset=utf-8")
        .with_header("content-security-policy", super::page::POLICY)
        .with_header("x-content-type-options", "nosniff")
        .with_header("set-cookie", shared.site.set_cookie(session))
}

fn redirect(shared: &Shared, session: &SiteSession, to: &str) -> Response {
    let body = format!(
        "<html><body>You are being <a href=\"{}\">redirected</a>.</body></html>",
        escaped(to)
    );
    Response::new(302, body)
        .with_header("content-type", "text/html; charset=utf-8")
        .with_header("location", to)
        .with_header("set-cookie", shared.site.set_cookie(session))
}

/// A text in a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

const INVALID_CSRF: &str = "invalid CSRF (Cross Site Request Forgery) token, make sure all requests include a valid \
                            '_csrf_token' param or 'x-csrf-token' header";
