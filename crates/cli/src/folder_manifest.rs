//! The manifest of a folder of rules, `.assist-rules.json`: where its documents were pulled from, and as what.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::ContentHash;
use serde::{Deserialize, Serialize};

use crate::cli_error::CliError;
use crate::error_code::ErrorCode;
use crate::output::FORMAT_VERSION;
use crate::render::result::TargetDocument;
use crate::saved_plan::identity;
use crate::source;

/// The name of the file.
pub(crate) const NAME: &str = ".assist-rules.json";

/// The manifest of a folder.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FolderManifest {
    pub(crate) format_version: String,
    /// The target that its documents were pulled from.
    pub(crate) target: TargetDocument,
    /// True if its documents name everything in place of ids.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) portable: bool,
    /// Each document as it was written, by its reference.
    pub(crate) documents: BTreeMap<String, PulledDocument>,
}

/// A document as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PulledDocument {
    pub(crate) sha256: ContentHash,
    pub(crate) at: String,
}

impl FolderManifest {
    /// The manifest of a folder that was pulled from nowhere yet.
    pub(crate) fn new(target: TargetDocument) -> Self {
        Self {
            format_version: FORMAT_VERSION.to_owned(),
            target,
            portable: false,
            documents: BTreeMap::new(),
        }
    }

    /// The manifest in a folder, if there is one.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is none.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, CliError> {
        let path = folder.join(NAME);
        if !path.exists() {
            return Ok(None);
        }
        let text = source::read_text(&path)?;
        let manifest: Result<Self, _> = serde_json::from_str(&text);
        let manifest = manifest.map_err(|error| unfit(&path, &error.to_string()))?;
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        if major(&manifest.format_version) != major(FORMAT_VERSION) {
            let version = &manifest.format_version;
            return Err(unfit(
                &path,
                &format!("it has the format {version}, and this program reads {FORMAT_VERSION}"),
            ));
        }
        Ok(Some(manifest))
    }

    /// The manifest as it is saved: a line a document, so that two branches merge.
    pub(crate) fn text(&self) -> String {
        let json = |value: serde_json::Result<String>| value.unwrap_or_default();
        let mut head = serde_json::Map::new();
        head.insert("format_version".to_owned(), self.format_version.clone().into());
        head.insert(
            "target".to_owned(),
            serde_json::to_value(&self.target).unwrap_or_default(),
        );
        if self.portable {
            head.insert("portable".to_owned(), true.into());
        }
        let mut lines: Vec<String> = head
            .iter()
            .map(|(name, value)| format!("  \"{name}\": {value}"))
            .collect();
        lines.push("  \"documents\": {".to_owned());
        let mut text = format!("{{\n{}", lines.join(",\n"));
        for (index, (document, pulled)) in self.documents.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let (name, pulled) = (
                json(serde_json::to_string(document)),
                json(serde_json::to_string(pulled)),
            );
            // Why ignored: a String takes whatever is written to it.
            let _ = write!(text, "{comma}\n    {name}: {pulled}");
        }
        text.push_str(if self.documents.is_empty() {
            "}\n}\n"
        } else {
            "\n  }\n}\n"
        });
        text
    }

    /// True if the document with a reference was written into the folder.
    pub(crate) fn has(&self, reference: &str) -> bool {
        self.documents.contains_key(reference)
    }

    /// True if it is of this target. Without an organization, the API alone counts.
    pub(crate) fn is_of(&self, target: &TargetDocument) -> bool {
        match (&self.target.org, &target.org) {
            (Some(_), Some(_)) => identity(&self.target) == identity(target),
            (Some(_), None) | (None, _) => self.target.api == target.api,
        }
    }

    /// The error of a folder that another target's documents are in.
    pub(crate) fn of_another(&self, folder: &Path, target: &TargetDocument) -> CliError {
        let message = format!(
            "the documents in `{}` are from {}, and this is {}",
            folder.display(),
            self.target.shown(),
            target.shown()
        );
        CliError::new(ErrorCode::UnfitPlan, message)
            .with_help("nothing was changed: use a folder for each organization, or other credentials")
    }
}

