//! Serializes the types of the jobs for `result.json`. Each type lists here which of its fields are shown. If
//! a field is added, renamed or removed, this file does not compile until the list is updated.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

/// A type that can be shown in `result.json`.
pub(super) trait Show {
    /// Serializes the value.
    fn show<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

/// Serializes a value as `result.json` shows it.
pub(super) struct Shown<'a, T: ?Sized>(pub(super) &'a T);

impl<T: Show + ?Sized> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.show(serializer)
    }
}

/// Lists the fields of a struct in the order of the file, with an optional `if` condition. Fields after the
/// semicolon are not shown.
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
