//! Tests of the client state machine as a whole.

mod connections; // reconnect, heartbeat, the end of a connection
mod example; // how a socket is driven
mod joins; // join, timeout, rejoin
mod judge; // what a server and a user can object to
mod leaves; // leave
mod observed; // what only tests ask a socket
mod pair; // client and scripted server, time as a field
mod phoenix_js; // the same sessions with phoenix.js 1.8.16 itself
mod promises; // what holds whatever happens
mod pushes; // pushes, answers, refs
mod scripts; // the client that does nothing by itself
mod size; // bytes a socket
mod wire; // messages as text and back
