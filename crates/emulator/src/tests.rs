//! The emulator as a client sees it: over real sockets, with an HTTP client that adds nothing.

mod client;
mod faults;
mod gateway;
mod limits;
mod organizations;
mod refusals;
mod rules;
mod sign_in;
