//! `videos:<id>` topics: annotations of a video. They outlive the server, and a client that joins again gets those that it
//! missed (`video_channel.ex`).

use super::super::channel::{Channel, Join, Next, Reason};
use super::super::conduct::{
    AnnotationFields, Author, CatchUp, CatchUpOrder, Ids, Tolerated, Unnumbered, VideoConduct,
};
use super::super::context::{Context, Info};
use super::super::elixir::{Raised, Term, no_clause, quote, string_to_integer};
use super::super::payload::{Body, In, Status};
use super::super::store::{Annotation, Answer, NewAnnotation, Request};
use super::{json, push_ping, send_pings};
use crate::protocol::json::members;

#[cfg(test)]
mod tests;

/// What a channel keeps.
#[derive(Default)]
pub(super) struct Videos {
    /// The decimal text of an integer of any size; the topic may say it in another way, as `videos:007` does.
    video: String,
    pings: u64,
    /// The id that the join has seen last, as the client knows it.
    seen: i64,
    /// Members that the broadcast of the annotation in hand has besides its own.
    extra: String,
}

impl Videos {
    fn let_in(&mut self, topic: &str, params: Term<'_>, cx: &mut Context<'_>) -> Result<Join, Raised> {
        let name = topic.strip_prefix("videos:").unwrap_or(topic);
        self.video = match (string_to_integer(name), cx.conduct().videos.unnumbered) {
            (Err(_), Unnumbered::LetIn) => name.to_owned(),
            (number, Unnumbered::LetIn | Unnumbered::Crashes) => number?,
        };
        if let Some(ms) = params.access("ping_ms")?.truthy() {
            send_pings(ms, cx);
        }
        let seen = params.access("last_seen_id")?.truthy().map_or(0, Term::floor);
        let last_seen = match cx.conduct().catch_up {
            CatchUp::Crashes if seen > 0 => return Err(Raised("this catch-up crashes".to_owned())),
            CatchUp::After | CatchUp::MissesFirst | CatchUp::AtMostAHundred | CatchUp::Crashes => seen,
            CatchUp::FromLastSeen => seen.saturating_sub(1),
        };
        self.seen = seen;
        let last_seen = match cx.conduct().videos.ids {
            Ids::Grow | Ids::BeginAnew => last_seen,
            Ids::Shrink => 0,
        };
        Ok(Join::Call(Request::After {
            video: self.video.clone(),
            last_seen,
        }))
    }

