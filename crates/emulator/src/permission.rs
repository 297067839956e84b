//! Permissions of the roles of a client.

/// A permission that a request may need.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Permission {
    /// To read trigger rules.
    View,
    /// To write trigger rules.
    Update,
    /// To list assistants.
    AssistantView,
    /// To read Copilots and variations.
    CopilotView,
    /// To write Copilots and variations.
    CopilotEdit,
    /// To read checklists.
    ChecklistView,
    /// To read NLU domains.
    NluDomainView,
    /// To read versions of NLU domains.
    NluDomainVersionView,
    /// To read libraries of canned responses.
    LibraryView,
    /// To read canned responses.
    ResponseView,
    /// To read scripts and their pages.
    ScriptView,
    /// To read knowledge bases.
    KnowledgeBaseView,
    /// To read documents of knowledge bases.
    KnowledgeDocumentView,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 13] = [
        Self::View,
        Self::Update,
        Self::AssistantView,
        Self::CopilotView,
        Self::CopilotEdit,
        Self::ChecklistView,
        Self::NluDomainView,
        Self::NluDomainVersionView,
        Self::LibraryView,
        Self::ResponseView,
        Self::ScriptView,
        Self::KnowledgeBaseView,
        Self::KnowledgeDocumentView,
    ];

    /// The platform's name of it, as the published API definition has it; trigger rules are not in there.
    pub fn name(self) -> &'static str {
        match self {
            Self::View => "agentassist:trigger-rule:view",
            Self::Update => "agentassist:trigger-rule:update",
            Self::AssistantView => "assistants:assistant:view",
            Self::CopilotView => "assistants:copilot:view",
            Self::CopilotEdit => "assistants:copilot:edit",
            Self::ChecklistView => "assistants:agentchecklist:view",
            Self::NluDomainView => "languageUnderstanding:nluDomain:view",
            Self::NluDomainVersionView => "languageUnderstanding:nluDomainVersion:view",
            Self::LibraryView => "responses:library:view",
            Self::ResponseView => "responses:response:view",
            Self::ScriptView => "scripter:script:view",
            Self::KnowledgeBaseView => "knowledge:knowledgebase:view",
            Self::KnowledgeDocumentView => "knowledge:document:view",
        }
    }

    /// An older permission that would do as well. No client of an emulator has it; a refusal names it.
    pub(crate) fn alternative(self) -> Option<&'static str> {
        match self {
            Self::NluDomainView => Some("dialog:bot:view"),
            Self::NluDomainVersionView => Some("dialog:botVersion:view"),
            Self::View
            | Self::Update
            | Self::AssistantView
            | Self::CopilotView
            | Self::CopilotEdit
            | Self::ChecklistView
            | Self::LibraryView
            | Self::ResponseView
            | Self::ScriptView
            | Self::KnowledgeBaseView
            | Self::KnowledgeDocumentView => None,
        }
    }
}
