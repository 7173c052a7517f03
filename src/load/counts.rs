//! The counters of a swarm. Each shard has one set; they are added up when they are read.

macro_rules! counts {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// Things counted since the start of the run.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$about])* pub $name: u64,)*
        }

        impl std::ops::AddAssign for Counts {
            fn add_assign(&mut self, more: Self) {
                $(self.$name += more.$name;)*
            }
        }
    };
}

counts! {
    /// Connections that became open, reconnects included.
    opened,
    /// Sockets that opened for the first time.
    first_opened,
    /// Sockets that joined all their topics for the first time.
    first_joined,
    /// Sockets that were never opened, because this process was busy with the others.
    held_back,
    /// Connection attempts that failed, tokens and upgrades included.
    connects_failed,
    /// Connections that ended without being asked to.
    lost,
    /// Those of them whose heartbeat this process had not sent in time: its own losses.
    lost_by_late_heartbeat,
    /// Sockets that had joined, lost that, and at the end of the load could not get it back.
    not_back,
    /// Connections of slow readers that the server ended.
    slow_cut,
    /// Connections that were opened after one was lost or cut.
    reconnects,
    /// Messages of the scenario that no frame can carry.
    unsendable,
    /// Pushes that went out.
    sent,
    /// Sends of an open model whose time came: each was sent, in time or late, or never sent.
    due,
    /// Those of them that were sent more than 10 ms after their time.
    late,
    /// Those of them that were never sent, because no socket was free or joined for them.
    dropped,
    /// Those of the never sent ones for which all sockets waited for the server.
    dropped_by_server,
    /// Answers that pushes asked for.
    replies_expected,
    /// Answers that came.
    replies,
    /// Pushes without an answer.
    replies_missing,
    /// Pushes whose connection ended before the answer, or that were still unanswered when the run was cut short.
    replies_in_doubt,
    /// Answers that came twice.
    replies_duplicated,
    /// Broadcasts that came to who should have them, each counted once.
    broadcasts,
    /// Broadcasts that never came.
    broadcasts_missing,
    /// Broadcasts that came once more.
    broadcasts_duplicated,
    /// Broadcasts that came after a later one of the same sender.
    broadcasts_reordered,
    /// Broadcasts that came to somebody else.
    broadcasts_misdelivered,
    /// Broadcasts under way while their receiver joined or left.
    broadcasts_in_doubt,
    /// Messages that a step waited for, joined and together with its whole instance, and that did not come in time.
    awaited_missing,
    /// Rounds of the scenario that were gone through.
    rounds,
    /// Messages of any kind that came.
    messages_in,
    /// Bytes read.
    bytes_in,
    /// Bytes written.
    bytes_out,
}
