//! Serializes the types of the jobs for `result.json`, and reads them back. Each type lists which of its fields are
//! shown. If a field is added, renamed or removed, the list does not compile until it is updated.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::load::error_kind_named;

/// A type that can be shown in `result.json`.
pub(super) trait Show {
    /// Serializes the value.
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// A type that can be read back from `result.json`.
pub(super) trait ReadBack: Sized {
    /// The value; or what is wrong with it, after the names of the fields that lead to it.
    fn read_back(value: &Value) -> Result<Self, String>;
}

/// The field of an object. A missing field is read as `null`.
pub(super) fn field<T: ReadBack>(object: &Value, name: &str) -> Result<T, String> {
    let value = object.get(name).unwrap_or(&Value::Null);
    T::read_back(value).map_err(|why| format!("{name}: {why}"))
}

fn not(expected: &str, value: &Value) -> String {
    format!("{expected} was expected, not {value}")
}

/// Serializes a value as `result.json` shows it.
pub(super) struct Shown<'a, T: ?Sized>(pub(super) &'a T);

impl<T: Show + ?Sized> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.show(serializer)
    }
}

/// Lists the fields of a struct in the order of the file, with an optional `if` condition. Fields after the
/// semicolon are not shown, and have their default value in what is read back.
macro_rules! object {
    ($type:ident { $($field:ident $(if $given:expr)?),* $(,)? $(; $($hidden:ident),*)? }) => {
        impl $crate::report::object::Show for $type {
            fn show<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let $type { $($field,)* $($($hidden: _,)*)? } = self;
                let fields = [$(stringify!($field)),*].len();
                let mut object = serializer.serialize_struct(stringify!($type), fields)?;
                $($(if $given)? {
                    object.serialize_field(stringify!($field), &$crate::report::object::Shown($field))?;
                })*
                object.end()
            }
        }

        impl $crate::report::object::ReadBack for $type {
            fn read_back(value: &serde_json::Value) -> Result<Self, String> {
                Ok($type {
                    $($field: $crate::report::object::field(value, stringify!($field))?,)*
                    $($($hidden: Default::default(),)*)?
                })
            }
        }
    };
}

/// The name of each variant of an enum.
macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $crate::report::object::Show for $type {
            fn show<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(match self {
                    $($type::$variant => $word,)*
                })
            }
        }

        impl $crate::report::object::ReadBack for $type {
            fn read_back(value: &serde_json::Value) -> Result<Self, String> {
                match value.as_str() {
                    $(Some($word) => Ok($type::$variant),)*
                    _ => Err(format!("{value} is not known here")),
                }
            }
        }
    };
}

/// Types whose serde form is used unchanged.
macro_rules! as_it_is {
    ($($type:ty),* $(,)?) => {
        $(impl Show for $type {
            fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }
        })*
    };
}

as_it_is!(
    bool,
    u32,
    u64,
    usize,
    f64,
    &'static str,
    Cow<'static, str>,
    String
);

/// Numbers, and how they are read. One that is missing is zero: older versions counted less.
macro_rules! numbers {
    ($($type:ty, $as:ident);* $(;)?) => {
        $(impl ReadBack for $type {
            fn read_back(value: &Value) -> Result<Self, String> {
                if value.is_null() {
                    return Ok(Self::default());
                }
                let number = value.$as().and_then(|it| Self::try_from(it).ok());
                number.ok_or_else(|| not("a number", value))
            }
        })*
    };
}

numbers!(u32, as_u64; u64, as_u64; usize, as_u64; f64, as_f64);

impl ReadBack for bool {
    fn read_back(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| not("true or false", value))
    }
}

impl ReadBack for String {
    fn read_back(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(|| not("a text", value))?;
        Ok(text.to_owned())
    }
}

impl ReadBack for Cow<'static, str> {
    fn read_back(value: &Value) -> Result<Self, String> {
        String::read_back(value).map(Cow::Owned)
    }
}

impl<T: ReadBack> ReadBack for Option<T> {
    fn read_back(value: &Value) -> Result<Self, String> {
        let is_there = !value.is_null();
        is_there.then(|| T::read_back(value)).transpose()
    }
}

/// Lists that are left out are empty.
impl<T: ReadBack> ReadBack for Vec<T> {
    fn read_back(value: &Value) -> Result<Self, String> {
        if value.is_null() {
            return Ok(Self::new());
        }
        let values = value.as_array().ok_or_else(|| not("a list", value))?;
        values.iter().map(T::read_back).collect()
    }
}

impl<T: ReadBack> ReadBack for BTreeMap<String, T> {
    fn read_back(value: &Value) -> Result<Self, String> {
        let entries = value.as_object().ok_or_else(|| not("an object", value))?;
        let read = |name: &String| Ok((name.clone(), field(value, name)?));
        entries.keys().map(read).collect()
    }
}

/// Figures of the errors of each kind.
impl<T: ReadBack> ReadBack for BTreeMap<&'static str, T> {
    fn read_back(value: &Value) -> Result<Self, String> {
        let named = |(name, told): (String, T)| match error_kind_named(&name) {
            Some(name) => Ok((name, told)),
            None => Err(format!("`{name}` is not a kind of error")),
        };
        BTreeMap::<String, T>::read_back(value)?
            .into_iter()
            .map(named)
            .collect()
    }
}

impl<T: Show> Show for Option<T> {
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_ref().map(Shown).serialize(serializer)
    }
}

impl<T: Show> Show for [T] {
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Shown))
    }
}

impl<T: Show> Show for Vec<T> {
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_slice().show(serializer)
    }
}

impl<K: Show, T: Show> Show for BTreeMap<K, T> {
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(key, value)| (Shown(key), Shown(value))))
    }
}

pub(super) use {object, words};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::load::{Counts, Sockets};

    #[test]
    fn a_result_of_an_older_version_counts_less() {
        let counts = Counts::read_back(&json!({ "sent": 7 })).unwrap();
        assert_eq!((counts.sent, counts.in_flight_us), (7, 0));
        let sockets = Sockets::read_back(&json!({ "asked": -1 }));
        assert_eq!(sockets.unwrap_err(), "asked: a number was expected, not -1");
    }
}
