//! The names of what one document refers to, for commands that seldom need them.

use std::path::PathBuf;

use app::{FindNameError, KnownNames};
use domain::reference::{ReferenceKind, Unresolved};
use domain::{Finding, Pointer};
use tokio::sync::OnceCell;

use crate::cli_error::CliError;
use crate::commands::{Context, resolve_files};
use crate::copilot_file;
use crate::session::Session;

/// Names that are known once the first of them is asked for.
pub(super) struct LazyNames<'c> {
    context: &'c Context<'c>,
    /// The files of values that are given by names.
    values: &'c [PathBuf],
    known: OnceCell<(Session, KnownNames)>,
}

impl<'c> LazyNames<'c> {
    pub(super) fn new(context: &'c Context<'c>, values: &'c [PathBuf]) -> Self {
        Self {
            context,
            values,
            known: OnceCell::new(),
        }
    }

    /// The names.
    ///
    /// # Errors
    ///
    /// If the settings do not say where to ask, or a file of values cannot be read.
    pub(super) async fn known(&self) -> Result<&KnownNames, CliError> {
        let open = async || {
            let values = resolve_files::values(self.values)?;
            let settings = self.context.settings()?;
            let session = self.context.open(settings).await?;
            let names = KnownNames::new(session.directory(settings), session.retry.clone(), values);
            Ok::<_, CliError>((session, names))
        };
        let (_, names) = self.known.get_or_try_init(open).await?;
        Ok(names)
    }

    /// The id that the name of an assistant stands for which is written around a document.
    ///
    /// # Errors
    ///
    /// As [`known`](Self::known).
    pub(super) async fn id_around(&self, text: String) -> Result<Result<String, Finding>, CliError> {
        let pointer = Pointer::root().member(copilot_file::ASSISTANT);
        let names = self.known().await?;
        let found = names.resolve_own_name(&text, ReferenceKind::Assistant, &pointer).await;
        Ok(found
            .map(|own| own.id)
            .map_err(|cause| FindNameError::finding(&Unresolved { pointer, text, cause })))
    }

    /// Ends the session, if there is one.
    ///
    /// # Errors
    ///
    /// If it cannot be ended.
    pub(super) async fn close(self) -> Result<(), CliError> {
        match self.known.into_inner() {
            Some((session, _)) => session.close().await,
            None => Ok(()),
        }
    }
}
