//! The counters of a run. Each shard has one set; the sets are added up when they are read.

/// A struct of counters that can be added to another one, field by field.
macro_rules! counters {
    ($(#[$head:meta])* $vis:vis struct $Counters:ident {
        $($(#[$about:meta])* $of:vis $name:ident: u64,)*
    }) => {
        $(#[$head])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        $vis struct $Counters {
            $($(#[$about])* $of $name: u64,)*
        }

        impl std::ops::AddAssign for $Counters {
            fn add_assign(&mut self, more: Self) {
                $(self.$name += more.$name;)*
            }
        }
    };
}

pub(super) use counters;

counters! {
    /// Counters since the start of the run.
    pub struct Counts {
        /// Connections that opened, including reconnects.
        pub opened: u64,
        /// Connections on which messages are compressed, including reconnects.
        pub compressed: u64,
        /// Sockets that opened for the first time.
        pub first_opened: u64,
        /// Sockets that joined all their topics for the first time.
        pub first_joined: u64,
        /// Sockets that were told to leave, or whose run ended, before their first attempt to join was over.
        pub called_off: u64,
        /// Sockets that never connected, because the generator was busy with the other sockets.
        pub held_back: u64,
        /// Failed connect attempts, including failed token requests and upgrades.
        pub connects_failed: u64,
        /// Connections that ended although the client did not ask for it.
        pub lost: u64,
        /// Lost connections whose heartbeat the generator had not sent in time, so the loss is its own fault.
        pub lost_by_late_heartbeat: u64,
        /// Sockets that had joined, lost their connection, and had not rejoined at the end of the load.
        pub not_back: u64,
        /// Connections of slow readers that the server closed.
        pub slow_cut: u64,
        /// Connections that were opened after an earlier one was lost or cut.
        pub reconnects: u64,
        /// Messages of the scenario that the serializer cannot encode.
        pub unsendable: u64,
        /// Pushes that were sent.
        pub sent: u64,
        /// Sends of an open model that became due. Each was sent on time, sent late, or never sent.
        pub due: u64,
        /// Due sends that were sent more than 10 ms late.
        pub late: u64,
        /// Due sends that were never sent, because no socket was free or joined.
        pub dropped: u64,
        /// Dropped sends for which all sockets were waiting for the server.
        pub dropped_by_server: u64,
        /// Replies that pushes expected.
        pub replies_expected: u64,
        /// Replies that arrived.
        pub replies: u64,
        /// Pushes without a reply.
        pub replies_missing: u64,
        /// Pushes whose connection ended before the reply, or that were unanswered when the run was cut short.
        pub replies_in_doubt: u64,
        /// Replies that arrived twice.
        pub replies_duplicated: u64,
        /// Broadcasts that arrived at an expected receiver, each counted once.
        pub broadcasts: u64,
        /// Broadcasts that never arrived.
        pub broadcasts_missing: u64,
        /// Broadcasts that arrived more than once.
        pub broadcasts_duplicated: u64,
        /// Broadcasts that arrived after a later one from the same sender.
        pub broadcasts_reordered: u64,
        /// Broadcasts that arrived at a socket that should not receive them.
        pub broadcasts_misdelivered: u64,
        /// Broadcasts that were under way while their receiver joined or left.
        pub broadcasts_in_doubt: u64,
        /// Awaited messages that did not arrive in time although the whole instance was joined.
        pub awaited_missing: u64,
        /// Microseconds that all pushes together waited for their replies; zero where instances are played step by step.
        pub in_flight_us: u64,
        /// Completed rounds of the scenario.
        pub rounds: u64,
        /// Messages of any kind that arrived.
        pub messages_in: u64,
        /// Bytes read.
        pub bytes_in: u64,
        /// Bytes written.
        pub bytes_out: u64,
        /// Bytes of the messages that arrived, without frames and as they were before they were compressed.
        pub message_bytes_in: u64,
        /// Bytes of the messages that were sent, without frames and before they were compressed.
        pub message_bytes_out: u64,
    }
}
