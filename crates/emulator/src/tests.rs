//! The emulator as a client sees it: over real sockets, with an HTTP client that adds nothing.

mod assistants;
mod client;
mod copilot_faults;
mod faults;
mod gateway;
mod limits;
mod organizations;
mod references;
mod refusals;
mod rules;
mod sign_in;
