//! Table of contents of the integration tests.

mod protocol; // both serializers against everything that real Phoenix servers and their clients said
mod server; // every recorded conversation, against the reference server
