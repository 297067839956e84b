//! The bases of files, by which it is told who changed what.

use std::collections::HashMap;
use std::path::Path;

use app::{Bases, DriftPolicy, FolderBase, KnownNames};

use crate::authored::{Authored, AuthoredDocuments};
use crate::checked_files::{CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::commands::resolve_files;
use crate::error_code::ErrorCode;
use crate::folder_manifest::Manifests;
use crate::kind::CliKind;
use crate::output::Output;
use crate::render::result::TargetDocument;
use crate::request::PlanOptions;
use crate::time;

/// The bases that stand beside the record.
pub(super) struct BasesOfFiles<'o> {
    /// The documents of the folder that was named.
    directory: Option<AuthoredDocuments>,
    options: &'o PlanOptions,
}

impl<'o> BasesOfFiles<'o> {
    /// The bases by these options. A document of the folder of bases that has a name which stands for nothing is no base, and
    /// that is told.
    ///
    /// # Errors
    ///
    /// If the folder of bases cannot be read.
    pub(super) async fn new(
        options: &'o PlanOptions,
        (names, target): (&KnownNames, &TargetDocument),
        output: Output,
    ) -> Result<Self, CliError> {
        let mut directory = None;
        if let Some(folder) = &options.base {
            let documents = read_directory(folder)?;
            let resolved = resolve_files::resolve(names, target, documents).await?;
            for refused in &resolved.refused {
                output.info(&format!("`{}` is no base: {}", refused.file, refused.why()));
            }
            directory = Some(resolved.documents);
        }
        Ok(Self { directory, options })
    }

    /// The policy for drift of files about documents of one kind.
    ///
    /// # Errors
    ///
    /// If a manifest cannot be read, or a folder is of another target.
    pub(super) fn policy<'a, K: CliKind>(
        &self,
        files: impl Iterator<Item = &'a Authored<K>>,
        manifests: &mut Manifests,
        target: &TargetDocument,
    ) -> Result<DriftPolicy<K>, CliError> {
        let mut of_folder = HashMap::new();
        for authored in files {
            let manifest = manifests.of_target(Path::new(&authored.file), target)?;
            let pulled = manifest.and_then(|manifest| manifest.documents.get(&authored.reference()));
            if let Some(pulled) = pulled {
                let base = FolderBase {
                    hash: pulled.sha256,
                    content: None,
                    at: time::parse(&pulled.at),
                };
                of_folder.insert(authored.id.to_string(), base);
            }
        }
        Ok(DriftPolicy {
            bases: match &self.directory {
                Some(documents) => Bases::OfDirectory(documents.of_kind::<K>().iter().map(base).collect()),
                None => Bases::OfFolder(of_folder),
            },
            on_drift: self.options.on_drift,
        })
    }
}

fn read_directory(folder: &Path) -> Result<AuthoredDocuments, CliError> {
    let mut checked = CheckedFiles::read(&[folder.to_owned()], Needs::Documents);
    if let Some(fault) = checked.faults.drain(..).next() {
        return Err(fault);
    }
    if checked.documents.is_empty() {
        let message = format!("there is no rule in `{}`", folder.display());
        let help = "`--base` is a folder of the files as they were last applied, such as a checkout of the main branch";
        return Err(CliError::new(ErrorCode::Usage, message).with_help(help));
    }
    Ok(checked.documents)
}

fn base<K: CliKind>(authored: &Authored<K>) -> (String, FolderBase<K>) {
    let base = FolderBase {
        hash: authored.hash,
        content: Some(authored.edit()),
        at: None,
    };
    (authored.id.to_string(), base)
}
