//! What holds for the repository as a whole. One module a subject.
//!
//! `binary` and `sandbox` are what journeys are made of: the program in a clean environment, and a Genesys Cloud to
//! point it at.

#[cfg(test)]
mod binary;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod manifests;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod tidiness;
