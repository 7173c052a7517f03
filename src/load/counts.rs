//! The counters of a run. Each shard has one set; the sets are added up when they are read.

macro_rules! counts {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// Counters since the start of the run.
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
    /// Connections that opened, including reconnects.
    opened,
    /// Connections on which messages are compressed, including reconnects.
    compressed,
    /// Sockets that opened for the first time.
    first_opened,
    /// Sockets that joined all their topics for the first time.
    first_joined,
    /// Sockets that were told to leave, or whose run ended, before their first attempt to join was over.
    called_off,
    /// Sockets that never connected, because the generator was busy with the other sockets.
    held_back,
    /// Failed connect attempts, including failed token requests and upgrades.
    connects_failed,
    /// Connections that ended although the client did not ask for it.
    lost,
    /// Lost connections whose heartbeat the generator had not sent in time, so the loss is its own fault.
    lost_by_late_heartbeat,
    /// Sockets that had joined, lost their connection, and had not rejoined at the end of the load.
    not_back,
    /// Connections of slow readers that the server closed.
    slow_cut,
    /// Connections that were opened after an earlier one was lost or cut.
    reconnects,
    /// Messages of the scenario that the serializer cannot encode.
    unsendable,
    /// Pushes that were sent.
    sent,
    /// Sends of an open model that became due. Each was sent on time, sent late, or never sent.
    due,
    /// Due sends that were sent more than 10 ms late.
    late,
    /// Due sends that were never sent, because no socket was free or joined.
    dropped,
    /// Dropped sends for which all sockets were waiting for the server.
    dropped_by_server,
    /// Replies that pushes expected.
    replies_expected,
    /// Replies that arrived.
    replies,
    /// Pushes without a reply.
    replies_missing,
    /// Pushes whose connection ended before the reply, or that were unanswered when the run was cut short.
    replies_in_doubt,
    /// Replies that arrived twice.
    replies_duplicated,
    /// Broadcasts that arrived at an expected receiver, each counted once.
    broadcasts,
    /// Broadcasts that never arrived.
    broadcasts_missing,
    /// Broadcasts that arrived more than once.
    broadcasts_duplicated,
    /// Broadcasts that arrived after a later one from the same sender.
    broadcasts_reordered,
    /// Broadcasts that arrived at a socket that should not receive them.
    broadcasts_misdelivered,
    /// Broadcasts that were under way while their receiver joined or left.
    broadcasts_in_doubt,
    /// Awaited messages that did not arrive in time although the whole instance was joined.
    awaited_missing,
    /// Microseconds that all pushes together waited for their replies; zero where instances are played step by step.
    in_flight_us,
    /// Completed rounds of the scenario.
    rounds,
    /// Messages of any kind that arrived.
    messages_in,
    /// Bytes read.
    bytes_in,
    /// Bytes written.
    bytes_out,
    /// Bytes of the messages that arrived, without frames and as they were before they were compressed.
    message_bytes_in,
    /// Bytes of the messages that were sent, without frames and before they were compressed.
    message_bytes_out,
}
