//! The JSON Schema of scenario files (draft 2020-12). It is made from the tables of the reader, so that
//! editors complete and check what the reader accepts.

use serde_json::{Map, Value, json};

use super::generated::WORDS;
use super::needs::Level;
use super::pattern::Type;
use super::read::{CHANCE, KEYS, LOAD, ROLE, USERS};
use super::users::UserOrder;
use super::verbs::{ACTIONS, EVERY_STEP, FRAME, Kind, Opt, STEPS, TAKEN, Verb};
use crate::profile::Difference;
use crate::transport::Transport;

/// The whole schema.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    definitions.insert("step".to_owned(), step());
    definitions.insert("action".to_owned(), action());
    definitions.insert("pattern".to_owned(), pattern());
    definitions.insert(
        "steps".to_owned(),
        json!({ "type": "array", "items": { "$ref": "#/$defs/step" } }),
    );
    let mut properties = Map::new();
    for (name, about) in KEYS {
        let mut schema = of_key(name);
        describe(&mut schema, about);
        properties.insert(name.to_owned(), schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A phxproof scenario",
        "type": "object",
        "required": ["about", "steps"],
        "additionalProperties": false,
        "properties": properties,
        "$defs": definitions,
    })
}

fn describe(schema: &mut Value, about: &str) {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), about.into());
    }
}

fn of_key(name: &str) -> Value {
    match name {
        "about" | "risky" | "phoenix-only" => json!({ "type": "string" }),
        "level" => json!({ "enum": Level::ALL.map(Level::name) }),
        "vsn" => json!({ "enum": ["1.0.0", "2.0.0"] }),
        "differs-by" => {
            let names: Vec<&str> = Difference::all().map(Difference::name).collect();
            json!({ "type": "array", "items": { "enum": names } })
        }
        "given" | "steps" => json!({ "$ref": "#/$defs/steps" }),
        "hide" => json!({ "type": "array", "items": { "type": "string", "pattern": "^/" } }),
        "chance" => json!({ "type": "array", "items": chance() }),
        "load" => load(),
        "users" => users(),
        "generated" => generated(),
        "only-over" => {
            let reasons = Transport::ALL.map(|it| (it.name().to_owned(), json!({ "type": "string" })));
            json!({
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": Map::from_iter(reasons),
                "additionalProperties": false,
            })
        }
        _ => json!({ "type": "array", "items": { "type": "string" } }),
    }
}

/// The `users:` section.
fn users() -> Value {
    let mut properties = Map::new();
    for (name, about) in USERS {
        let mut schema = match name {
            "order" => json!({ "enum": UserOrder::NAMED.map(|(name, _)| name) }),
            _ => json!({ "type": "string" }),
        };
        describe(&mut schema, about);
        properties.insert(name.to_owned(), schema);
    }
    json!({ "type": "object", "required": ["from"], "properties": properties, "additionalProperties": false })
}

/// The `generated:` section.
fn generated() -> Value {
    let whole = json!({ "type": "integer", "minimum": 0 });
    let number = json!({ "type": "array", "items": whole, "minItems": 2, "maxItems": 2 });
    json!({ "type": "object", "additionalProperties": { "oneOf": [
        { "enum": WORDS.map(|(name, _)| name) },
        { "type": "object", "required": ["number"], "properties": { "number": number }, "additionalProperties": false },
    ] } })
}

