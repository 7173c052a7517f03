//! Table of contents of the integration tests.

mod scenarios; // the scenarios that the binary carries
