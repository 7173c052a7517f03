//! The requests of `http` steps: sends them with the cookies of their users, follows redirects, and completes the steps.

use std::sync::Arc;

use super::Play;
use super::answer::judge_answer;
use super::command::{Command, HttpRequest, RequestId};
use super::failure::Wrong;
use super::jar::CookieJar;
use super::recording::{Flooded, Noted, Who};
use super::request::{RequestUnderWay, http_request, names_header, redirected};
use super::taken::show;
use super::wait::WaitKind;
use crate::clock::Time;
use crate::scenario::program::{Actor, Http, What};
use crate::transport::{ConnectRequest, RequestError, Response};

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
        if let Some(user) = http.by.filter(|_| !names_header(&sent.headers, COOKIE))
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
        if !names_header(&request.headers, COOKIE)
            && let Some(cookies) = self.requests.jars[actor.0].header("/", now)
        {
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
        let waiting = self
            .waits
            .iter()
            .position(|wait| is_it(&wait.kind) && wait.over.is_none());
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
                let hidden = |note: Box<str>| self.recording.secrets.hidden(&note).into();
                self.note = note.map(hidden).or(self.note.take());
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

/// The part of an answer in its step.
enum AnswerStatus {
    /// It is a redirect, which the play follows.
    Redirected,
    /// It is the last answer and matches the step; with the note of the step if the answer matches `note-when`.
    Whole(Option<Box<str>>),
}

const COOKIE: &str = "Cookie";

fn who(http: &Http) -> Who {
    http.by.map_or(Who::Http, |user| Who::User(user.0))
}

#[cfg(test)]
mod tests;
