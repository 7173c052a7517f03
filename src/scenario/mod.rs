//! The script language: YAML that reads like the conversation, checked and compiled to a [`Program`], and the
//! interpreter that plays one. It never opens a socket, never reads a clock, and judges nothing but its own steps.

mod pattern;
mod problem;
mod program;
mod read;
mod template;
mod verbs;
mod yaml;

pub use problem::{Color, Problem, ScenarioError};
pub use program::{Level, Offer, Program, Restart};
pub use read::read;
