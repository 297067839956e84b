//! A document as an author wrote it: an edit, or a whole document that was edited.

use std::marker::PhantomData;

use super::check::{check, half_characters, inexact_numbers, masked_values};
use super::notes::{is_note, without_notes};
use super::{Audience, DocumentKind, Form, ListIdentity, MemberSpec, Patch, parts};
use crate::code::{Code, JudgedBy};
use crate::content_hash::ContentHash;
use crate::finding::{Finding, Findings};
use crate::json::{Document, Node, TextError, array_of, canonical_object};
use crate::pointer::Pointer;
use crate::version::Version;

/// A document as an author wrote it. Resolved against a stored document it is a [`Patch`].
pub struct Edit<K> {
    form: Form,
    document: Document,
    kind: PhantomData<fn() -> K>,
}

impl<K: DocumentKind> Edit<K> {
    /// An author's document: a whole one if it has a member of [`DocumentKind::IDENTITY`], else a partial one. Its author's
    /// own members ([`is_note`], and `$schema` at the top) are left out.
    ///
    /// # Errors
    ///
    /// If it is no JSON object.
    pub fn new(document: Document) -> Result<Self, Finding> {
        if !document.root().is_object() {
            let message = format!("expected an object: a {}, or a change of one", K::NAME);
            return Err(Finding::new(Code::WrongType, Pointer::root(), message));
        }
        // Why: a file may say which kind its document is of.
        let is_of_kind = document.root().get("kind").and_then(Node::as_str) == Some(K::NAME.as_str());
        let document = if is_of_kind {
            document.without_members(&["kind"])
        } else {
            Ok(document)
        };
        let document = document
            .and_then(without_notes)
            .map(|document| document.with_precision(K::PRECISION))
            .map_err(|error| Finding::new(Code::TooLarge, Pointer::root(), error.to_string()))?;
        let root = document.root();
        let is_whole = K::IDENTITY.iter().any(|name| root.get(name).is_some());
        Ok(Self {
            form: if is_whole { Form::Whole } else { Form::Partial },
            document,
            kind: PhantomData,
        })
    }

    /// An author's whole document, whatever members it has.
    ///
    /// # Errors
    ///
    /// If it is no JSON object.
    pub fn whole(document: Document) -> Result<Self, Finding> {
        let edit = Self::new(document)?;
        Ok(Self {
            form: Form::Whole,
            ..edit
        })
    }

    /// The same edit with the members of another one, which win over its own.
    ///
    /// # Errors
    ///
    /// If the edit would be larger than a document may be.
    pub fn with(&self, other: &Self) -> Result<Self, TextError> {
        let set: Vec<_> = other
            .document
            .root()
            .members()
            .map(|member| (member.name, member.value.raw()))
            .collect();
        Ok(Self {
            document: self.document.with_members(&set)?,
            ..self.clone()
        })
    }

    /// The same edit with one member set, as JSON.
    pub(crate) fn with_member(&self, name: &str, value: &str) -> Result<Self, TextError> {
        Ok(Self {
            document: self.document.with_members(&[(name, value)])?,
            ..self.clone()
        })
    }

    /// The form of the edit: a whole document or a partial one.
    pub fn form(&self) -> Form {
        self.form
    }

    /// The document as it was written, without its author's own members.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// True if the edit is partial and has no members but the id.
    pub fn is_empty(&self) -> bool {
        let mut members = self.document.root().members();
        self.form == Form::Partial && members.all(|member| member.name == K::ID_MEMBER)
    }

    /// The version that it was made from, where it states one.
    pub fn base_version(&self) -> Option<Version> {
        K::stated_version(self.document.root())
    }

    /// The members that an author can change, as the edit has them: all that the edit means.
    ///
    /// # Errors
    ///
    /// If the document would be larger than a document may be.
    pub fn managed(&self) -> Result<Document, TextError> {
        let set: Vec<_> = self
            .named_members()
            .map(|(member, value)| (member.name, value.raw()))
            .collect();
        Document::empty_object().with_members(&set)
    }

    /// The same without the members that it clears: the content that two files about one document are compared by.
    ///
    /// # Errors
    ///
    /// If the document would be larger than a document may be.
    pub fn normal_form(&self) -> Result<Document, TextError> {
        let set: Vec<_> = self.content().map(|(name, value)| (name, value.raw())).collect();
        Document::empty_object().with_members(&set)
    }

