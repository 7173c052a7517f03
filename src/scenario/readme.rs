//! Checks that the tables in docs/load.md and docs/scenarios.md match the tables of the reader.
//! `PHXPROOF_WRITE_README=1 cargo test readme` writes them.

use std::fmt::Write as _;
use std::path::Path;

use super::needs::Offer;
use super::pattern::Type;
use super::read::{CHANCE, GENERATED, KEYS, LOAD, OPERATORS, ROLE, USERS};
use super::verbs::{ACTIONS, EVERY_STEP, FRAME, Kind, Opt, STEPS, TAKEN, Verb};

/// The tables of docs/load.md by name.
fn tables_of_load() -> [(&'static str, String); 2] {
    [
        ("load", two_columns(["key", "what it says"], LOAD)),
        ("role", two_columns(["key", "what it says"], ROLE)),
    ]
}

/// The tables of docs/scenarios.md by name.
fn tables_of_scenarios() -> [(&'static str, String); 11] {
    [
        ("keys", two_columns(["key", "what it is for"], KEYS)),
        ("actions", verbs("what an actor does", ACTIONS)),
        ("steps", verbs("a step without an actor", STEPS)),
        ("users", two_columns(["key", "what it says"], USERS)),
        ("generated", two_columns(["written", "makes up"], GENERATED)),
        ("options", options()),
        ("taken", parts(TAKEN)),
        ("raw", parts(FRAME)),
        (
            "patterns",
            two_columns(["pattern", "holds for"], OPERATORS.map(holds_for)),
        ),
        (
            "chance",
            two_columns(["item", "what a correct server may do"], CHANCE),
        ),
        (
            "offers",
            two_columns(
                ["name", "what it stands for"],
                Offer::NAMED.map(|(name, it)| (name, stands_for(it))),
            ),
        ),
    ]
}

fn two_columns<const N: usize>(head: [&str; 2], rows: [(&str, impl AsRef<str>); N]) -> String {
    let mut table = format!("| {} | {} |\n| --- | --- |\n", head[0], head[1]);
    for (name, about) in rows {
        let _ = writeln!(table, "| `{name}` | {} |", cell(about.as_ref()));
    }
    table
}

fn verbs(head: &str, all: &[Verb]) -> String {
    let mut table = format!("| {head} | takes | does | options |\n| --- | --- | --- | --- |\n");
    for verb in all {
        let names: Vec<_> = verb
            .options
            .iter()
            .map(|option| format!("`{}`", option.name))
            .collect();
        let (name, kind, about) = (verb.name, takes(verb.kind), cell(verb.about));
        let _ = writeln!(table, "| `{name}` | {kind} | {about} | {} |", names.join(", "));
    }
    table
}

/// The options, with one row for all verbs in which an option means the same.
fn options() -> String {
    let mut rows: Vec<(&Opt, Vec<&str>)> = Vec::new();
    for verb in ACTIONS.iter().chain(STEPS) {
        for option in verb.options {
            match rows
                .iter_mut()
                .find(|(it, _)| it.name == option.name && it.about == option.about)
            {
                Some((_, verbs)) => verbs.push(verb.name),
                None => rows.push((option, vec![verb.name])),
            }
        }
    }
    let mut table = "| option | of | takes | says |\n| --- | --- | --- | --- |\n".to_owned();
    rows.extend(EVERY_STEP.iter().map(|option| (option, vec!["any step"])));
    for (option, verbs) in rows {
        let (name, kind, about) = (option.name, takes(option.kind), cell(option.about));
        let _ = writeln!(table, "| `{name}` | {} | {kind} | {about} |", verbs.join(", "));
    }
    table
}

fn parts(parts: &[Opt]) -> String {
    let mut table = "| part | takes | says |\n| --- | --- | --- |\n".to_owned();
    for part in parts {
        let _ = writeln!(
            table,
            "| `{}` | {} | {} |",
            part.name,
            takes(part.kind),
            cell(part.about)
        );
    }
    table
}

/// Escapes the characters that Markdown takes for the end of a cell or the start of a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// What a value must be, in the wording of the documents.
fn takes(kind: Kind) -> &'static str {
    match kind {
        Kind::Nothing => "nothing",
        Kind::Text => "a text",
        Kind::MaybeText => "a text, or nothing",
        Kind::Json => "any value",
        Kind::Bytes => "bytes",
        Kind::Duration => "a time",
        Kind::Pattern => "a pattern",
        Kind::Reply => "a reply",
        Kind::Save => "`{ NAME: /POINTER }`",
        Kind::HttpSave => "a text, or `{ NAME: /POINTER }`, or `{ NAME: { css: SELECTOR } }` and the like",
        Kind::Texts => "`{ NAME: TEXT }`",
        Kind::Transport => "`websocket` or `longpoll`",
        Kind::Opening => "`open`, `compressed`, `uncompressed`, `refused`, `any`, or a status",
        Kind::MaybeCode => "a close code, or nothing",
        Kind::Number => "a whole number",
        Kind::Flag => "true or false",
        Kind::Frame => "parts, see below",
        Kind::Signal => "`term` or `kill`",
        Kind::Steps => "a list of steps",
        Kind::Answers => "`in order` or `in any order`",
        Kind::Sent => "`one by one` or `in one segment`",
    }
}

/// How an operator is written, and what it matches.
fn holds_for(operator: &str) -> (&'static str, String) {
    match operator {
        "is" => {
            let types: Vec<_> = Type::NAMED.iter().map(|(name, _)| format!("`{name}`")).collect();
            let about = "a value of this type";
            let others = "`any`: any value; `absent`: there must be no value";
            ("{ is: TYPE }", format!("{about}: {}; {others}", types.join(", ")))
        }
        "matches" => (
            "{ matches: REGEX }",
            "a text that this regular expression matches somewhere".to_owned(),
        ),
        "one-of" => (
            "{ one-of: [PATTERN, …] }",
            "a value that one of these patterns holds for".to_owned(),
        ),
        "not" => (
            "{ not: PATTERN }",
            "a value that is there and that this pattern does not hold for".to_owned(),
        ),
        "exactly" => (
            "{ exactly: VALUE }",
            "exactly this value; a map has no other members".to_owned(),
        ),
        other => panic!("say in docs/scenarios.md what `{other}` holds for"),
    }
}

fn stands_for(offer: Offer) -> &'static str {
    match offer {
        Offer::Mount => "the path of the target's socket, such as `/socket`",
        Offer::Topic => "`--topic`",
        Offer::JoinParams => "`--join-params`",
        Offer::OtherTopic => "`--other-topic`",
        Offer::OtherJoinParams => "`--other-join-params`",
        Offer::UnknownTopic => "`--unknown-topic`",
        Offer::InventedTopic => "a topic that the server cannot know",
        Offer::PushEvent => "the event of `--push`",
        Offer::PushPayload => "the payload of `--push`",
        Offer::PushStatus => "the status of its reply, when nothing else is sent",
        Offer::FirstAnswer => "the response to the first such push after a join, when nothing else is sent",
        Offer::SecondAnswer => "the response to the second one",
        Offer::ThirdAnswer => "the response to the third one",
        Offer::Sender => "in a load, the number of the socket that sends",
        Offer::Seq => "in a load, how many pushes that socket has sent before",
        Offer::Mark => "in a load, a text by which phxproof knows a broadcast again",
    }
}

