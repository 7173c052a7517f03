//! A push given on the command line: its payload with the values that each send fills in, and its expected reply.

use serde_json::Value;

use super::{Answer, PushReply};
use crate::load::text::{Line, Meaning};
use crate::scenario::{Data, Filter, Name, Template, TemplatePart};

impl From<PushReply> for Answer {
    fn from(reply: PushReply) -> Self {
        match reply {
            PushReply::Ok => Self::Status("ok".into(), None),
            PushReply::Error => Self::Status("error".into(), None),
            PushReply::Any => Self::Any,
            PushReply::None => Self::None,
        }
    }
}

/// Parses the holes in a payload from the command line; everything else is kept as it is.
pub(super) fn holes_of_command_line(payload: &Value) -> Line {
    let meanings = [Meaning::Sender, Meaning::Seq, Meaning::Mark];
    let named = [
        ("{{sender}}", Name(0)),
        ("{{seq}}", Name(1)),
        ("{{mark}}", Name(2)),
    ];
    Line::json(&with_holes(payload, &named), &meanings).unwrap_or_default()
}

fn with_holes(value: &Value, named: &[(&str, Name)]) -> Data {
    match value {
        Value::String(text) => {
            let template = split_at_holes(text, named);
            template
                .only_hole()
                .map_or_else(|| Data::Text(template.clone()), Data::Hole)
        }
        Value::Array(items) => Data::List(items.iter().map(|item| with_holes(item, named)).collect()),
        Value::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| (Template::text(key), with_holes(value, named)));
            Data::Map(members.collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Data::Value(value.clone()),
    }
}

fn split_at_holes(text: &str, named: &[(&str, Name)]) -> Template {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((at, (hole, name))) = named
        .iter()
        .filter_map(|it| Some((rest.find(it.0)?, it)))
        .min_by_key(|(at, _)| *at)
    {
        if at > 0 {
            parts.push(TemplatePart::Text(rest[..at].to_owned()));
        }
        parts.push(TemplatePart::Hole(*name, Filter::AsItIs));
        rest = &rest[at + hole.len()..];
    }
    if !rest.is_empty() {
        parts.push(TemplatePart::Text(rest.to_owned()));
    }
    Template(parts)
}