    /// The hash of the canonical text of [`normal_form`](Self::normal_form).
    pub fn content_hash(&self) -> ContentHash {
        ContentHash::of(canonical_object(self.content()).as_bytes())
    }

    fn content(&self) -> impl Iterator<Item = (&str, Node<'_>)> {
        let named = self.named_members().filter(|(_, value)| !value.is_null());
        named.map(|(member, value)| (member.name, value))
    }

    /// The members that it names of those that an author can change, in the order of the kind.
    pub fn named_members(&self) -> impl Iterator<Item = (&'static MemberSpec, Node<'_>)> {
        let root = self.document.root();
        K::MEMBERS
            .iter()
            .filter_map(move |member| Some((member, root.get(member.name)?)))
    }

    /// Everything that is wrong with it, as far as can be said without the stored document.
    #[must_use]
    pub fn check(&self) -> Findings {
        self.validate(None)
    }

    /// The errors that hold whatever is stored: nothing needs to be read to refuse it.
    pub fn static_errors(&self) -> Vec<Finding> {
        let is_static = |finding: &Finding| match finding.code.judged_by() {
            JudgedBy::Text => true,
            JudgedBy::Member => concerns_whole_member(finding),
            JudgedBy::PartialEdit => self.form == Form::Partial,
            JudgedBy::Stored | JudgedBy::Result => false,
        };
        self.check().into_vec().into_iter().filter(is_static).collect()
    }

    fn validate(&self, stored: Option<&K>) -> Findings {
        let mut findings = match K::from_document(self.document.clone()) {
            Ok(document) => document.validate(stored, Audience::Author(self.form)),
            Err(_) => Findings::default(),
        };
        findings.extend(inexact_numbers::<K>(&self.document));
        findings.extend(half_characters(&self.document));
        findings.extend(masked_values(&self.document));
        if self.is_empty() {
            let message = "the document names nothing to change";
            findings.add(Finding::new(Code::NothingNamed, Pointer::root(), message));
        }
        findings
    }

    /// The patch that it means for a stored document.
    ///
    /// Members of a whole document that are as they are stored are no change. An element of a list that means a stored
    /// one ([`DocumentKind::match_elements`]) is that element, with whatever else it has.
    ///
    /// # Errors
    ///
    /// The faults of the edit itself: members that neither the kind knows nor the stored document has, wrong types,
    /// another identity; and then also what [`check`] says of the members that it would change. Without such errors the
    /// limits of the kind are not looked at here.
    pub fn resolve(&self, stored: &K) -> Result<Patch<K>, Findings> {
        let mut patch = Patch::default();
        for (member, authored) in self.named_members() {
            let theirs = stored.member(member.name);
            let value =
                match_stored_elements::<K>(member, authored, theirs).map_err(|error| Findings::too_large(&error))?;
            let is_as_stored = theirs.is_some_and(|theirs| theirs.eq_value(value.root()));
            if self.form == Form::Partial || !is_as_stored {
                let goes =
                    member.nested.is_some() && authored.is_null() && theirs.is_none_or(|theirs| !theirs.is_null());
                patch.put(member.name, (!goes).then_some(value));
            }
        }
        let mut errors = self.own_errors(stored);
        if !errors.has_errors() {
            return Ok(patch);
        }
        // The edit is refused: what is wrong with the document that it would make is said in the same go.
        let result = patch.apply(stored).map_err(|error| Findings::too_large(&error))?;
        let known: Vec<_> = errors
            .as_slice()
            .iter()
            .map(|found| (found.code, found.pointer.clone()))
            .collect();
        let concerns_patch = |found: &Finding| {
            let place = found.pointer.tokens().next();
            patch.changes().any(|(member, _)| place.as_deref() == Some(member.name))
        };
        let others = check(&result, Some(stored)).into_vec().into_iter();
        errors.extend(
            others.filter(|found| concerns_patch(found) && !known.contains(&(found.code, found.pointer.clone()))),
        );
        Err(errors)
    }

