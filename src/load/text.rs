//! Text templates of a role, with holes that each socket and each send fills in. Values that are the same for all are
//! inserted at compile time, and filling in the rest allocates nothing.

use crate::protocol::json;
use crate::scenario::Values;
use crate::scenario::{Data, Filter, Name, Template, TemplatePart};
use serde_json::Value;

use super::ledger::Mark;

/// The payload key of marks that are added to a scenario.
pub(super) const MARK_KEY: &str = "phxproof_mark";

/// The meaning of a scenario's name in a load test.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Meaning {
    /// The same value for all.
    Fixed(Value),
    /// A value of the instance's own; the index distinguishes the names of an instance.
    Own(u64),
    Sender,
    Seq,
    Mark,
    /// Unknown at compile time.
    Unknown,
}

/// A part of a [`Line`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(Box<str>),
    Own(u64),
    Sender,
    Seq,
    Mark,
}

/// A text template: a topic, or a payload as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(Box<[Piece]>);

/// The values that fill a [`Line`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Filling {
    /// The number of the instance's first name.
    pub(super) first_own: u64,
    /// The socket that sends.
    pub(super) sender: u32,
    /// How many pushes the socket has sent before.
    pub(super) seq: u32,
    /// The mark of the send.
    pub(super) mark: Mark,
}

/// The same text for all sockets.
impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self([Piece::Text(text.into())].into())
    }
}

impl Line {
    /// The same text for all sockets.
    pub(super) fn fixed(text: &str) -> Self {
        text.into()
    }

    /// Compiles a text, for example a topic; `Err` is a name that cannot be filled in.
    pub(super) fn text(template: &Template, meanings: &[Meaning]) -> Result<Self, Name> {
        let mut writer = Writer::default();
        writer.parts(template, meanings, Quoting::Bare)?;
        Ok(writer.finish())
    }

    /// Compiles a JSON value; `Err` is a name that cannot be filled in.
    pub(super) fn json(data: &Data, meanings: &[Meaning]) -> Result<Self, Name> {
        let mut writer = Writer::default();
        writer.data(data, meanings)?;
        Ok(writer.finish())
    }

    /// Concatenates lines.
    pub(super) fn joined(lines: impl IntoIterator<Item = Self>) -> Self {
        let mut writer = Writer::default();
        for piece in lines.into_iter().flat_map(|line| line.0) {
            match piece {
                Piece::Text(text) => writer.text.push_str(&text),
                hole => writer.hole(hole),
            }
        }
        writer.finish()
    }

    /// The line with its fixed text rewritten, for example escaped. Values in holes need no rewriting.
    pub(super) fn rewritten(&self, write: impl Fn(&str) -> String) -> Self {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => Piece::Text(write(text).into()),
            hole => hole.clone(),
        });
        Self(pieces.collect())
    }

    /// The text, if it has no holes.
    pub(super) fn as_fixed(&self) -> Option<&str> {
        match &*self.0 {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The line with a mark as an additional member, if it is a map.
    pub(super) fn with_mark(&self) -> Option<Self> {
        let is_text = |piece: &Piece, at: fn(&str) -> bool| matches!(piece, Piece::Text(text) if at(text));
        let mut pieces = self.0.to_vec();
        let begins = pieces
            .first()
            .is_some_and(|it| is_text(it, |text| text.starts_with('{')));
        let Some(Piece::Text(last)) = pieces.last_mut().filter(|_| begins) else {
            return None;
        };
        let rest = last.strip_suffix('}')?;
        let comma = if rest == "{" { "" } else { "," };
        *last = format!("{rest}{comma}\"{MARK_KEY}\":\"").into();
        pieces.extend([Piece::Mark, Piece::Text("\"}".into())]);
        Some(Self(pieces.into()))
    }

    /// The greatest length in bytes. All holes except marks are numbers.
    pub(super) fn longest(&self) -> usize {
        const NUMBER: usize = 20;
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.len(),
            Piece::Own(_) | Piece::Sender | Piece::Seq => NUMBER,
            Piece::Mark => 6 * (NUMBER + 1) + 1,
        });
        pieces.sum()
    }

    /// Whether it contains a mark.
    pub(super) fn is_marked(&self) -> bool {
        self.0.contains(&Piece::Mark)
    }

    /// Appends the text.
    pub(super) fn fill(&self, with: &Filling, out: &mut String) {
        let mut digits = itoa::Buffer::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Own(index) => out.push_str(digits.format(with.first_own + index)),
                Piece::Sender => out.push_str(digits.format(with.sender)),
                Piece::Seq => out.push_str(digits.format(with.seq)),
                Piece::Mark => with.mark.write(out),
            }
        }
    }
}

/// Whether a text is inside a JSON string.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Bare,
    Json,
}

#[derive(Default)]
struct Writer {
    pieces: Vec<Piece>,
    text: String,
}

