//! A PostgreSQL to test against, where there is one.

use std::{
    cell::OnceCell,
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
};

/// A schema of its own, until it is dropped.
pub(crate) struct Schema {
    address: String,
    name: String,
    role: OnceCell<String>,
}

impl Schema {
    /// Nothing, and it says so, where there is no PostgreSQL or no psql.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let address = std::env::var("ASSIST_RULES_TEST_POSTGRES")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned());
        let name = format!("{test}_{}", std::process::id());
        let schema = Self {
            address,
            name,
            role: OnceCell::new(),
        };
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

    /// Host and port of the server.
    pub(crate) fn server(&self) -> String {
        let (_, rest) = self.address.split_once("://").unwrap();
        let (place, _) = rest.split_once('/').unwrap();
        place.rsplit('@').next().unwrap().to_owned()
    }

    /// Its address by way of a port on this machine.
    pub(crate) fn url_at(&self, port: u16) -> String {
        self.url().replacen(&self.server(), &format!("127.0.0.1:{port}"), 1)
    }

    /// A role with these attributes that may do everything in it, and goes with it.
    pub(crate) fn role(&self, attributes: &str) -> String {
        let name = &self.name;
        let role = format!("{name}_role");
        let made = format!(
            "CREATE ROLE {role} {attributes}; GRANT ALL ON SCHEMA {name} TO {role}; \
             GRANT ALL ON ALL TABLES IN SCHEMA {name} TO {role}"
        );
        self.query(&made);
        self.role.set(role.clone()).unwrap();
        role
    }

    /// Its address for a role that needs no password.
    pub(crate) fn url_of(&self, role: &str) -> String {
        let server = self.server();
        let (_, rest) = self
            .url()
            .split_once(&server)
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        format!("postgres://{role}@{server}{rest}")
    }

    /// The address as messages name it.
    pub(crate) fn place(&self) -> String {
        self.address.clone()
    }

    /// Keeps every other session from a table, until it is dropped.
    pub(crate) fn locked(&self, table: &str) -> Lock {
        let mut psql = Command::new("psql")
            .args([&self.address, "-Atq", "-v", "ON_ERROR_STOP=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let statements = psql.stdin.as_mut().unwrap();
        writeln!(statements, "BEGIN; LOCK TABLE {}.{table}; SELECT 'locked';", self.name).unwrap();
        let mut answer = String::new();
        let answers = psql.stdout.as_mut().unwrap();
        BufReader::new(answers).read_line(&mut answer).unwrap();
        assert_eq!(answer, "locked\n");
        Lock(psql)
    }

    /// Takes in what `pg_dump` wrote of the schema `dumped`.
    pub(crate) fn restore(&self, dump: &str, dumped: &str) {
        let there = dump
            .replace(&format!("CREATE SCHEMA {dumped};"), "")
            .replace(&format!("{dumped}."), &format!("{}.", self.name));
        run(&self.address, &there).unwrap_or_else(|| panic!("the dump of {dumped} cannot be taken in"));
    }

    /// The output of a statement.
    pub(crate) fn query(&self, sql: &str) -> String {
        let within = format!("SET search_path = {}; {sql}", self.name);
        run(&self.address, &within).unwrap_or_else(|| panic!("{sql} failed"))
    }
}

/// A lock that another session holds.
pub(crate) struct Lock(Child);

impl Drop for Lock {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        run(&self.address, &format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name));
        if let Some(role) = self.role.get() {
            run(&self.address, &format!("DROP OWNED BY {role}; DROP ROLE {role}"));
        }
    }
}

fn run(address: &str, sql: &str) -> Option<String> {
    let output = Command::new("psql")
        .args([address, "-Atq", "-v", "ON_ERROR_STOP=1", "-c", sql])
        .output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
