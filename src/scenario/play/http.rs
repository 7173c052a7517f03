//! The requests of `http` steps: sends them with the cookies of their users, follows redirects, and compares the answers
//! with the steps.

use std::sync::Arc;

use super::Play;
use super::command::{Command, HttpRequest, RequestId};
use super::elsewhere::http_request;
use super::failure::{FailureKind, Wrong};
use super::jar::CookieJar;
use super::recording::{Flooded, Noted, Who};
use super::taken::{AnswerBody, show};
use super::wait::{self, WaitKind};
use crate::clock::Time;
use crate::scenario::pattern::brief;
use crate::scenario::program::{Actor, Http, What};
use crate::scenario::shorten;
use crate::scenario::template::Values;
use crate::transport::{ConnectRequest, RequestError, Response};
use crate::wire::header_value;

/// The requests of a play.
#[derive(Debug)]
pub(super) struct Requests {
    /// The cookies of each actor.
    jars: Vec<CookieJar>,
    /// How many requests were sent.
    sent: u64,
}

impl Requests {
    pub(super) fn of(actors: usize) -> Self {
        Self {
            jars: vec![CookieJar::default(); actors],
            sent: 0,
        }
    }
}

/// A request that has no answer yet.
#[derive(Debug)]
pub(super) struct RequestUnderWay {
    id: RequestId,
    request: HttpRequest,
    /// How many redirects led to it.
    redirects: u8,
}

impl Play {
    /// Sends the request of a step.
    pub(super) fn http(&mut self, http: &Http, now: Time) -> RequestUnderWay {
        let request = http_request(http, &self.values);
        self.ask(http, request, 0, now)
    }

    fn ask(&mut self, http: &Http, request: HttpRequest, redirects: u8, now: Time) -> RequestUnderWay {
        self.requests.sent += 1;
        let id = RequestId(self.requests.sent);
        let shown = format!("{} {}", request.method, request.path);
        let _ = self.recording.push(now, who(http), Noted::Requested(shown));
        let mut sent = request.clone();
        let names_cookies = sent.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(COOKIE));
        if let Some(user) = http.by.filter(|_| !names_cookies)
            && let Some(cookies) = self.requests.jars[user.0].header(&request.path, now)
        {
            sent.headers.push((COOKIE.to_owned(), cookies));
        }
        self.commands.push_back(Command::Http(id, sent));
        RequestUnderWay {
            id,
            request,
            redirects,
        }
    }

    /// Adds the cookies of an actor to its request to connect, unless the step names cookies itself. Over long poll they
    /// go with each poll.
    pub(super) fn add_cookies(&self, actor: Actor, request: &mut ConnectRequest, now: Time) {
        let names_cookies = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(COOKIE));
        if !names_cookies && let Some(cookies) = self.requests.jars[actor.0].header("/", now) {
            request.headers.push((COOKIE.to_owned(), Some(cookies)));
        }
    }

    /// Handles the answer to a request.
    pub(super) fn handle_http(
        &mut self,
        id: RequestId,
        answer: Result<Response, RequestError>,
        now: Time,
    ) -> Result<(), Flooded> {
        let is_it = |kind: &WaitKind| matches!(kind, WaitKind::Http(under_way) if under_way.id == id);
        let waiting = self.waits.iter().position(|wait| is_it(&wait.kind) && wait.over.is_none());
        let Some(index) = waiting else { return Ok(()) };
        let program = Arc::clone(&self.program);
        let act = self.waits[index].act;
        let Some(What::Http(http)) = program.groups.get(self.group).map(|group| &group.acts[act].what) else {
            return Ok(());
        };
        let noted = match &answer {
            Ok(response) => Noted::Answered(response.clone()),
            Err(error) => Noted::Failed(error.to_string()),
        };
        let noted = self.recording.push(now, who(http), noted);
        match self.answered(http, index, answer, now) {
            Err(wrong) => self.fail(act, wrong),
            Ok(AnswerStatus::Redirected) => {}
            Ok(AnswerStatus::Whole(note)) => {
                self.note = note.or(self.note.take());
                // In an ordered group the answer counts like a message.
                self.serial += 1;
                self.waits[index].over = Some(self.serial);
                self.tell_of(&program, index, now);
            }
        }
        noted
    }

    fn answered(
        &mut self,
        http: &Http,
        index: usize,
        answer: Result<Response, RequestError>,
        now: Time,
    ) -> Result<AnswerStatus, Wrong> {
        let WaitKind::Http(under_way) = &self.waits[index].kind else {
            return Ok(AnswerStatus::Redirected);
        };
        if let Ok(response) = &answer {
            if let Some(user) = http.by {
                self.requests.jars[user.0].keep(&under_way.request.path, response, now);
            }
            if http.follows()
                && let Some(next) = redirected(&under_way.request, response)
            {
                let redirects = under_way.redirects + 1;
                if redirects > http.follow {
                    let what = "the request was redirected again and again";
                    let expected = format!("at most {} redirects", http.follow);
                    let body = String::from_utf8_lossy(&response.body);
                    return Err(Wrong::server(what, expected, show(response, &body)));
                }
                let asked = self.ask(http, next, redirects, now);
                self.waits[index].kind = WaitKind::Http(asked);
                return Ok(AnswerStatus::Redirected);
            }
        }
        judge_answer(http, answer, &mut self.values).map(AnswerStatus::Whole)
    }
}