impl Writer {
    fn finish(mut self) -> Line {
        self.flush();
        Line(self.pieces.into())
    }

    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.pieces
                .push(Piece::Text(std::mem::take(&mut self.text).into()));
        }
    }

    fn hole(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    fn plain(&mut self, text: &str, quoting: Quoting) {
        match quoting {
            Quoting::Bare => self.text.push_str(text),
            Quoting::Json => {
                let start = self.text.len();
                json::push_string(text, &mut self.text);
                self.text.remove(start);
                self.text.pop();
            }
        }
    }

    fn parts(&mut self, template: &Template, meanings: &[Meaning], quoting: Quoting) -> Result<(), Name> {
        for part in &template.0 {
            match part {
                TemplatePart::Text(text) => self.plain(text, quoting),
                TemplatePart::Hole(name, Filter::AsItIs) => self.name(*name, meanings, quoting)?,
                TemplatePart::Hole(name, Filter::OneByteChanged) => return Err(*name),
            }
        }
        Ok(())
    }

    fn name(&mut self, name: Name, meanings: &[Meaning], quoting: Quoting) -> Result<(), Name> {
        match &meanings[name.0] {
            Meaning::Fixed(Value::String(text)) => self.plain(text, quoting),
            Meaning::Fixed(value) => self.plain(&value.to_string(), quoting),
            Meaning::Own(index) => self.hole(Piece::Own(*index)),
            Meaning::Sender => self.hole(Piece::Sender),
            Meaning::Seq => self.hole(Piece::Seq),
            Meaning::Mark => self.hole(Piece::Mark),
            Meaning::Unknown => return Err(name),
        }
        Ok(())
    }

    fn data(&mut self, data: &Data, meanings: &[Meaning]) -> Result<(), Name> {
        match data {
            Data::Value(value) => self.text.push_str(&value.to_string()),
            Data::Text(template) => self.quoted(template, meanings)?,
            Data::Hole(name) => self.alone(*name, meanings)?,
            Data::List(items) => {
                self.text.push('[');
                for (index, item) in items.iter().enumerate() {
                    self.comma(index);
                    self.data(item, meanings)?;
                }
                self.text.push(']');
            }
            Data::Map(entries) => {
                self.text.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.comma(index);
                    self.quoted(key, meanings)?;
                    self.text.push(':');
                    self.data(value, meanings)?;
                }
                self.text.push('}');
            }
        }
        Ok(())
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push(',');
        }
    }

    fn quoted(&mut self, template: &Template, meanings: &[Meaning]) -> Result<(), Name> {
        self.text.push('"');
        self.parts(template, meanings, Quoting::Json)?;
        self.text.push('"');
        Ok(())
    }

    /// A value that consists of one name keeps its type: counters are numbers, fresh names are strings.
    fn alone(&mut self, name: Name, meanings: &[Meaning]) -> Result<(), Name> {
        match &meanings[name.0] {
            Meaning::Fixed(value) => self.text.push_str(&value.to_string()),
            Meaning::Sender | Meaning::Seq => self.name(name, meanings, Quoting::Bare)?,
            Meaning::Own(_) | Meaning::Mark | Meaning::Unknown => {
                self.text.push('"');
                self.name(name, meanings, Quoting::Json)?;
                self.text.push('"');
            }
        }
        Ok(())
    }
}

/// The values of the names of one instance, for matching patterns.
pub(super) fn values(meanings: &[Meaning], first_own: u64) -> Values {
    let mut values = Values::new(meanings.len());
    for (index, meaning) in meanings.iter().enumerate() {
        match meaning {
            Meaning::Fixed(value) => values.set(Name(index), value.clone()),
            Meaning::Own(own) => values.set(Name(index), (first_own + own).to_string().into()),
            Meaning::Sender | Meaning::Seq | Meaning::Mark | Meaning::Unknown => {}
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(line: &Line) -> String {
        let mark = Mark {
            run: 10,
            topic: 1,
            of_topic: 2,
            sender: 3,
            of_sender: 4,
            intended: 5,
        };
        let mut out = String::new();
        line.fill(
            &Filling {
                first_own: 700,
                sender: 3,
                seq: 4,
                mark,
            },
            &mut out,
        );
        out
    }

    #[test]
    fn lines_are_joined_and_only_their_own_text_is_rewritten() {
        let line = Line(Box::new([Piece::Text("a b".into()), Piece::Own(1)]));
        let joined = Line::joined([
            Line::fixed("x="),
            line.rewritten(|text| text.replace(' ', "+")),
            Line::fixed("&y"),
        ]);
        assert_eq!(joined.0.len(), 3);
        assert_eq!(filled(&joined), "x=a+b701&y");
    }

    fn hole(index: usize) -> TemplatePart {
        TemplatePart::Hole(Name(index), Filter::AsItIs)
    }

    #[test]
    fn what_is_the_same_for_all_is_one_text() {
        let meanings = [Meaning::Fixed(json!("a\"b")), Meaning::Own(1)];
        let text = Template(vec![TemplatePart::Text("lab:".into()), hole(0)]);
        assert_eq!(Line::text(&text, &meanings).unwrap().as_fixed(), Some("lab:a\"b"));
        let own = Template(vec![TemplatePart::Text("lab:".into()), hole(1)]);
        let line = Line::text(&own, &meanings).unwrap();
        assert_eq!((line.as_fixed(), filled(&line).as_str()), (None, "lab:701"));
    }

    #[test]
    fn json_keeps_types_and_escapes_what_it_must() {
        let meanings = [
            Meaning::Fixed(json!({"a": [1]})),
            Meaning::Seq,
            Meaning::Mark,
            Meaning::Own(0),
        ];
        let data = Data::Map(vec![
            (Template::text("fixed"), Data::Hole(Name(0))),
            (Template::text("n\""), Data::Hole(Name(1))),
            (Template::text("mark"), Data::Hole(Name(2))),
            (
                Template::text("own"),
                Data::List(vec![Data::Hole(Name(3)), Data::Text(Template(vec![hole(1)]))]),
            ),
        ]);
        let line = Line::json(&data, &meanings).unwrap();
        let value: Value = serde_json::from_str(&filled(&line)).unwrap();
        let expected = json!({"fixed": {"a": [1]}, "n\"": 4, "mark": "~10.1.2.3.4.5~", "own": ["700", "4"]});
        assert_eq!(value, expected);
        assert!(line.is_marked());
    }

    #[test]
    fn a_name_that_nobody_can_fill_in_is_told() {
        assert_eq!(
            Line::json(&Data::Hole(Name(0)), &[Meaning::Unknown]),
            Err(Name(0))
        );
    }
}
