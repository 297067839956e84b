//! The bases of files, by which it is told who changed what.

use std::collections::BTreeMap;
use std::path::Path;

use app::{Bases, DriftPolicy, FolderBase};
use domain::{DocumentKind, TriggerRule};

use crate::checked_files::{Authored, CheckedFiles, Needs};
use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::folder_manifest::Manifests;
use crate::render::result::TargetDocument;
use crate::request::PlanOptions;
use crate::time;

/// The policy for drift, with the bases that stand beside the record.
///
/// # Errors
///
/// If a manifest or a folder of bases cannot be read, or a folder is of another target.
pub(super) fn policy<'a>(
    files: impl Iterator<Item = &'a Authored>,
    target: &TargetDocument,
    options: &PlanOptions,
) -> Result<DriftPolicy<TriggerRule>, CliError> {
    let (mut manifests, mut of_folder) = (Manifests::default(), BTreeMap::new());
    for authored in files {
        let Some(manifest) = manifests.of(Path::new(&authored.file))? else {
            continue;
        };
        let pulled = manifest.documents.get(&reference(authored.id.as_str()));
        if let Some(pulled) = pulled.filter(|_| manifest.is_of(target)) {
            let base = FolderBase {
                hash: pulled.sha256.clone(),
                content: None,
                at: time::parse(&pulled.at),
            };
            of_folder.insert(authored.id.to_string(), base);
        }
    }
    manifests.refuse_others(target)?;
    Ok(DriftPolicy {
        bases: match &options.base {
            Some(folder) => Bases::OfDirectory(of_directory(folder)?),
            None => Bases::OfFolder(of_folder),
        },
        on_drift: options.on_drift,
    })
}

/// The reference of a rule.
pub(super) fn reference(id: &str) -> String {
    format!("{}/{id}", TriggerRule::NAME)
}

fn of_directory(folder: &Path) -> Result<BTreeMap<String, FolderBase<TriggerRule>>, CliError> {
    let mut checked = CheckedFiles::read(&[folder.to_owned()], Needs::Documents);
    if let Some(fault) = checked.faults.drain(..).next() {
        return Err(fault);
    }
    if checked.documents.is_empty() {
        let message = format!("there is no rule in `{}`", folder.display());
        let help = "`--base` is a folder of the files as they were last applied, such as a checkout of the main branch";
        return Err(CliError::new(ErrorCode::Usage, message).with_help(help));
    }
    let base = |authored: Authored| {
        let base = FolderBase {
            hash: authored.hash.clone(),
            content: Some(authored.edit()),
            at: None,
        };
        (authored.id.to_string(), base)
    };
    Ok(checked.documents.into_iter().map(base).collect())
}