/// What an answer is.
enum AnswerStatus {
    /// A redirect, which is being followed.
    Redirected,
    /// The one that the step is about, with the note of the step if the answer matches `note-when`.
    Whole(Option<Box<str>>),
}

const COOKIE: &str = "Cookie";

fn who(http: &Http) -> Who {
    http.by.map_or(Who::Http, |user| Who::User(user.0))
}

/// The request that a redirect asks for (RFC 9110, 15.4), if the answer is one.
fn redirected(request: &HttpRequest, response: &Response) -> Option<HttpRequest> {
    let location = response.header("location")?;
    let keeps_method = match response.status {
        301 | 302 => matches!(request.method.as_str(), "GET" | "HEAD"),
        303 => request.method == "HEAD",
        307 | 308 => true,
        _ => return None,
    };
    let path = resolved(&request.path, location);
    if keeps_method {
        return Some(HttpRequest {
            path,
            ..request.clone()
        });
    }
    let describes_body = |name: &str| name.to_ascii_lowercase().starts_with("content-");
    Some(HttpRequest {
        method: "GET".to_owned(),
        path,
        headers: request.headers.iter().filter(|(name, _)| !describes_body(name)).cloned().collect(),
        body: None,
        sender: request.sender,
    })
}

/// The path that a `Location` means, seen from the path of the request; a URL of another origin stays as it is.
fn resolved(from: &str, location: &str) -> String {
    let location = location.split('#').next().unwrap_or_default();
    let path = from.split('?').next().unwrap_or_default();
    if location.is_empty() {
        from.to_owned()
    } else if location.starts_with('/') || location.contains("://") {
        location.to_owned()
    } else if location.starts_with('?') {
        format!("{path}{location}")
    } else {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{location}")
    }
}

/// Compares the answer to a request with its step, and saves the values that the step names. Returns the note of the
/// step if the answer matches `note-when`.
pub(super) fn judge_answer(
    http: &Http,
    answer: Result<Response, RequestError>,
    values: &mut Values,
) -> Result<Option<Box<str>>, Wrong> {
    let response = answer.map_err(|error| {
        let wrong = Wrong::server("the request was not answered", "an answer over HTTP", error.to_string());
        let wrong = wrong.kind(FailureKind::NoConnection);
        if error.reached_nobody() { wrong.nobody() } else { wrong }
    })?;
    let body = String::from_utf8_lossy(&response.body);
    judge_status(http, &response, &body)?;
    judge_headers(http, &response, values)?;
    let json = serde_json::from_str(&body).ok();
    if let Some(pattern) = &http.with {
        let Some(json) = &json else {
            let what = "the body of the answer is not JSON";
            return Err(Wrong::server(what, pattern.describe(values), shorten(&body)));
        };
        pattern.check(json, values).map_err(|mismatch| {
            let what = wait::in_words(&mismatch, "the body of the answer");
            Wrong::server(what, pattern.describe(values), brief(json))
        })?;
    }
    let mut taken = AnswerBody::new(&response, &body, json.as_ref());
    for save in &http.save {
        let value = taken.take(&save.part, values)?;
        values.set(save.name, value);
    }
    let told = http.note.as_ref().zip(json.as_ref());
    let told = told.filter(|((when, _), json)| when.check(json, values).is_ok());
    Ok(told.map(|((_, note), _)| note.fill(values).into()))
}

fn judge_status(http: &Http, response: &Response, body: &str) -> Result<(), Wrong> {
    let (is_right, expected) = match http.answer {
        Some(status) => (response.status == status, format!("status {status}")),
        None => (response.status < 400, "a status below 400".to_owned()),
    };
    if is_right {
        return Ok(());
    }
    let what = "the request was answered otherwise";
    Err(Wrong::server(what, expected, show(response, body)))
}

fn judge_headers(http: &Http, response: &Response, values: &Values) -> Result<(), Wrong> {
    for (name, value) in &http.answer_headers {
        let (name, expected) = (name.to_ascii_lowercase(), value.fill(values));
        let named = response.headers.iter().filter(|(own, _)| *own == name);
        let found: Vec<&str> = named.map(|(_, value)| value.as_str()).collect();
        if !header_value::says(&name, &expected, &found) {
            let actual = match found.as_slice() {
                [] => "no such header".to_owned(),
                found => found.join(", "),
            };
            let what = format!("the answer has another header {name}");
            return Err(Wrong::server(what, expected, actual));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
