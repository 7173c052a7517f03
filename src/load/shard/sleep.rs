//! Waits for events with microsecond precision. epoll counts in milliseconds and mio rounds up, so without this every
//! send of an open model would be half a millisecond late on average.

use std::io;
use std::time::Duration;

use mio::{Events, Poll};

/// Waits until something happens, but not longer than `timeout`.
#[cfg(target_os = "linux")]
pub(super) fn wait(poll: &mut Poll, events: &mut Events, timeout: Duration) -> io::Result<()> {
    use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};

    use rustix::event::{PollFd, PollFlags, Timespec};

    let whole = Duration::from_millis(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    if whole == timeout {
        return poll.poll(events, Some(timeout));
    }
    let timeout = Timespec::try_from(timeout).unwrap_or_default();
    #[expect(unsafe_code, reason = "mio lends its epoll as a number only")]
    // SAFETY: `poll` is borrowed for as long as the descriptor is.
    let epoll = unsafe { BorrowedFd::borrow_raw(poll.as_raw_fd()) };
    let mut readable = [PollFd::from_borrowed_fd(epoll.as_fd(), PollFlags::IN)];
    if rustix::event::poll(&mut readable, Some(&timeout))? == 0 {
        events.clear();
        return Ok(());
    }
    poll.poll(events, Some(Duration::ZERO))
}

/// Waits until something happens, but not longer than `timeout`.
#[cfg(not(target_os = "linux"))]
pub(super) fn wait(poll: &mut Poll, events: &mut Events, timeout: Duration) -> io::Result<()> {
    poll.poll(events, Some(timeout))
}
