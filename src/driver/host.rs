//! Servers that a play may restart. The command line knows how a server is started; here it is only asked for.

use std::future::Future;
use std::pin::Pin;

use crate::scenario::Restart;
use crate::transport::Target;

/// A future in a box, as a trait object needs it.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A future with a server for one case, or the reason why none could start.
pub type Lending = Pending<'static, Result<Box<dyn Lent>, String>>;

/// Whether and how the server can be restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarts {
    /// It cannot.
    Never,
    /// Each case that restarts a server gets one of its own, so it may run beside others.
    OfItsOwn,
    /// There is one server: cases that restart it run alone.
    Alone,
}

/// Lends servers to cases that restart them.
pub trait Host {
    /// Whether and how it can.
    fn restarts(&self) -> Restarts;

    /// A server for one case.
    fn lend(&self) -> Lending;
}

/// A server that one case may restart; given back when dropped.
pub trait Lent {
    /// Where it listens.
    fn target(&self) -> Target;

    /// Ends it and starts it again on the same store; done when it answers.
    fn restart(&mut self, how: Restart) -> Pending<'_, Result<(), String>>;

    /// Holds its processes, or lets them go on.
    fn hold(&mut self, _hold: Hold) -> Pending<'_, Result<(), String>> {
        Box::pin(async { Err("it has no process that can be held".to_owned()) })
    }

    /// Its process id, if that is known.
    fn pid(&self) -> Pending<'_, Option<u32>> {
        Box::pin(async { None })
    }
}

/// Whether processes may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// They stand still (SIGSTOP).
    Still,
    /// They go on (SIGCONT).
    GoesOn,
}

/// Nobody can restart the server.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn restarts(&self) -> Restarts {
        Restarts::Never
    }

    fn lend(&self) -> Lending {
        Box::pin(async {
            Err("it can be restarted only where this program starts it: use --exec".to_owned())
        })
    }
}
