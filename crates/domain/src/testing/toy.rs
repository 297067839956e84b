//! A second kind, as small as one can be: it proves that everything else is written once.

use super::Specimen;
use crate::code::Code;
use crate::document::{Audience, DocumentKind, Guard, KindName, ListIdentity, MemberSpec, ParseError};
use crate::finding::{Finding, Findings};
use crate::json::Document;

/// A document without a version, whose list is matched by content: its conditions are joined by OR, so their order and
/// their neighbors mean nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Toy(Document);

impl DocumentKind for Toy {
    const NAME: KindName = KindName::new("toy");
    const MEMBERS: &'static [MemberSpec] = &[
        MemberSpec::new("title"),
        MemberSpec {
            list: ListIdentity::Content,
            ..MemberSpec::new("any_of")
        },
    ];
    const SERVER_OWNED: &'static [&'static str] = &["updated"];
    const ID_MEMBER: &'static str = "number";
    const IDENTITY: &'static [&'static str] = &["number"];
    const VERSION: Option<&'static str> = None;
    const TITLE: Option<&'static str> = Some("title");
    const GUARD: Guard = Guard::Content;
    type Id = u32;

    fn from_document(document: Document) -> Result<Self, ParseError> {
        let is_object = document.root().is_object();
        is_object.then_some(Self(document)).ok_or(ParseError::NotAnObject)
    }

    fn document(&self) -> &Document {
        &self.0
    }

    fn validate(&self, _stored: Option<&Self>, _audience: Audience) -> Findings {
        let mut findings = Findings::default();
        for member in Self::MEMBERS {
            let is_list = member.list == ListIdentity::Content;
            let value = self.member(member.name);
            if value.is_some_and(|value| value.is_array() != is_list) {
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

impl Specimen for Toy {
    const ID: &'static str = "1";
    const TEXT: &'static str =
        r#"{"number": 1, "title": "before", "any_of": [{"word": "a"}, {"word": "b"}], "updated": "then"}"#;
    const VALUES: &'static [(&'static str, &'static [&'static str])] = &[
        ("title", &["\"ours\"", "\"theirs\"", "\"others\""]),
        (
            "any_of",
            &[
                r#"[{"word": "a"}, {"word": "c"}]"#,
                r#"[{"word": "d"}, {"word": "a"}, {"word": "b"}]"#,
                "[]",
            ],
        ),
    ];
}