    fn annotate(&mut self, params: Term<'_>, cx: &mut Context<'_>) -> Result<Next, Raised> {
        let (body, at) = match validate(params, cx.conduct().videos.tolerated)? {
            Ok(valid) => valid,
            Err(errors) => {
                return Ok(Next::Reply(
                    Status::Error,
                    json(format!(r#"{{"errors":{errors}}}"#)),
                ));
            }
        };
        self.extra = match cx.conduct().annotation_fields {
            AnnotationFields::Known => String::new(),
            AnnotationFields::AllThatWasSent => unknown_members(params),
        };
        let video = self.video.clone();
        Ok(Next::Call(Request::Add(NewAnnotation {
            video,
            user: author(params, cx)?,
            body,
            at,
        })))
    }
}

impl Channel for Videos {
    fn join(&mut self, topic: &str, params: In<'_>, cx: &mut Context<'_>) -> Join {
        self.let_in(topic, Term::of(params), cx)
            .unwrap_or_else(Join::from)
    }

    fn joined(&mut self, answer: Answer, cx: &mut Context<'_>) -> Join {
        let videos = cx.conduct().videos.clone();
        let annotations = match answer {
            Answer::Annotations(annotations) => in_order(annotations, &videos),
            Answer::Added(_) => return Join::Crash("the store answered something else".to_owned()),
            Answer::Failed(why) => return Join::Crash(why),
        };
        let (missed, most) = match cx.conduct().catch_up {
            CatchUp::After | CatchUp::FromLastSeen | CatchUp::Crashes => (0, usize::MAX),
            CatchUp::MissesFirst => (1, usize::MAX),
            CatchUp::AtMostAHundred => (0, 100),
        };
        let annotations: Vec<String> = annotations
            .iter()
            .filter(|it| videos.ids != Ids::Shrink || videos.ids.told(it.id) > self.seen)
            .skip(missed)
            .take(most)
            .map(|it| to_json(it, videos.ids, ""))
            .collect();
        Join::Ok(json(format!(r#"{{"annotations":[{}]}}"#, annotations.join(","))))
    }

    fn handle_in(&mut self, event: &str, payload: In<'_>, cx: &mut Context<'_>) -> Next {
        let result = match event {
            "new_annotation" => self.annotate(Term::of(payload), cx),
            _ => Err(no_clause(event)),
        };
        result.unwrap_or_else(Next::from)
    }

    fn answered(&mut self, answer: Answer, cx: &mut Context<'_>) -> Next {
        match answer {
            Answer::Added(annotation) => {
                let ids = cx.conduct().videos.ids;
                cx.broadcast("new_annotation", json(to_json(&annotation, ids, &self.extra)));
                Next::Reply(Status::Ok, Body::empty())
            }
            Answer::Annotations(_) => {
                Next::Stop(Reason::Crash("the store answered something else".to_owned()))
            }
            Answer::Failed(why) => Next::Stop(Reason::Crash(why)),
        }
    }

    fn handle_info(&mut self, info: Info, cx: &mut Context<'_>) -> Next {
        match info {
            Info::Ping => {
                self.pings += 1;
                push_ping(self.pings, cx);
            }
            Info::StartPing(_) | Info::Track | Info::Tracked | Info::State | Info::ReplyLater(..) => {}
        }
        Next::NoReply
    }
}

/// Whose the annotation is that a client sends.
fn author(params: Term<'_>, cx: &Context<'_>) -> Result<String, Raised> {
    let said = match cx.conduct().videos.author {
        Author::User => None,
        Author::AsSaid => params.access("user")?.access("username")?.text(),
    };
    Ok(said.unwrap_or_else(|| cx.user().to_owned()))
}

/// Annotations in the order in which a join brings them.
fn in_order(mut annotations: Vec<Annotation>, videos: &VideoConduct) -> Vec<Annotation> {
    if videos.order == CatchUpOrder::ById {
        annotations.sort_by_key(|it| it.id);
    }
    annotations
}

/// The body and the place in the video; or else what is wrong, by field, as JSON.
fn validate(params: Term<'_>, tolerated: Tolerated) -> Result<Result<(String, String), String>, Raised> {
    let is_fine = |body: &String| !body.is_empty() || tolerated == Tolerated::EmptyBodies;
    let body = params.access("body")?.text().filter(is_fine);
    let is_place = |at: &String| !at.starts_with('-') || tolerated == Tolerated::NegativePlaces;
    let at = match params.access("at")? {
        at @ Term::Integer(_) => Some(at.json()).filter(is_place),
        _ => None,
    };
    let blank = r#""body":["can't be blank"]"#;
    let misplaced = r#""at":["must be an integer of at least 0"]"#;
    Ok(match (body, at) {
        (Some(body), Some(at)) => Ok((body, at)),
        (None, Some(_)) => Err(format!("{{{blank}}}")),
        (Some(_), None) => Err(format!("{{{misplaced}}}")),
        (None, None) => Err(format!("{{{misplaced},{blank}}}")),
    })
}

/// The keys in the order in which Jason writes them.
fn to_json(annotation: &Annotation, ids: Ids, extra: &str) -> String {
    let Annotation { id, at, body, user } = annotation;
    let id = ids.told(*id);
    let (body, user) = (quote(body), quote(user));
    format!(r#"{{"at":{at},"body":{body},"id":{id},"user":{{"username":{user}}}{extra}}}"#)
}

/// `,"key":value` of each member that an annotation does not have.
fn unknown_members(params: Term<'_>) -> String {
    let Term::Map(object) = params else {
        return String::new();
    };
    members(object)
        .map_while(Result::ok)
        .filter(|(key, _)| !matches!(key.as_ref(), "at" | "body" | "id" | "user"))
        .map(|(key, value)| format!(",{}:{value}", quote(&key)))
        .collect()
}
