//! A PostgreSQL to test against, where there is one.

use std::process::Command;

/// A schema of its own, until it is dropped.
pub(crate) struct Schema {
    address: String,
    name: String,
}

impl Schema {
    /// Nothing, and it says so, where there is no PostgreSQL or no psql.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let address = std::env::var("ASSIST_RULES_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let name = format!("{test}_{}", std::process::id());
        let schema = Self { address, name };
        let make = format!("CREATE SCHEMA {}", schema.name);
        if run(&schema.address, &make).is_none() {
            ports::testing::skip(
                test,
                "it needs psql and a PostgreSQL at 127.0.0.1:5432 with a database `test`; \
                 ASSIST_RULES_TEST_POSTGRES=postgres://… names another",
            );
            return None;
        }
        Some(schema)
    }

    /// Its address, for the program.
    pub(crate) fn url(&self) -> String {
        format!("{}?options=-csearch_path%3D{}", self.address, self.name)
    }

    /// The output of a statement.
    pub(crate) fn query(&self, sql: &str) -> String {
        let within = format!("SET search_path = {}; {sql}", self.name);
        run(&self.address, &within).unwrap_or_else(|| panic!("{sql} failed"))
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        run(&self.address, &format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
    }
}

fn run(address: &str, sql: &str) -> Option<String> {
    let output = Command::new("psql")
        .args([address, "-Atq", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