/// The manifests that count for files: for each the one of the nearest folder, up to the repository's root.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manifests {
    /// The manifest that counts in each folder.
    known: BTreeMap<PathBuf, Found>,
    /// The folder of the file that was asked about last, as it was given, and the manifest that counts for it.
    last: Option<(OsString, Found)>,
    /// Each folder in which a manifest was looked for, and that one.
    read: BTreeMap<PathBuf, Found>,
}

/// A manifest, if there is one, or why it cannot be read: that is found out once, and told to all who ask.
type Found = Result<Option<Arc<FolderManifest>>, CliError>;

impl Manifests {
    /// The manifest that counts for a file.
    ///
    /// # Errors
    ///
    /// If a manifest cannot be read.
    pub(crate) fn of(&mut self, file: &Path) -> Result<Option<&FolderManifest>, CliError> {
        let given = file.parent().unwrap_or(Path::new("")).as_os_str();
        // Why as it was given: of thousands of files in one folder, a look at the path itself is what costs.
        if self.last.as_ref().is_none_or(|(last, _)| last != given) {
            let found = self.find(file);
            self.last = Some((given.to_owned(), found));
        }
        match &self.last {
            Some((_, Ok(found))) => Ok(found.as_deref()),
            Some((_, Err(fault))) => Err(fault.clone()),
            None => Ok(None),
        }
    }

    fn find(&mut self, file: &Path) -> Found {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let Some(parent) = file.parent().map(Path::to_owned) else {
            return Ok(None);
        };
        if let Some(known) = self.known.get(&parent) {
            return known.clone();
        }
        let nearest = parent.ancestors().find_map(|folder| {
            let read = || FolderManifest::read(folder).map(|manifest| manifest.map(Arc::new));
            match self.read.entry(folder.to_owned()).or_insert_with(read) {
                Ok(None) if !folder.join(".git").exists() => None,
                found => Some(found.clone()),
            }
        });
        let found = nearest.unwrap_or(Ok(None));
        self.known.insert(parent, found.clone());
        found
    }

    /// The manifest that counts for a file, if it is of this target. That of a portable folder may be of another.
    ///
    /// # Errors
    ///
    /// If it is of another target, or cannot be read.
    pub(crate) fn of_target(
        &mut self,
        file: &Path,
        target: &TargetDocument,
    ) -> Result<Option<&FolderManifest>, CliError> {
        self.of(file)?;
        let Some((_, Ok(Some(manifest)))) = &self.last else {
            return Ok(None);
        };
        if manifest.is_of(target) {
            return Ok(Some(manifest));
        }
        if manifest.portable {
            return Ok(None);
        }
        let is_it = |read: &Found| matches!(read, Ok(Some(read)) if Arc::ptr_eq(read, manifest));
        let folder = self.read.iter().find(|(_, read)| is_it(read));
        let folder = folder.map_or(file, |(folder, _)| folder);
        Err(manifest.of_another(folder, target))
    }
}

fn unfit(path: &Path, why: &str) -> CliError {
    let message = format!("`{}` is no manifest of a folder: {why}", path.display());
    CliError::new(ErrorCode::Usage, message).with_help("restore it from version control, or remove it and pull again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_has_a_line_a_document_and_is_read_as_it_was_written() {
        let mut manifest = FolderManifest::new(TargetDocument {
            api: Some("https://api.example.org".to_owned()),
            org: None,
            client: Some("c".to_owned()),
            sandbox: false,
        });
        for id in ["b", "a"] {
            let pulled = PulledDocument {
                sha256: ContentHash::of(id.as_bytes()),
                at: "2026-11-28T12:00:00Z".to_owned(),
            };
            manifest.documents.insert(format!("rule/{id}"), pulled);
        }
        let text = manifest.text();
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("rule/")).collect();
        assert!(
            lines.len() == 2 && lines.first().is_some_and(|line| line.contains("rule/a")),
            "{text}"
        );
        let read: FolderManifest = serde_json::from_str(&text).unwrap();
        assert_eq!(read.documents, manifest.documents);
    }
}
