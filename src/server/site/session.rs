//! A session as it stands in its cookie: a map of texts in Erlang's external term format
//! (<https://www.erlang.org/doc/apps/erts/erl_ext_dist>), as `Plug.Session.COOKIE` writes it.

const VERSION: u8 = 131;
const MAP: u8 = 116;
const BINARY: u8 = 109;

const CSRF: &str = "_csrf_token";
const USER: &str = "user";
const RETURN_TO: &str = "user_return_to";

/// The values in a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiteSession {
    /// The secret of its CSRF tokens.
    pub(crate) csrf: Option<String>,
    /// The user who logged in.
    pub(crate) user: Option<String>,
    /// The page that was asked for before the login.
    pub(crate) return_to: Option<String>,
}

impl SiteSession {
    /// The bytes of the term.
    pub(super) fn encode(&self) -> Vec<u8> {
        let pairs = [
            (CSRF, &self.csrf),
            (USER, &self.user),
            (RETURN_TO, &self.return_to),
        ];
        let pairs = || {
            pairs
                .iter()
                .filter_map(|(key, value)| Some((key, value.as_deref()?)))
        };
        let mut term = vec![VERSION, MAP];
        term.extend(length(pairs().count()));
        for (key, value) in pairs() {
            for text in [key, value] {
                term.push(BINARY);
                term.extend(length(text.len()));
                term.extend(text.as_bytes());
            }
        }
        term
    }

    /// The session of a term; none if it is another term.
    pub(super) fn decode(term: &[u8]) -> Option<Self> {
        let mut rest = term.strip_prefix(&[VERSION, MAP])?;
        let mut session = Self::default();
        for _ in 0..take_length(&mut rest)? {
            let (key, value) = (take_text(&mut rest)?, take_text(&mut rest)?);
            match key {
                CSRF => session.csrf = Some(value.to_owned()),
                USER => session.user = Some(value.to_owned()),
                RETURN_TO => session.return_to = Some(value.to_owned()),
                _ => return None,
            }
        }
        rest.is_empty().then_some(session)
    }
}

fn length(length: usize) -> [u8; 4] {
    u32::try_from(length)
        .expect("a value of a session came in a request, which is shorter than 4 GB")
        .to_be_bytes()
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (length, after) = rest.split_first_chunk()?;
    *rest = after;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    *rest = rest.strip_prefix(&[BINARY])?;
    let length = take_length(rest)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}
