//! The answers of a channel of `videos:*`. Annotations outlive connections.

use serde_json::{Map, Value, json};

use super::super::conversation::{BadAnnotation, Client, Params, PushKind, Topic};
use super::super::prediction::PredictedPayload;
use super::super::step::{NOTE, ScenarioStep, Wanted};
use super::{Model, news};

/// The event of a new annotation.
pub(super) const NEWS: &str = "new_annotation";

/// The annotations of the video of the conversation.
#[derive(Debug, Default)]
pub(super) struct Video {
    made: Vec<Annotation>,
}

#[derive(Clone, Debug)]
struct Annotation {
    body: String,
    at: u32,
}

impl Annotation {
    /// The annotation as it is sent; its id and its author are hidden in fixtures.
    fn sent(&self) -> Value {
        json!({ "id": 0, "at": self.at, "body": self.body, "user": { "username": "" } })
    }
}

impl Video {
    /// The annotations that a join with these params brings: those behind the one that it names, by their time.
    pub(super) fn since(&self, params: &Params) -> Vec<Value> {
        let mut behind: Vec<&Annotation> = self.made.iter().skip(self.seen(params)).collect();
        behind.sort_by_key(|it| it.at);
        behind.into_iter().map(Annotation::sent).collect()
    }

    /// How many annotations the client of these params has seen.
    fn seen(&self, params: &Params) -> usize {
        match params {
            Params::Since(number) => (*number).min(self.made.len()),
            _ => 0,
        }
    }

    /// Adds the params of a join to its line.
    pub(super) fn with_params(&self, line: ScenarioStep, topic: &Topic, params: &Params) -> ScenarioStep {
        let members = match (topic, params) {
            (Topic::Video, _) => {
                let seen = self.seen(params);
                return match seen {
                    0 => line,
                    seen => line.bare(
                        "with",
                        &format!("{{ last_seen_id: \"{{{{{}}}}}\" }}", saved(seen)),
                    ),
                };
            }
            (_, Params::Plain(members)) => members.clone(),
            (_, Params::Deny(reason)) => Map::from_iter([("deny".to_owned(), json!(reason))]),
            (_, Params::Crash) => Map::from_iter([("crash".to_owned(), json!(true))]),
            (_, Params::Status(status)) => Map::from_iter([("status".to_owned(), json!(status))]),
            (_, Params::Since(_)) => Map::new(),
        };
        match members.is_empty() {
            true => line,
            false => line.data(&Value::Object(members)),
        }
    }
}

/// The name under which the id of the annotation with this number is kept.
fn saved(number: usize) -> String {
    format!("{NOTE}{number}")
}

impl Model {
    pub(super) fn push_to_video(&mut self, client: Client, push: &PushKind) {
        match push {
            PushKind::Annotate(body, at) => self.annotate(client, push, (body, *at)),
            PushKind::AnnotateBadly(how) => {
                let errors = match how {
                    BadAnnotation::NoBody | BadAnnotation::EmptyBody => json!({ "body": ["can't be blank"] }),
                    BadAnnotation::TextAsTime | BadAnnotation::TimeBelowZero => {
                        json!({ "at": ["must be an integer of at least 0"] })
                    }
                };
                let response = json!({ "errors": errors });
                self.answers(client, &Topic::Video, push, ("error", response));
            }
            _ => self.crash(client, &Topic::Video, push),
        }
    }

    fn annotate(&mut self, client: Client, push: &PushKind, (body, at): (&str, u32)) {
        self.forget(&Topic::Video);
        self.out.broadcasters.insert(client);
        let annotation = Annotation {
            body: body.to_owned(),
            at,
        };
        self.video.made.push(annotation.clone());
        let members = self.members(&Topic::Video);
        for &member in &members {
            let payload = PredictedPayload::Json(annotation.sent());
            self.tell(member, news(None, &Topic::Video, NEWS, payload));
        }
        self.answers(client, &Topic::Video, push, ("ok", json!({})));
        let number = self.video.made.len();
        let others: Vec<Client> = members.into_iter().filter(|member| *member != client).collect();
        if !others.is_empty() {
            self.line(ScenarioStep::all(&others, "receive", NEWS).wanted(Wanted::WithIds));
        }
        let line = ScenarioStep::new(client, "receive", NEWS).wanted(Wanted::WithIds);
        self.line(line.bare("save", &format!("{{ {}: /id }}", saved(number))));
    }
}