/// Replaces the table between the two comments of that name in `page` by `table`.
fn with_table(page: &str, name: &str, table: &str) -> String {
    let begin = format!("<!-- table: {name} -->\n");
    let (before, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("the document has no `{}`", begin.trim()));
    let (_, after) = rest
        .split_once("<!-- end -->")
        .unwrap_or_else(|| panic!("the table {name} has no end"));
    format!("{before}{begin}{table}<!-- end -->{after}")
}

#[test]
fn the_readme_of_load_has_the_tables_of_the_reader() {
    hold("docs/load.md", &tables_of_load());
}

#[test]
fn the_readme_of_scenarios_has_the_tables_of_the_reader() {
    hold("docs/scenarios.md", &tables_of_scenarios());
}

/// Checks that the document contains the tables, or writes them into it if that is requested.
fn hold(document: &str, tables: &[(&str, String)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let written = std::fs::read_to_string(&path).unwrap();
    let fresh = tables.iter().fold(written.clone(), |page, (name, table)| {
        with_table(&page, name, table)
    });
    if std::env::var_os("PHXPROOF_WRITE_README").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(
        written == fresh,
        "a table of {document} is stale: PHXPROOF_WRITE_README=1 cargo test readme"
    );
}

#[test]
fn a_table_is_put_between_its_comments() {
    let page = "a\n<!-- table: x -->\nold\n<!-- end -->\nb\n<!-- table: y -->\n<!-- end -->\n";
    let fresh = "a\n<!-- table: x -->\nnew\n<!-- end -->\nb\n<!-- table: y -->\n<!-- end -->\n";
    assert_eq!(with_table(page, "x", "new\n"), fresh);
}
