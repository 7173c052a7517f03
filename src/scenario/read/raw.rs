//! Reads `raw` steps: messages and frames that are sent exactly as written.

use super::super::problem::Problem;
use super::super::program::{FrameShape, Last, Mask, Raw, RawContent};
use super::super::verbs::FRAME;
use super::super::yaml::{Node, YamlKey};
use super::{Reader, entry, option_names};

impl Reader {
    pub(super) fn raw(&mut self, node: &Node) -> Option<Raw> {
        const EXPECTED: &str = "one of message, text and binary, such as { text: \"not json\" }";
        let entries = self.map(node, "raw", EXPECTED)?;
        self.only(entries, "raw", &option_names(FRAME));
        let contents = (
            entry(entries, "message"),
            entry(entries, "text"),
            entry(entries, "binary"),
        );
        let content = match contents {
            (Some(message), None, None) => RawContent::Message(self.data(message)?),
            (None, Some(text), None) => RawContent::Text(self.template(text, "text")?),
            (None, None, Some(binary)) => RawContent::Binary(self.bytes(binary, "binary")?),
            _ => {
                self.problem(
                    Problem::at(node.place.clone(), "it is not clear what is sent").expected(EXPECTED),
                );
                return None;
            }
        };
        let shaped = ["opcode", "last", "mask", "reserved"]
            .iter()
            .any(|name| entry(entries, name).is_some());
        let frame = if shaped {
            Some(self.frame_shape(entries, &content)?)
        } else {
            None
        };
        Some(Raw { content, frame })
    }

    fn frame_shape(&mut self, entries: &[(YamlKey, Node)], content: &RawContent) -> Option<FrameShape> {
        let small = |reader: &mut Self, name: &str, most: u8, otherwise: u8| match entry(entries, name) {
            None => Some(otherwise),
            Some(node) => {
                let expected = format!("a number from 0 to {most}");
                let found: u8 = reader.number(node, name, &expected)?;
                if found > most {
                    let problem = Problem::at(node.place.clone(), format!("`{name}` cannot be {found}"));
                    reader.problem(problem.expected(expected));
                    return None;
                }
                Some(found)
            }
        };
        let flag = |reader: &mut Self, name: &str| match entry(entries, name) {
            None => Some(true),
            Some(node) => reader.flag(node, name),
        };
        let by_content = if matches!(content, RawContent::Binary(_)) {
            2
        } else {
            1
        };
        Some(FrameShape {
            opcode: small(self, "opcode", 15, by_content)?,
            reserved: small(self, "reserved", 7, 0)?,
            last: if flag(self, "last")? {
                Last::Yes
            } else {
                Last::MoreFollows
            },
            mask: if flag(self, "mask")? {
                Mask::Masked
            } else {
                Mask::Bare
            },
        })
    }
}
