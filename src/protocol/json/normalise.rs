//! Writes a JSON value in a canonical form, so that payloads can be compared as text.

use std::borrow::Cow;

use super::number::write_number;
use super::scan::{Rigour, skip_blanks};
use super::walk::Walked;
use super::{Error, check, push_string, unescape};

/// Appends the value as Jason writes it after reading it: no whitespace, keys sorted by their bytes, the
/// first of equal keys, only the necessary escapes, integers digit by digit, floats in the fewest digits that
/// keep their value. Depth is limited only by memory.
///
/// # Errors
/// At the first byte that Jason refuses, and for a text of 4 GiB or more. Nothing is appended then.
pub fn normalise(text: &str, out: &mut String) -> Result<(), Error> {
    check(text)?;
    if u32::try_from(text.len()).is_err() {
        return Err(Error::new(text.len(), "a text below 4 GiB"));
    }
    let tree = Tree::read(text)?;
    out.reserve(text.len());
    tree.write(out)
}

/// No node.
const NONE: u32 = u32::MAX;

/// A value, linked to its siblings.
struct Node<'a> {
    /// The raw key, if the value is a member of an object.
    key: Option<&'a str>,
    /// The raw text of a scalar, the opening bracket of a container.
    text: &'a str,
    /// The first child.
    first: u32,
    /// The next sibling.
    next: u32,
}

/// All values of a text; the first is the outermost.
struct Tree<'a> {
    nodes: Vec<Node<'a>>,
}

/// A container that is being read, and its last child so far.
struct Open {
    container: u32,
    last: u32,
}

impl<'a> Tree<'a> {
    /// Reads a text that was checked already.
    fn read(text: &'a str) -> Result<Self, Error> {
        let bytes = text.as_bytes();
        let mut tree = Self { nodes: Vec::new() };
        let mut open: Vec<Open> = Vec::new();
        let mut at = skip_separators(bytes, 0);
        while let Some(&byte) = bytes.get(at) {
            if let b'}' | b']' = byte {
                if let Some(closed) = open.pop().filter(|_| byte == b'}') {
                    tree.sort_members(closed.container)?;
                }
                at = skip_separators(bytes, at + 1);
                continue;
            }
            let key_end = match open.last() {
                Some(innermost) if tree.node(innermost.container).text == "{" => Walked::value(bytes, at)?,
                _ => at,
            };
            let key = (key_end > at).then(|| &text[at..key_end]);
            let start = skip_separators(bytes, key_end);
            let opens = matches!(bytes.get(start), Some(b'{' | b'['));
            let end = if opens {
                start + 1
            } else {
                Walked::value(bytes, start)?
            };
            let index = tree.append(key, &text[start..end], open.last_mut());
            if opens {
                open.push(Open {
                    container: index,
                    last: NONE,
                });
            }
            at = skip_separators(bytes, end);
        }
        Ok(tree)
    }

    /// The node at an index that [`Tree::append`] returned.
    fn node(&self, index: u32) -> &Node<'a> {
        &self.nodes[index as usize]
    }

    /// Adds a value after the last child of the innermost container.
    fn append(&mut self, key: Option<&'a str>, text: &'a str, innermost: Option<&mut Open>) -> u32 {
        let index = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(Node {
            key,
            text,
            first: NONE,
            next: NONE,
        });
        if let Some(open) = innermost {
            match open.last {
                NONE => self.nodes[open.container as usize].first = index,
                last => self.nodes[last as usize].next = index,
            }
            open.last = index;
        }
        index
    }

    /// Sorts the members of an object by key, and keeps the first of equal keys.
    fn sort_members(&mut self, object: u32) -> Result<(), Error> {
        let mut members: Vec<(Cow<'a, str>, u32)> = Vec::new();
        let mut at = self.node(object).first;
        while at != NONE {
            let node = self.node(at);
            members.push((unescape(node.key.unwrap_or_default())?, at));
            at = node.next;
        }
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        members.dedup_by(|later, first| later.0 == first.0);
        let mut next = NONE;
        for (_, index) in members.into_iter().rev() {
            self.nodes[index as usize].next = next;
            next = index;
        }
        self.nodes[object as usize].first = next;
        Ok(())
    }

    /// Appends the text of the outermost value.
    fn write(&self, out: &mut String) -> Result<(), Error> {
        let mut parents: Vec<u32> = Vec::new();
        let mut index = 0;
        loop {
            let node = self.node(index);
            if let Some(key) = node.key {
                write_canonical_string(key, out)?;
                out.push(':');
            }
            write_scalar_or_bracket(node.text, out)?;
            if node.first != NONE {
                parents.push(index);
                index = node.first;
                continue;
            }
            close(node.text, out);
            while self.node(index).next == NONE {
                let Some(parent) = parents.pop() else {
                    return Ok(());
                };
                index = parent;
                close(self.node(index).text, out);
            }
            index = self.node(index).next;
            out.push(',');
        }
    }
}

/// The offset of the first byte from `at` on that is not whitespace, a comma or a colon.
fn skip_separators(bytes: &[u8], mut at: usize) -> usize {
    loop {
        at = skip_blanks(bytes, at);
        match bytes.get(at) {
            Some(b',' | b':') => at += 1,
            _ => return at,
        }
    }
}

/// Appends a scalar as Jason writes it; opening brackets and literals stay as they are.
fn write_scalar_or_bracket(raw: &str, out: &mut String) -> Result<(), Error> {
    match raw.as_bytes().first() {
        Some(b'"') => write_canonical_string(raw, out),
        Some(b'-' | b'0'..=b'9') => {
            write_number(raw, out);
            Ok(())
        }
        _ => {
            out.push_str(raw);
            Ok(())
        }
    }
}

/// Appends a string, which is passed with its quotes.
fn write_canonical_string(raw: &str, out: &mut String) -> Result<(), Error> {
    match unescape(raw)? {
        Cow::Borrowed(_) => out.push_str(raw),
        Cow::Owned(text) => push_string(&text, out),
    }
    Ok(())
}

/// Appends the bracket that closes this one, or nothing after a scalar.
fn close(opening: &str, out: &mut String) {
    match opening {
        "{" => out.push('}'),
        "[" => out.push(']'),
        _ => {}
    }
}
