//! The parts of the interpreter that do not depend on the client: first values, requests, and whether contents are as
//! expected. Another client than ours that plays a scenario uses them, too.

use serde_json::Value;

use super::answer::judge_answer;
use super::command::{Purpose, Setting};
use super::wait::{in_words, save};
use crate::dice::Dice;
use crate::scenario::program::{Connect, Content, Http, MountPath, Program, Save};
use crate::scenario::template::{Template, Values};
use crate::transport::{ConnectRequest, RequestError, Response};

/// The values that a play begins with: fresh names, and what the command line or the target offers.
pub(crate) fn first_values(program: &Program, setting: &Setting) -> Values {
    let mut values = Values::new(program.names.len());
    for (number, name) in (setting.first_fresh..).zip(&program.fresh) {
        // A text, because it is used in names of users and topics.
        values.set(*name, number.to_string().into());
    }
    if let Purpose::Swarm { first_shared } = setting.purpose {
        let shared = (first_shared..).zip(&program.fresh);
        for (number, name) in shared.filter(|(_, name)| program.shared.contains(name)) {
            values.set(*name, number.to_string().into());
        }
    }
    if let Some(users) = &program.users {
        users.fill(&mut values, setting.first_user, setting.first_fresh);
    }
    draw(program, setting, 0, &mut values);
    for (offer, name) in &program.offered {
        if let Some((_, value)) = setting.offers.iter().find(|(offered, _)| offered == offer) {
            values.set(*name, value.clone());
        }
    }
    values
}

/// Makes up the generated values of a round of a play. The first number for fresh names follows from the seed, and is
/// another one in each play.
pub(super) fn draw(program: &Program, setting: &Setting, round: u64, values: &mut Values) {
    let mut dice = Dice::new(setting.first_fresh, round);
    for generated in &program.generated {
        values.set(generated.name, generated.kind.draw(&mut dice));
    }
}

/// How a `connect` step connects.
pub(crate) fn connect_request(connect: &Connect, values: &Values) -> ConnectRequest {
    let filled = |pairs: &[(String, Option<Template>)]| {
        let pairs = pairs.iter();
        let fill = |value: &Template| value.fill(values);
        pairs
            .map(|(key, value)| (key.clone(), value.as_ref().map(fill)))
            .collect()
    };
    ConnectRequest {
        transport: connect.transport,
        mount: match &connect.mount {
            MountPath::Target => None,
            MountPath::Instead(name) => Some(name.clone()),
        },
        user: connect.user.as_ref().map(|user| user.fill(values)),
        token_age: connect.token_age,
        params: filled(&connect.params),
        headers: filled(&connect.headers),
    }
}

/// Compares the answer to an `http` step with the step, and saves the values that it names.
///
/// # Errors
/// If the answer is not as the step expects; in words.
pub(crate) fn take_http_answer(
    http: &Http,
    answer: Result<Response, RequestError>,
    values: &mut Values,
) -> Result<(), String> {
    judge_answer(http, answer, values)
        .map(|_| ())
        .map_err(|wrong| wrong.what)
}

/// A payload or a response that a client was given.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Given {
    Json(Value),
    Binary(Vec<u8>),
}

/// Compares a payload or a response with what a step expects, and saves the values that the step names. `owner` is what
/// it is called: `the response`.
///
/// # Errors
/// If it differs; in words.
pub(crate) fn take_content(
    owner: &str,
    (expected, saves): (&Content, &[Save]),
    given: &Given,
    values: &mut Values,
) -> Result<(), String> {
    match (expected, given) {
        (Content::Unjudged, _) => {}
        (Content::Binary(bytes), Given::Binary(found)) if bytes == found => {}
        (Content::Binary(_), _) => return Err(format!("{owner} has other bytes")),
        (Content::Json(_), Given::Binary(_)) => return Err(format!("{owner} is bytes, expected JSON")),
        (Content::Json(pattern), Given::Json(value)) => pattern
            .check(value, values)
            .map_err(|mismatch| in_words(&mismatch, owner))?,
    }
    let json = match given {
        Given::Json(value) => Some(value),
        Given::Binary(_) => None,
    };
    save(saves, json, values).map_err(|wrong| wrong.what)
}
