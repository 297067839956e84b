//! Reports as comments of a pull request, in the Markdown of GitHub, GitLab and Bitbucket.
//!
//! The first line tells a bot which comment it is. A report keeps to a number of characters, and cuts neither its summary nor
//! what a reviewer must not miss. Names, values and messages of others stand in code, where they have no effect.

mod code;
mod comment;
mod failure_page;
mod page;
mod parts;
mod plan_page;
mod result_page;
mod status_page;
#[cfg(test)]
mod tests;

pub(crate) use comment::{Comment, MAX_CHARS, comment_key};
pub(crate) use failure_page::{failure, findings};
pub(crate) use plan_page::plan;
pub(crate) use result_page::{Applied, result};
pub(crate) use status_page::status;
