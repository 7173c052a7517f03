//! Reads single keys from a terminal while a run goes on: `+` and `-` change its rate.

use std::io::{self, IsTerminal as _, Stdin};
use std::thread;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};

use super::output;
use crate::load::{Steering, Unsteerable};

/// How much a key changes the rate.
const STEP: f64 = 1.1;

/// A terminal that gives keys at once and does not show them. When it is dropped, it is as it was before.
pub(super) struct Keys {
    stdin: Stdin,
    before: Termios,
}

impl Keys {
    /// Lets keys change the rate of a run, if stdin is a terminal and the run has a rate that can be changed.
    pub(super) fn start(steering: &Steering) -> Option<Self> {
        let stdin = io::stdin();
        if steering.rate().is_err() || !stdin.is_terminal() || !is_in_front(&stdin) {
            return None;
        }
        let before = tcgetattr(&stdin).ok()?;
        let mut keys = before.clone();
        keys.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &keys).ok()?;
        let keys = Self { stdin, before };
        let steering = steering.clone();
        let thread = thread::Builder::new().name("keys".to_owned());
        // It waits for a key until the process ends.
        thread.spawn(move || read(&steering)).ok()?;
        output::note("keys: + and - change the rate by a tenth");
        Some(keys)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // If the terminal is gone, nothing has to be put back.
        let _ = tcsetattr(&self.stdin, OptionalActions::Now, &self.before);
    }
}

/// Whether this process may read from the terminal: the system stops one in the background that does.
fn is_in_front(stdin: &Stdin) -> bool {
    tcgetpgrp(stdin).is_ok_and(|group| group == getpgrp())
}

fn read(steering: &Steering) {
    let stdin = io::stdin();
    let mut key = [0];
    while is_in_front(&stdin) && matches!(rustix::io::read(&stdin, &mut key), Ok(1)) {
        let asked = match key {
            [b'+' | b'='] => steering.multiply(STEP),
            [b'-'] => steering.multiply(1.0 / STEP),
            _ => continue,
        };
        match asked {
            // On a terminal the progress shows the rate.
            Ok(_) if io::stderr().is_terminal() => {}
            Ok(rate) => output::note(&format!("rate: {rate} sends a second")),
            Err(Unsteerable::Over) => return,
            Err(why) => output::note(&why.to_string()),
        }
    }
}
