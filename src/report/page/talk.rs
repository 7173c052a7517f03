//! A conversation as the page shows it: who said what to whom, and when. Texts are shortened, and of a long conversation
//! only the beginning and the end are kept.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::conformance::without_secrets;
use crate::report::frames::{Dir, Line, What};
use crate::report::html::Inside;
use crate::scenario::{SETTLE_REF, code_in_words, shorten, show_bytes};

/// How much of a conversation is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Amount {
    /// Only a few messages, cut to one line: for a case that passed.
    Brief,
    /// So much that a failure can be understood.
    Full,
}

impl Amount {
    /// How many messages of the beginning are shown.
    const fn first(self) -> usize {
        match self {
            Self::Brief => 8,
            Self::Full => 20,
        }
    }

    /// How many messages of the end are shown.
    const fn last(self) -> usize {
        match self {
            Self::Brief => 5,
            Self::Full => 40,
        }
    }

    /// How many characters of a message are shown.
    const fn longest(self) -> usize {
        match self {
            Self::Brief => 100,
            Self::Full => 440,
        }
    }
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Talk {
    rows: Vec<Row>,
    /// How many messages are left out, after the first ones.
    left_out: usize,
    /// How much was kept.
    amount: Amount,
}

/// A message, or what happened to a connection.
#[derive(Debug)]
struct Row {
    at_ms: u64,
    actor: String,
    dir: Dir,
    text: String,
    /// Where the name of the event stands in the text.
    event: Option<Range<usize>>,
}

impl Talk {
    /// The conversation of these lines.
    pub(super) fn of<'l>(lines: impl Iterator<Item = Line<'l>>, amount: Amount) -> Self {
        let mut first = Vec::new();
        let mut last = VecDeque::new();
        let mut left_out = 0;
        for line in lines.filter(|line| !settles(line)) {
            if first.len() < amount.first() {
                first.push(line);
                continue;
            }
            last.push_back(line);
            if last.len() > amount.last() {
                last.pop_front();
                left_out += 1;
            }
        }
        let rows = first.into_iter().chain(last);
        Self {
            rows: rows.map(|line| Row::new(&line, amount)).collect(),
            left_out,
            amount,
        }
    }

    /// The conversation as a sequence diagram: a column for each actor, and one for the server at the right.
    pub(super) fn render(&self, page: &mut String, amount: Amount) {
        if self.rows.is_empty() {
            return;
        }
        let amount = amount.min(self.amount);
        let actors = self.actors();
        let _ = writeln!(page, "<ol class=\"talk n{}\">", actors.len().clamp(1, LANES));
        let (first, last) = self.shown(amount);
        for row in &self.rows[..first] {
            row.render(page, &actors, amount);
        }
        let left_out = self.left_out + last - first;
        if left_out > 0 {
            let _ = writeln!(page, "<li class=\"gap\">… {left_out} more …</li>");
        }
        for row in &self.rows[last..] {
            row.render(page, &actors, amount);
        }
        page.push_str("</ol>\n");
    }

    /// The rows up to the first number are shown, and those from the second on.
    fn shown(&self, amount: Amount) -> (usize, usize) {
        let (rows, first, last) = (self.rows.len(), amount.first(), amount.last());
        if rows <= first {
            (rows, rows)
        } else {
            (first, rows.saturating_sub(last).max(first))
        }
    }

    /// The names of the actors, in the order in which they appear.
    fn actors(&self) -> Vec<&str> {
        let mut actors: Vec<&str> = Vec::new();
        for row in &self.rows {
            let name = row.actor_without_number();
            if name != SERVER && !actors.contains(&name) {
                actors.push(name);
            }
        }
        actors
    }
}

/// The number of columns for actors; further actors share the last one.
const LANES: usize = 4;
/// What frames call the process of the server.
const SERVER: &str = "server";

impl Row {
    fn new(line: &Line<'_>, amount: Amount) -> Self {
        let (text, event) = words(&line.what);
        let text = cut(text, amount);
        let event = event.and_then(|event| {
            let at = text.find(&event)?;
            Some(at..at + event.len())
        });
        Self {
            at_ms: line.t_ms,
            actor: line.actor.chars().take(40).collect(),
            dir: line.dir,
            text,
            event,
        }
    }

    /// `ana` of `ana #2`, which is her second connection.
    fn actor_without_number(&self) -> &str {
        self.actor.split(" #").next().unwrap_or(&self.actor)
    }

