//! The scenario language: reads YAML scenarios into a checked [`Program`], and plays them. This module opens
//! no socket and reads no clock, and it judges only the steps of the scenario.

mod entrance;
mod generated;
mod load;
mod needs;
mod pattern;
mod play;
mod problem;
mod program;
mod read;
#[cfg(test)]
mod readme;
mod schema;
mod secrets;
mod shorten;
mod template;
mod users;
mod verbs;
pub(crate) mod write;
mod yaml;

pub use needs::{Level, Offer};
pub use problem::{Problem, ScenarioError};
pub use program::Program;
pub use read::{Variables, read, read_with};

pub(crate) use load::{LoadRate, LoadRole, LoadSection};
pub(crate) use pattern::Pattern;
pub(crate) use play::{
    Blame, Command, ConnectOptions, Exchange, Failure, FailureKind, Given, Happening, HttpRequest, LinkId,
    Noted, Play, PlayEvent, PlayStatus, Purpose, Reached, RecordedEntry, Recording, Replied, RequestSender,
    SETTLE_REF, Setting, Subject, Who, code_in_words, connect_request, describe_ending, first_values,
    http_request, json_of, show_bytes, take_content, take_http_answer,
};
pub(crate) use problem::{Color, nearest};
pub(crate) use program::{
    Act, Actor, Answers, ChanceRule, Connect, Content, ExpectedReply, Group, JoinRef, MountPath, Opening,
    OutgoingPayload, Pointer, Receive, ReplySaid, Restart, Send, SendKind, Sent, What,
};
pub(crate) use schema::schema;
pub(crate) use shorten::{shorten, shorten_bytes};
pub(crate) use template::{Data, Filter, Name, Template, TemplatePart, Values};

/// Items for the tests of this package, which users do not see.
#[doc(hidden)]
pub mod internal {
    pub use super::problem::Color;
    pub use super::program::Restart;
    pub use super::schema::schema;
}
