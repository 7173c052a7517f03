//! Compares answers to requests with their steps.

use super::failure::{FailureKind, Wrong};
use super::taken::{AnswerBody, show};
use super::wait;
use crate::scenario::pattern::brief;
use crate::scenario::program::Http;
use crate::scenario::shorten;
use crate::scenario::template::Values;
use crate::transport::{RequestError, Response};
use crate::wire::header_value;

/// Compares the answer to a request with its step, and saves the values that the step names. Returns the note of the
/// step if the answer matches `note-when`.
pub(super) fn judge_answer(
    http: &Http,
    answer: Result<Response, RequestError>,
    values: &mut Values,
) -> Result<Option<Box<str>>, Wrong> {
    let response = answer.map_err(|error| {
        let wrong = Wrong::server(
            "the request was not answered",
            "an answer over HTTP",
            error.to_string(),
        );
        let wrong = wrong.kind(FailureKind::NoConnection);
        if error.reached_nobody() {
            wrong.nobody()
        } else {
            wrong
        }
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
    let (is_right, expected) = match (http.answer, http.by) {
        (Some(status), _) => (response.status == status, format!("status {status}")),
        (None, Some(_)) => (response.status < 400, "a status below 400".to_owned()),
        // The fixture of a case says which status comes.
        (None, None) => return Ok(()),
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
mod tests {
    use super::*;
    use crate::scenario::program::{Program, What};
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
