//! The script language: YAML that reads like the conversation, checked and compiled to a [`Program`], and the
//! interpreter that plays one. It never opens a socket, never reads a clock, and judges nothing but its own steps.

mod entrance;
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
mod shorten;
mod template;
mod verbs;
mod yaml;

pub use load::{LoadRate, LoadRole, LoadSection, LoadStage};
pub use needs::{Level, Offer};
pub(crate) use pattern::Pattern;
pub use play::{
    Blame, Command, ConnectOptions, Entry, Failure, FailureKind, Happening, LinkId, Noted, Play, PlayStatus,
    Purpose, Reach, Recording, Request, Setting, Subject, Who,
};
pub(crate) use play::{
    Exchange, PlayEvent, Replied, SETTLE_REF, code_in_words, describe_ending, json_of, show_bytes,
};
pub(crate) use problem::nearest;
pub use problem::{Color, Problem, ScenarioError};
pub(crate) use program::{
    Act, Actor, Answers, Chance, Connect, Content, Group, JoinRef, Mount, Opening, Outgoing, Receive, Reply,
    ReplySaid, Send, SendKind, What,
};
pub use program::{Pointer, Program, Restart};
pub use read::read;
pub use schema::schema;
pub(crate) use shorten::{shorten, shorten_bytes};
pub(crate) use template::{Data, Filter, Name, Part, Template, Values};