    fn render(&self, page: &mut String, actors: &[&str], amount: Amount) {
        let name = self.actor_without_number();
        let lane = actors.iter().position(|actor| *actor == name);
        let lane = lane.unwrap_or_default().min(LANES - 1);
        let class = match self.dir {
            _ if name == SERVER => "p",
            Dir::Sent => "o",
            Dir::Received => "i",
            Dir::Connection if self.text == CUT => "o e",
            Dir::Connection => "i e",
        };
        let arrow = match class {
            "p" => "",
            "o" | "o e" => " →",
            _ => " ←",
        };
        let _ = write!(
            page,
            "<li class=\"{class} l{lane}\"><i>{}</i><p><b>{}{arrow}</b> ",
            self.at_ms,
            Inside(&self.actor)
        );
        let shown = if amount == Amount::Full {
            self.text.as_str()
        } else {
            // A message that was kept for a full view is longer.
            head(&self.text, amount.longest()).unwrap_or(&self.text)
        };
        match &self.event {
            Some(event) if event.end <= shown.len() => {
                let (before, rest) = shown.split_at(event.start);
                let (event, after) = rest.split_at(event.len());
                let _ = write!(
                    page,
                    "{}<em>{}</em>{}",
                    Inside(before),
                    Inside(event),
                    Inside(after)
                );
            }
            _ => {
                let _ = write!(page, "{}", Inside(shown));
            }
        }
        page.push_str(if shown.len() < self.text.len() {
            "…</p></li>\n"
        } else {
            "</p></li>\n"
        });
    }
}

/// The text of a connection that the client cut.
const CUT: &str = "cuts the connection";

/// Whether it belongs to the messages by which a play finds out that nothing more comes.
fn settles(line: &Line<'_>) -> bool {
    let quoted = format!("\"{SETTLE_REF}\"");
    let text = line.what.text.as_deref();
    text.is_some_and(|text| text.contains(&quoted) && text.contains("\"phoenix\""))
}

/// An entry in words, and the name of its event as it stands in them.
fn words(what: &What<'_>) -> (String, Option<String>) {
    let text = |it: &Option<std::borrow::Cow<'_, str>>| it.as_deref().map(str::to_owned);
    if let Some(message) = &what.text {
        return (shorten(message), event(message));
    }
    if let (Some(head), Some(bytes)) = (&what.text_head, what.text_bytes) {
        return (format!("{}… ({bytes} bytes)", shorten(head)), None);
    }
    let words = text(&what.http)
        .map(|request| without_secrets(&request))
        .or_else(|| what.b64.as_deref().map(binary))
        .or_else(|| what.pong.as_ref().map(|pong| format!("pong {pong}")))
        .or_else(|| {
            let raw = what.raw.as_ref()?;
            let note = what.note.as_deref().unwrap_or_default();
            Some(format!("a frame: {note}, {} bytes", raw.bytes))
        });
    (words.unwrap_or_else(|| happened(what)), None)
}

/// What happened to a connection, or an answer to a request.
fn happened(what: &What<'_>) -> String {
    let name = what.event.as_deref().unwrap_or("status");
    let mut words = match name {
        "cut" => CUT.to_owned(),
        "eof" => "ended without a close frame".to_owned(),
        "reset" => "reset".to_owned(),
        name => name.to_owned(),
    };
    if let Some(status) = what.status {
        let _ = write!(words, " {status}");
    }
    if let Some(code) = what.code {
        let _ = write!(words, " {}", code_in_words(code));
    }
    let more = [&what.reason, &what.why, &what.body];
    for more in more.into_iter().flatten().filter(|more| !more.is_empty()) {
        let _ = write!(words, ": {}", shorten(more));
    }
    words
}

fn binary(b64: &str) -> String {
    // The codes of so many characters are more than is shown.
    const MOST: usize = 256;
    let head = b64.get(..MOST.min(b64.len())).unwrap_or_default();
    let length = b64.len() / 4 * 3 - b64.bytes().rev().take(2).filter(|byte| *byte == b'=').count();
    match BASE64_STANDARD.decode(head) {
        Ok(bytes) if bytes.len() == length => show_bytes(&bytes),
        Ok(bytes) => {
            show_bytes(&bytes).replacen(&format!("{} bytes", bytes.len()), &format!("{length} bytes"), 1)
        }
        Err(_) => format!("{length} bytes"),
    }
}

/// The event of a message, with its quotes, in either serializer.
fn event(text: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct First<'a> {
        #[serde(borrow)]
        event: &'a RawValue,
    }
    let event = if text.starts_with('[') {
        *serde_json::from_str::<Vec<&RawValue>>(text).ok()?.get(3)?
    } else {
        serde_json::from_str::<First<'_>>(text).ok()?.event
    };
    Some(event.get().to_owned()).filter(|event| event.starts_with('"'))
}

/// The text, cut to what the amount allows.
fn cut(text: String, amount: Amount) -> String {
    match head(&text, amount.longest()) {
        Some(head) => format!("{head}…"),
        None => text,
    }
}

/// The beginning of a text that is longer.
fn head(text: &str, longest: usize) -> Option<&str> {
    let (end, _) = text.char_indices().nth(longest)?;
    Some(&text[..end])
}