    /// The patch of the members that it names, with the elements of lists that mean stored ones; nothing is checked.
    pub(crate) fn meant_in(&self, stored: &K) -> Result<Patch<K>, TextError> {
        let mut patch = Patch::default();
        for (member, authored) in self.named_members() {
            let value = match_stored_elements::<K>(member, authored, stored.member(member.name))?;
            patch.put(member.name, (!authored.is_null()).then_some(value));
        }
        Ok(patch)
    }

    /// The patch that it means where its author began with the whole text of a stored document: a member that was shown
    /// and is gone was deleted, and an element of a list has what is written and nothing else.
    ///
    /// ```
    /// use assist_rules_domain::json::Document;
    /// use assist_rules_domain::{Edit, TriggerRule};
    ///
    /// let shown: TriggerRule = r#"{"id": "r1", "ruleType": "conversation", "enabled": true, "description": "old"}"#.parse()?;
    /// let text = r#"{"id": "r1", "ruleType": "conversation", "enabled": true}"#;
    /// let edit = Edit::<TriggerRule>::whole(Document::parse(text)?).map_err(|finding| format!("{finding:?}"))?;
    /// let patch = edit.resolve_against_shown(&shown).map_err(|findings| format!("{findings:?}"))?;
    /// assert_eq!(patch.apply(&shown)?.document().compact(), text.replace(' ', ""));
    /// # use assist_rules_domain::DocumentKind;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The faults of the edit, as [`resolve`](Self::resolve) has them; and each deleted member that a document keeps.
    pub fn resolve_against_shown(&self, shown: &K) -> Result<Patch<K>, Findings> {
        let mut errors = self.own_errors(shown);
        errors.extend(
            self.deleted(shown)
                .filter_map(|name| {
                    let is_clearable = member_spec::<K>(name).is_some_and(|member| member.is_clearable);
                    let pointer = Pointer::root().member(name);
                    let is_told = errors.as_slice().iter().any(|found| found.pointer == pointer);
                    (!is_clearable && !is_told).then(|| cannot_be_deleted::<K>(name, pointer))
                })
                .collect::<Vec<_>>(),
        );
        if errors.has_errors() {
            return Err(errors);
        }
        let mut patch = Patch::default();
        for member in K::MEMBERS {
            let (ours, theirs) = (self.document.root().get(member.name), shown.member(member.name));
            let is_as_shown = match (ours, theirs) {
                (Some(ours), Some(theirs)) => ours.eq_value(theirs),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            if !is_as_shown {
                let ours = ours
                    .map(Document::from_node)
                    .transpose()
                    .map_err(|error| Findings::too_large(&error))?;
                patch.put(member.name, ours);
            }
        }
        Ok(patch)
    }

    /// The members of a shown document that this one does not have. Those of the server alone are not counted.
    pub fn deleted<'d>(&self, shown: &'d K) -> impl Iterator<Item = &'d str> {
        let members = shown.document().root().members().map(|member| member.name);
        let counts = |name: &&str| !K::SERVER_OWNED.contains(name) && !is_note(name);
        members
            .filter(counts)
            .filter(|name| self.document.root().get(name).is_none())
    }

    /// The errors that the resulting document would not show: they concern members that will not be in it.
    fn own_errors(&self, stored: &K) -> Findings {
        let is_own = |finding: &Finding| match finding.code.judged_by() {
            JudgedBy::Text | JudgedBy::Stored => true,
            JudgedBy::Member => concerns_whole_member(finding),
            JudgedBy::PartialEdit | JudgedBy::Result => false,
        };
        let mut errors = Findings::default();
        errors.extend(self.validate(Some(stored)).into_vec().into_iter().filter(is_own));
        errors
    }
}

fn member_spec<K: DocumentKind>(name: &str) -> Option<&'static MemberSpec> {
    K::MEMBERS.iter().find(|member| member.name == name)
}

fn cannot_be_deleted<K: DocumentKind>(name: &str, pointer: Pointer) -> Finding {
    let message = format!("`{name}` was deleted, and a {} keeps it", K::NAME);
    let help = if member_spec::<K>(name).is_some_and(|member| member.list != ListIdentity::Whole) {
        format!("write `\"{name}\": []` to empty it, or put it back")
    } else {
        "put it back as it was".to_owned()
    };
    Finding::new(Code::MissingMember, pointer, message).with_help(help)
}

fn concerns_whole_member(finding: &Finding) -> bool {
    finding.pointer.tokens().count() <= 1
}

