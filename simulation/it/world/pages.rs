//! People in the platform's own pages. Where the server has no versions, a page that is saved overwrites blindly what
//! others did since it was opened.

use std::time::Duration;

use domain::testing::Specimen;

use super::{Event, World};
use crate::content::Wanted;
use crate::fault::Fault;
use crate::history::Author;
use crate::vocabulary::{has_versions, id_of};

/// The longest time for which a page is open.
const OPEN_FOR: Duration = Duration::from_secs(10);

/// A page that is open in a browser.
pub(super) struct OpenPage<K> {
    document: usize,
    /// The document with the change.
    body: K,
    wanted: Wanted,
}

impl<K: Specimen> World<K> {
    pub(crate) fn edit_by_others(&mut self, document: usize) {
        let vocabulary = self.history.vocabulary.clone();
        let log = &self.history.logs[document];
        let value = log[log.len() - 1].value.clone();
        if self.rng.in_thousand(250) {
            self.count(Fault::TagMoved);
            self.store(document, &value, Author::TagOnly);
            return;
        }
        self.count(Fault::EditByOthers);
        let wanted = vocabulary.any_change(&mut self.rng);
        let body = vocabulary.set(&value, wanted);
        self.trace(|_| format!("somebody opens {}", id_of::<K>(document)));
        self.pages.push(OpenPage { document, body, wanted });
        let page = self.pages.len() - 1;
        if has_versions::<K>() {
            self.save_by_others(page);
        } else {
            let saves = self.now + self.rng.between(Duration::ZERO, OPEN_FOR);
            self.at(saves, Event::SaveByOthers(page));
        }
    }

    pub(crate) fn save_by_others(&mut self, page: usize) {
        let OpenPage { document, body, wanted } = &self.pages[page];
        let (document, body, by) = (*document, body.clone(), Author::Others(*wanted));
        self.trace(|_| format!("somebody saves {}", id_of::<K>(document)));
        self.store(document, &body, by);
    }
}