/// The `load:` section.
fn load() -> Value {
    let mut properties = Map::new();
    for (name, about) in LOAD {
        let mut schema = match name {
            "sockets" | "weight" => json!({ "type": "integer", "minimum": 1 }),
            "rate" => json!({ "oneOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "const": "max" }] }),
            "stages" => json!({ "type": "array", "items": stage() }),
            "roles" => json!({ "type": "object", "additionalProperties": role() }),
            "objectives" => json!({ "type": "array", "items": { "type": "string" } }),
            _ => of_kind(Kind::Duration),
        };
        describe(&mut schema, about);
        properties.insert(name.to_owned(), schema);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn stage() -> Value {
    json!({
        "type": "object",
        "required": ["rate", "for"],
        "properties": { "rate": { "type": "number", "exclusiveMinimum": 0 }, "for": of_kind(Kind::Duration) },
        "additionalProperties": false,
    })
}

fn role() -> Value {
    let share = json!({ "type": "integer", "minimum": 1 });
    let mut properties = Map::new();
    for (name, about) in ROLE {
        let mut schema = if name == "share" {
            share.clone()
        } else {
            of_kind(Kind::Duration)
        };
        describe(&mut schema, about);
        properties.insert(name.to_owned(), schema);
    }
    json!({ "oneOf": [share, { "type": "object", "properties": properties, "additionalProperties": false }] })
}

fn chance() -> Value {
    let mut properties = Map::new();
    for (name, about) in CHANCE {
        let mut schema = match name {
            "any-order" => json!({ "type": "array", "items": { "type": "string" } }),
            "any-order-in" => json!({ "type": "array", "items": { "type": "string", "pattern": "^/" } }),
            _ => json!({ "type": "string" }),
        };
        describe(&mut schema, about);
        properties.insert(name.to_owned(), schema);
    }
    for (name, kind) in [
        ("on", Kind::Text),
        ("with", Kind::Pattern),
        ("binary", Kind::Bytes),
        ("ref", Kind::Json),
        ("join_ref", Kind::Json),
    ] {
        properties.insert(name.to_owned(), of_kind(kind));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

/// A step without an actor, or `ACTORS: action`.
fn step() -> Value {
    let mut forms: Vec<Value> = STEPS.iter().map(with_options).collect();
    let names: Vec<&str> = STEPS.iter().map(|verb| verb.name).collect();
    let actors = format!(
        "^(?!(?:{})$)[a-z][a-z0-9_]*( *, *[a-z][a-z0-9_]*)*$",
        names.join("|")
    );
    forms.push(json!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "patternProperties": { actors: { "$ref": "#/$defs/action" } },
        "additionalProperties": false,
    }));
    json!({ "oneOf": forms })
}

/// The action of an actor: a bare verb, or a verb with its value and options.
fn action() -> Value {
    let bare: Vec<Value> = ACTIONS
        .iter()
        .filter(|verb| matches!(verb.kind, Kind::Nothing | Kind::MaybeText | Kind::MaybeCode))
        .map(|verb| json!({ "const": verb.name, "description": verb.about }))
        .collect();
    let mut forms = vec![json!({ "oneOf": bare })];
    forms.extend(ACTIONS.iter().map(with_options));
    json!({ "oneOf": forms })
}

fn with_options(verb: &Verb) -> Value {
    let mut properties = Map::new();
    let mut main = of_kind(verb.kind);
    describe(&mut main, verb.about);
    properties.insert(verb.name.to_owned(), main);
    properties.extend(options(verb.options));
    properties.extend(options(EVERY_STEP));
    json!({
        "type": "object",
        "required": [verb.name],
        "properties": properties,
        "additionalProperties": false,
    })
}

fn options(options: &[Opt]) -> Map<String, Value> {
    options
        .iter()
        .map(|option| {
            let mut schema = of_kind(option.kind);
            describe(&mut schema, option.about);
            (option.name.to_owned(), schema)
        })
        .collect()
}

fn of_kind(kind: Kind) -> Value {
    let text = || json!({ "type": ["string", "number"] });
    match kind {
        Kind::Nothing => json!({ "type": "null" }),
        Kind::Text => text(),
        Kind::MaybeText => json!({ "type": ["string", "number", "null"] }),
        Kind::Json => json!({}),
        Kind::Bytes => json!({ "oneOf": [
            { "type": "string", "pattern": "^[0-9A-Fa-f\\s]*$" },
            { "type": "object", "properties": { "counting": { "type": "integer" } }, "required": ["counting"], "additionalProperties": false },
            { "type": "object", "properties": { "base64": { "type": "string" } }, "required": ["base64"], "additionalProperties": false },
        ] }),
        Kind::Duration => json!({ "type": "string", "pattern": "^[0-9]+ *[a-z]+( *[0-9]+ *[a-z]+)*$" }),
        Kind::Pattern => json!({ "$ref": "#/$defs/pattern" }),
        Kind::Reply => json!({ "oneOf": [
            { "enum": ["ok", "error", "any", "none"] },
            { "type": "string", "pattern": "^\\{\\{" },
            { "type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
              "patternProperties": { "^(ok|error|\\{\\{.*\\}\\})$": { "$ref": "#/$defs/pattern" } } },
        ] }),
        Kind::Save => saves(),
        Kind::HttpSave => json!({ "oneOf": [text(), {
            "type": "object",
            "additionalProperties": { "oneOf": [
                { "type": "string", "pattern": "^(/|$)" },
                { "type": "object", "minProperties": 1, "properties": options(TAKEN), "additionalProperties": false },
            ] },
        }] }),
        Kind::Texts => {
            json!({ "type": "object", "additionalProperties": { "type": ["string", "number", "null"] } })
        }
        Kind::Transport => json!({ "enum": Transport::ALL.map(Transport::name) }),
        Kind::Opening => json!({ "oneOf": [
            { "enum": ["open", "compressed", "uncompressed", "refused", "any"] },
            { "type": "integer", "minimum": 100, "maximum": 599 },
        ] }),
        Kind::MaybeCode => json!({ "type": ["integer", "null"], "minimum": 1000, "maximum": 4999 }),
        Kind::Number => json!({ "type": ["integer", "string"], "minimum": 0 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Frame => {
            json!({ "type": "object", "properties": options(FRAME), "additionalProperties": false })
        }
        Kind::Signal => json!({ "enum": ["term", "kill"] }),
        Kind::Steps => json!({ "$ref": "#/$defs/steps" }),
        Kind::Answers => json!({ "enum": ["in order", "in any order"] }),
        Kind::Sent => json!({ "enum": ["one by one", "in one segment"] }),
    }
}

/// Names for JSON pointers.
fn saves() -> Value {
    json!({ "type": "object", "additionalProperties": { "type": "string" } })
}

/// A pattern, which is any value; operators are maps of one key, which the schema describes for editors.
fn pattern() -> Value {
    let types: Vec<&str> = ["any", "absent"]
        .into_iter()
        .chain(Type::NAMED.iter().map(|it| it.0))
        .collect();
    json!({ "anyOf": [
        { "type": "object", "required": ["is"], "maxProperties": 1, "properties": { "is": { "enum": types } } },
        { "type": "object", "required": ["matches"], "maxProperties": 1, "properties": { "matches": { "type": "string" } } },
        { "type": "object", "required": ["one-of"], "maxProperties": 1,
          "properties": { "one-of": { "type": "array", "items": { "$ref": "#/$defs/pattern" } } } },
        { "type": "object", "required": ["not"], "maxProperties": 1, "properties": { "not": { "$ref": "#/$defs/pattern" } } },
        { "type": "object", "required": ["exactly"], "maxProperties": 1, "properties": { "exactly": {} } },
        {},
    ] })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validator() -> jsonschema::Validator {
        jsonschema::validator_for(&schema()).unwrap()
    }

    #[test]
    fn a_good_file_is_valid_and_mistakes_are_not() {
        let validator = validator();
        let good = json!({ "about": "x", "steps": [
            { "ana, bea": "connect" },
            { "ana": { "push": "echo", "with": { "a": 1 }, "reply": { "ok": { "a": { "is": "integer" } } } } },
            { "repeat": 3, "counting": "n", "together": [ { "ana": "heartbeat" } ], "answers": "in order" },
        ] });
        assert!(
            validator.is_valid(&good),
            "{:?}",
            validator.iter_errors(&good).next().map(|it| it.to_string())
        );
        let bad = [
            json!({ "about": "x" }),
            json!({ "about": "x", "steps": [ { "ana": "recieve" } ] }),
            json!({ "about": "x", "steps": [ { "ana": { "push": "echo", "wiht": 1 } } ] }),
            json!({ "about": "x", "steps": [], "colour": "red" }),
        ];
        for bad in bad {
            assert!(!validator.is_valid(&bad), "{bad}");
        }
    }
}