/// True if a stored document has what an author says of a member: `null` and absent are equal, and an element of a list is
/// the stored one that it means.
pub(crate) fn is_as_stored<K: DocumentKind>(member: &MemberSpec, authored: Node<'_>, stored: &K) -> bool {
    let theirs = stored.member(member.name);
    if authored.is_null() {
        return theirs.is_none_or(Node::is_null);
    }
    theirs.is_some_and(|theirs| {
        let meant = match_stored_elements::<K>(member, authored, Some(theirs));
        meant.is_ok_and(|meant| theirs.eq_value(meant.root()))
    })
}

/// The stored value of a member without what an author leaves out of it, where the member is one of
/// [parts](MemberSpec::nested); else as it is stored.
pub(crate) fn as_far_as_named(
    member: &MemberSpec,
    authored: Node<'_>,
    stored: Node<'_>,
) -> Result<Document, TextError> {
    let Some(lists) = member.nested else {
        return Document::from_node(stored);
    };
    let text = parts::as_far_as_named(&parts::Place::new(lists, member.name), authored, stored);
    Ok(Document::parse(&text)?.with_precision(stored.precision()))
}

/// An author's value for a member, with those elements of its list replaced by the stored ones that they mean, and with the
/// stored parts that it leaves out where it is one of [parts](MemberSpec::nested).
fn match_stored_elements<K: DocumentKind>(
    member: &MemberSpec,
    authored: Node<'_>,
    stored: Option<Node<'_>>,
) -> Result<Document, TextError> {
    if let (Some(lists), Some(stored)) = (member.nested, stored) {
        let text = parts::complete(&parts::Place::new(lists, member.name), authored, stored);
        return Ok(Document::parse(&text)?.with_precision(K::PRECISION));
    }
    let (true, Some(stored)) = (authored.is_array(), stored) else {
        return Document::from_node(authored);
    };
    let theirs: Vec<Node<'_>> = stored.elements().collect();
    let matching = K::match_elements(member.name, authored, stored);
    let elements = authored.elements().zip(matching.0).map(|(ours, place)| {
        let meant = place.and_then(|place| theirs.get(place));
        meant.map_or_else(|| ours.raw(), |meant| meant.raw())
    });
    array_of(elements)
}

impl<K> Default for Edit<K> {
    /// An edit that names nothing.
    fn default() -> Self {
        Self {
            form: Form::Partial,
            document: Document::empty_object(),
            kind: PhantomData,
        }
    }
}

impl<K> Clone for Edit<K> {
    fn clone(&self) -> Self {
        Self {
            form: self.form,
            document: self.document.clone(),
            kind: PhantomData,
        }
    }
}

impl<K> PartialEq for Edit<K> {
    fn eq(&self, other: &Self) -> bool {
        (self.form, &self.document) == (other.form, &other.document)
    }
}

impl<K> std::fmt::Debug for Edit<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Edit").field(&self.document.text()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trigger_rule::TriggerRule;

    #[test]
    fn an_element_that_names_a_stored_one_is_that_one() {
        for (ours, stored, expected) in [
            (r#"[{"a":1}]"#, r#"[{"a":1,"x":2}]"#, r#"[{"a":1,"x":2}]"#),
            (r#"[{"a":2}]"#, r#"[{"a":1,"x":2}]"#, r#"[{"a":2}]"#),
            (
                r#"[{"a":1},{"a":1}]"#,
                r#"[{"a":1,"x":2}]"#,
                r#"[{"a":1,"x":2},{"a":1}]"#,
            ),
            (
                r#"[{"a":1},{"a":1,"x":3}]"#,
                r#"[{"a":1,"x":3},{"a":1,"x":2}]"#,
                r#"[{"a":1,"x":2},{"a":1,"x":3}]"#,
            ),
            (r#"[{"a":1}]"#, "7", r#"[{"a":1}]"#),
            ("true", "false", "true"),
        ] {
            let (ours, stored): (Document, Document) = (ours.parse().unwrap(), stored.parse().unwrap());
            let member = MemberSpec::new("actions");
            let matched = match_stored_elements::<TriggerRule>(&member, ours.root(), Some(stored.root())).unwrap();
            assert_eq!(matched.compact(), expected);
        }
    }
}
