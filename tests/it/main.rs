//! Table of contents of the integration tests.

mod transport;
