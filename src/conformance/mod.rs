//! Judges a server against what Phoenix promises: the rules, the cases that check them, and the verdicts.

pub mod rules;
