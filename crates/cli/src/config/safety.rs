//! The limits of the safety stop, as layers of the configuration set them.

use domain::plan::{SafetyKind, SafetyLimits};
use serde::Deserialize;

use super::layer::Layer;

/// The table `[safety]` of a layer: so many rules may be changed, switched off, taken away or emptied by one run.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SafetyTable {
    change: Option<usize>,
    disable: Option<usize>,
    remove: Option<usize>,
    empty: Option<usize>,
    /// True for the table of a file that may be a stranger's.
    #[serde(skip)]
    may_only_lower: bool,
}

impl SafetyTable {
    /// The same table of a file that may be a stranger's.
    pub(super) fn that_only_lowers(self) -> Self {
        Self {
            may_only_lower: true,
            ..self
        }
    }

    fn number(&self, kind: SafetyKind) -> Option<usize> {
        match kind {
            SafetyKind::Changed => self.change,
            SafetyKind::Disabled => self.disable,
            SafetyKind::Removed => self.remove,
            SafetyKind::Emptied => self.empty,
        }
    }

    /// The numbers in words: `change=10, disable=2`.
    pub(super) fn shown(&self) -> String {
        let set = SafetyKind::ALL
            .into_iter()
            .filter_map(|kind| Some(format!("{}={}", kind.name(), self.number(kind)?)));
        set.collect::<Vec<_>>().join(", ")
    }
}

/// The settings of the safety stop. The defaults are shares of the rules of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct SafetySettings {
    set: Vec<(SafetyKind, usize)>,
    lowered: Vec<(SafetyKind, usize)>,
}

impl SafetySettings {
    /// The first layer that may set a number does; one that may only lower it does so after that.
    pub(super) fn of(layers: &[Layer]) -> Self {
        let mut settings = Self::default();
        for kind in SafetyKind::ALL {
            let tables = layers.iter().filter_map(|layer| layer.settings.safety);
            for table in tables {
                let Some(number) = table.number(kind) else { continue };
                if table.may_only_lower {
                    settings.lowered.push((kind, number));
                } else if settings.set.iter().all(|(known, _)| *known != kind) {
                    settings.set.push((kind, number));
                }
            }
        }
        settings
    }

    /// The limits of a run over so many documents.
    pub(crate) fn limits(&self, documents: usize) -> SafetyLimits {
        let set = |limits: SafetyLimits, (kind, number): &(SafetyKind, usize)| limits.with(*kind, *number);
        let limits = self.set.iter().fold(SafetyLimits::of(documents), set);
        self.lowered.iter().fold(limits, |limits, (kind, number)| {
            limits.with(*kind, limits.limit(*kind).min(*number))
        })
    }
}
