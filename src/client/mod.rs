//! A Phoenix client as a state machine.
