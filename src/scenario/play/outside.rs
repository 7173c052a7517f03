//! Steps outside of any connection: HTTP requests and restarts of the server.

use std::sync::Arc;

use super::Play;
use super::failure::Wrong;
use super::recording::{Flooded, Noted, Who};
use super::wait::{self, WaitKind};
use crate::clock::Time;
use crate::scenario::pattern::brief;
use crate::scenario::program::{Http, HttpSave, What};
use crate::scenario::shorten;
use crate::scenario::template::Values;
use crate::transport::{RequestError, Response};
use crate::wire::header_value;

impl Play {
    pub(super) fn handle_http(
        &mut self,
        answer: Result<Response, RequestError>,
        now: Time,
    ) -> Result<(), Flooded> {
        let program = Arc::clone(&self.program);
        let waiting = self
            .waits
            .iter()
            .position(|wait| matches!(wait.kind, WaitKind::Http) && wait.over.is_none());
        let noted = match &answer {
            Ok(response) => Noted::Answered(response.clone()),
            Err(error) => Noted::Failed(error.to_string()),
        };
        if let Some(index) = waiting {
            let act = self.waits[index].act;
            if let Some(What::Http(http)) = program.groups.get(self.group).map(|group| &group.acts[act].what)
            {
                match judge_answer(http, answer, &mut self.values) {
                    Err(wrong) => self.fail(act, wrong),
                    Ok(note) => {
                        self.note = note.or(self.note.take());
                        // In an ordered group the answer counts like a message.
                        self.serial += 1;
                        self.waits[index].over = Some(self.serial);
                    }
                }
            }
        }
        self.recording.push(now, Who::Http, noted)
    }

    pub(super) fn handle_restarted(&mut self, result: Result<(), String>, now: Time) -> Result<(), Flooded> {
        let waiting = self
            .waits
            .iter()
            .position(|wait| matches!(wait.kind, WaitKind::Restarted));
        if let Some(index) = waiting {
            match &result {
                Ok(()) => self.waits[index].over = Some(0),
                Err(why) => {
                    let act = self.waits[index].act;
                    self.fail(
                        act,
                        Wrong::server("the server did not come back", "a server that answers", why),
                    );
                }
            }
        }
        self.recording
            .push(now, Who::Server, Noted::Server("started again"))
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
        let what = "the request was not answered";
        Wrong::server(what, "an answer over HTTP", error.to_string())
    })?;
    let body = String::from_utf8_lossy(&response.body);
    if let Some(status) = http.answer.filter(|status| *status != response.status) {
        let actual = format!("{} {}", response.status, shorten(&body));
        let what = "the request was answered otherwise";
        return Err(Wrong::server(what, format!("status {status}"), actual));
    }
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
    match &http.save {
        HttpSave::Nothing => {}
        HttpSave::Body(name) => values.set(*name, body.into_owned().into()),
        HttpSave::Parts(parts) => wait::save(parts, json.as_ref(), values)?,
    }
    let told = http.note.as_ref().zip(json.as_ref());
    let told = told.filter(|((when, _), json)| when.check(json, values).is_ok());
    Ok(told.map(|((_, note), _)| note.fill(values).into()))
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
mod tests {
    use super::*;
    use crate::scenario::program::Program;
    use crate::scenario::read;

    fn http(program: &Program) -> &Http {
        match program.acts().next().map(|act| &act.what) {
            Some(What::Http(http)) => http,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_note_is_told_of_an_answer_that_holds_and_is_as_the_note_says() {
        let steps = "  - http: GET /\n    with: { status: { one-of: [403, 410] } }\n    note-when: { status: 403 }\n    note: refused\n";
        let program = read("a.yaml", &format!("about: A.\nsteps:\n{steps}")).unwrap();
        let judged = |status: u16| {
            let response = Response {
                status: 200,
                headers: Vec::new(),
                body: format!(r#"{{"status":{status}}}"#).into_bytes(),
                truncated: None,
            };
            judge_answer(http(&program), Ok(response), &mut Values::default()).ok()
        };
        assert_eq!(judged(403), Some(Some("refused".into())));
        assert_eq!(judged(410), Some(None));
        assert_eq!(judged(500), None);
    }

    #[test]
    fn a_note_alone_is_a_mistake() {
        let alone = read("a.yaml", "about: A.\nsteps:\n  - http: GET /\n    note: a\n").unwrap_err();
        assert!(alone.to_string().contains("belong together"), "{alone}");
    }
}
