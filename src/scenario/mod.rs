//! The script language: YAML that reads like the conversation, checked and compiled to a [`Program`], and the
//! interpreter that plays one. It never opens a socket, never reads a clock, and judges nothing but its own steps.

mod load;
mod pattern;
mod play;
mod problem;
mod program;
mod read;
mod schema;
mod template;
mod verbs;
mod yaml;

pub use load::{LoadRate, LoadRole, LoadSection, LoadStage};
pub use play::{Blame, Command, Door, Entry, Failure, Happening, LinkId, Noted, Play, Progress, Reach, Recording, Request, Setting, Who};
pub use problem::{Color, Problem, ScenarioError};
pub use program::{HiddenPointer, Level, Offer, Program, Restart};
pub(crate) use play::{SETTLE_REF, json_of, show_bytes};
pub(crate) use pattern::Pattern;
pub(crate) use program::{
    Act, Actor, Chance, Connect, Content, JoinRef, Mount, Opening, Outgoing, Receive, Reply, Send, SendKind, What,
};
pub(crate) use problem::nearest;
pub(crate) use template::{Data, Filter, Name, Part, Template, Values};
pub use read::read;
pub use schema::schema;
