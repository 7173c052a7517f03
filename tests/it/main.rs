//! Table of contents of the integration tests.

mod player; // a server that plays a recorded transcript to a client
mod load; // the swarm, against the reference server
mod protocol; // both serializers against everything that real Phoenix servers and their clients said
mod schema; // the JSON Schema that editors use
mod scenarios; // the scenarios that the binary carries
mod transport; // what bytes do on the way to small servers, honest and hostile
mod tidy; // the rules of the house that the compiler does not know
mod server; // every recorded conversation, against the reference server
