//! Rules of the repository as a whole, and journeys. One module a subject.
//!
//! `binary` and `sandbox` are what journeys are made of: the program in a clean environment, and a Genesys Cloud to
//! point it at.
#![expect(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes its snapshots with them"
)]

// The name that the layers have in all other crates.
#[cfg(test)]
extern crate assist_rules_domain as domain;

#[cfg(test)]
mod binary;
#[cfg(test)]
mod database;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod links;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod nginx;
#[cfg(test)]
mod official_sdk;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod postgres;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod refusing;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod release;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod schema_agreement;
#[cfg(test)]
mod secure;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod shells;
#[cfg(test)]
#[cfg(target_os = "linux")]
mod terminal;

mod tidiness;
#[cfg(test)]
mod transport;
