//! Reads the members of a JSON object without parsing its values.

use std::borrow::Cow;

use super::scan::{Escapes, Rigour, skip_blanks};
use super::walk::Walked;
use super::{Error, unescape};

/// The raw text of a member of the object. If a key occurs twice, the first counts, as in Jason's maps
/// (transcript malformed/text-duplicate-keys). `None` if the text is not an object.
pub fn get<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    members(object)
        .map_while(Result::ok)
        .find(|(name, _)| name == key)
        .map(|(_, value)| value)
}

/// The members of an object in the order of the text: the key, and the raw text of the value. Equal keys are
/// all returned. Stops after an error.
pub fn members(object: &str) -> Members<'_> {
    Members {
        text: object,
        next: Next::Start,
    }
}

/// Iterator of [`members`].
#[derive(Clone, Debug)]
pub struct Members<'a> {
    text: &'a str,
    next: Next,
}

/// The position of a [`Members`].
#[derive(Clone, Copy, Debug)]
enum Next {
    Start,
    AfterValue(usize),
    Done,
}

impl<'a> Members<'a> {
    /// The offset of the next key, `None` at the end of the object.
    fn key(&self) -> Result<Option<usize>, Error> {
        let bytes = self.text.as_bytes();
        match self.next {
            Next::Start => {
                let open = skip_blanks(bytes, 0);
                if bytes.get(open) != Some(&b'{') {
                    return Err(Error::new(open, "an object"));
                }
                let first = skip_blanks(bytes, open + 1);
                Ok((bytes.get(first) != Some(&b'}')).then_some(first))
            }
            Next::AfterValue(at) => match bytes.get(at) {
                Some(b',') => Ok(Some(skip_blanks(bytes, at + 1))),
                Some(b'}') => Ok(None),
                _ => Err(Error::new(at, "`,` or `}`")),
            },
            Next::Done => Ok(None),
        }
    }

    /// The member whose key is at `at`.
    fn member(&mut self, at: usize) -> Result<(Cow<'a, str>, &'a str), Error> {
        let bytes = self.text.as_bytes();
        if bytes.get(at) != Some(&b'"') {
            return Err(Error::new(at, "a key"));
        }
        let key = Walked::string(bytes, at)?;
        let colon = skip_blanks(bytes, key.end);
        if bytes.get(colon) != Some(&b':') {
            return Err(Error::new(colon, "`:`"));
        }
        let start = skip_blanks(bytes, colon + 1);
        let end = Walked::value(bytes, start)?;
        self.next = Next::AfterValue(skip_blanks(bytes, end));
        let name = match key.escapes {
            Escapes::None => Cow::Borrowed(&self.text[at + 1..key.end - 1]),
            Escapes::Some => unescape(&self.text[at..key.end]).map_err(|error| Error {
                at: at + error.at,
                ..error
            })?,
        };
        Ok((name, &self.text[start..end]))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Cow<'a, str>, &'a str), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let found = self
            .key()
            .and_then(|key| key.map(|at| self.member(at)).transpose())
            .transpose();
        if !matches!(found, Some(Ok(_))) {
            self.next = Next::Done;
        }
        found
    }
}
