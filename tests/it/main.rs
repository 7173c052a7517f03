//! Table of contents of the integration tests.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

mod action; // how action.yml installs phxproof
mod certificates; // certificates that tests make, and a small server of TLS
mod chance; // what Phoenix leaves open
mod cli; // what is typed, what is printed, how it ends
mod diff; // the same conversations at two servers
mod documents; // README.md and docs/ are executed, and their links followed
mod faults; // each promise that the server can break is noticed
mod fuzz; // generated conversations, at servers with and without a mistake
mod idle; // idle time-outs, measured at the reference server
mod journey; // pages, a login, a token, and the socket, from the command line
mod load; // the swarm, against the reference server
mod middlebox; // a proxy that hinders WebSockets or requests
mod page; // the watch page of `serve`, in two windows of Chromium
mod phoenix_js; // phoenix.js itself, over long poll, by fallback, after ends; and the client of Supabase
mod picture; // the picture of a terminal in the README
mod player; // a server that plays a recorded transcript to a client
mod protocol;
mod prove; // both serializers against everything that real Phoenix servers and their clients said
mod python; // a Phoenix client for Python
mod record; // a proxy that writes conversations down
mod recordings; // every built-in case against the recording it is called after
mod rules; // each rule has a case and a fault, or says why not
mod scenarios; // the scenarios that the binary carries
mod schema; // the JSON Schema that editors use
mod server; // every recorded conversation, against the reference server
mod slow; // lines that delay and trickle, and servers that are slow on purpose
mod tidy; // the rules of the house that the compiler does not know
mod transport; // what bytes do on the way to small servers, honest and hostile
mod untrusted; // every fuzz target over its seeds
mod witness; // phoenix.js plays cases that failed
mod worker; // workers of a real Locust master
