//! A database file as another program has it open.

use std::path::Path;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::runtime::{Builder, Runtime};

/// A connection to a database file, made if it is not there.
pub(crate) struct DatabaseFile {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl DatabaseFile {
    pub(crate) fn open(file: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let connection = runtime.block_on(options.connect()).unwrap();
        Self { runtime, connection }
    }

    /// Executes statements. What they lock stays locked.
    pub(crate) fn run(&mut self, sql: &'static str) {
        let done = sqlx::raw_sql(sql).execute(&mut self.connection);
        self.runtime.block_on(done).unwrap();
    }

    pub(crate) fn close(self) {
        self.runtime.block_on(self.connection.close()).unwrap();
    }
}
