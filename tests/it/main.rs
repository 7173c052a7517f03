//! Table of contents of the integration tests.

mod tidy; // the rules of the house that the compiler does not know
