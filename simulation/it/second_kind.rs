//! A kind that was written from the docs of [`DocumentKind`] and [`Specimen`] alone: it passes every suite, and no other
//! file knows of it.
//!
//! Its list is matched by id, its documents state a version, and the server does not check it: the guard is the content.

use domain::document::{Audience, DocumentKind, Guard, KindName, ListIdentity, MemberSpec, MergeGroup, ParseError};
use domain::json::Document;
use domain::testing::Specimen;
use domain::{Code, Finding, Findings};

use crate::soak::{OTHER_SEEDS, every_promise_is_kept};
use crate::suites;
use crate::vocabulary::Vocabulary;

/// A checklist: steps in order, and whether they are shown.
#[derive(Clone, Debug, PartialEq)]
struct Checklist(Document);

const SHOWN: Option<MergeGroup> = Some(MergeGroup {
    name: "shown",
    switch: Some("active"),
});

impl DocumentKind for Checklist {
    const NAME: KindName = KindName::new("checklist");
    const MEMBERS: &'static [MemberSpec] = &[
        MemberSpec::new("label"),
        MemberSpec {
            group: SHOWN,
            ..MemberSpec::new("active")
        },
        MemberSpec {
            group: SHOWN,
            list: ListIdentity::Id("key"),
            ..MemberSpec::new("steps")
        },
    ];
    const SERVER_OWNED: &'static [&'static str] = &["revision", "savedBy"];
    const ID_MEMBER: &'static str = "checklistId";
    const IDENTITY: &'static [&'static str] = &["checklistId", "revision"];
    const VERSION: Option<&'static str> = Some("revision");
    const TITLE: Option<&'static str> = Some("label");
    const GUARD: Guard = Guard::Content;
    type Id = String;

    fn from_document(document: Document) -> Result<Self, ParseError> {
        if document.root().is_object() {
            Ok(Self(document))
        } else {
            Err(ParseError::NotAnObject)
        }
    }

    fn document(&self) -> &Document {
        &self.0
    }

    fn validate(&self, _stored: Option<&Self>, _audience: Audience) -> Findings {
        let mut findings = Findings::default();
        for member in Self::MEMBERS {
            let Some(value) = self.member(member.name) else {
                continue;
            };
            let is_right = match member.name {
                "label" => value.as_str().is_some(),
                "active" => value.as_bool().is_some(),
                _ => value.is_array(),
            };
            if !is_right {
                findings.add(Finding::new(
                    Code::WrongType,
                    member.pointer(),
                    "a value of the wrong type",
                ));
            }
        }
        findings
    }
}

impl Specimen for Checklist {
    const ID: &'static str = "1";
    const TEXT: &'static str = r#"{"checklistId": "1", "revision": "7", "label": "before", "active": true, "locale": "de",
        "steps": [{"key": "greet", "text": "hello"}, {"key": "ask", "text": "why", "optional": true}], "savedBy": "ann"}"#;
    const VALUES: &'static [(&'static str, &'static [&'static str])] = &[
        ("label", &["\"ours\"", "\"theirs\"", "\"others\""]),
        (
            "steps",
            &[
                r#"[{"key": "greet", "text": "hi"}, {"key": "ask", "text": "why", "optional": true}]"#,
                r#"[{"key": "ask", "text": "what"}, {"key": "thank", "text": "thanks"}]"#,
                r#"[{"key": "ask", "text": "why"}]"#,
            ],
        ),
    ];
}

#[tokio::test]
async fn a_kind_of_ones_own_passes_every_suite() {
    suites::check::<Checklist>().await;
}

#[test]
fn a_kind_of_ones_own_loses_nothing_that_is_seen() {
    every_promise_is_kept(
        Vocabulary::<Checklist>::of_specimen(),
        OTHER_SEEDS.map(|seeds| seeds / 2),
    );
}
