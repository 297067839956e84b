//! Mutations of an export.

use assist_rules_ledger_adapter::verify_export;

use super::{Counts, flipped};

/// Mutates an export in every way.
pub(super) fn mutate(export: &str) -> Counts {
    let whole = verify_export(export.as_bytes(), None).unwrap();
    assert_eq!(whole.faults, []);
    let mut tampering = Tampering {
        head: whole.head.unwrap(),
        counts: Counts::new(),
    };
    tampering.flip(export.as_bytes());
    let lines: Vec<&str> = export.split_inclusive('\n').collect();
    for place in 0..lines.len() {
        let mut fewer = lines.clone();
        let taken = fewer.remove(place);
        tampering.lines("export: a line less", &fewer);
        let mut more = lines.clone();
        more.insert(place, taken);
        tampering.lines("export: a line twice", &more);
        for other in (place + 1..lines.len()).filter(|other| (other - place) < 12) {
            let mut swapped = lines.clone();
            swapped.swap(place, other);
            tampering.lines("export: two lines swapped", &swapped);
        }
        for extra_line in ["\n", " \n", "{}\n", "\u{feff}\n", "{\"head\":null,\"entries\":0}\n"] {
            let mut more = lines.clone();
            more.insert(place, extra_line);
            tampering.lines("export: a line put in", &more);
        }
        tampering.lines("export: the end cut off", lines.get(..place).unwrap());
        tampering.spell_anew(&lines, place);
    }
    for end in (0..export.len()).step_by(7) {
        let cut = export.as_bytes().get(..end).unwrap();
        tampering.is_found("export: the end cut off in a line", cut, None);
    }
    tampering.cut_off_and_end_anew(&lines);
    tampering.counts
}

struct Tampering {
    head: String,
    counts: Counts,
}

impl Tampering {
    fn is_found(&mut self, sort: &'static str, export: &[u8], head: Option<&str>) {
        *self.counts.entry(sort).or_default() += 1;
        let report = verify_export(export, head).unwrap();
        assert!(
            !report.faults.is_empty(),
            "{sort}: {:?}",
            String::from_utf8_lossy(export)
        );
    }

    fn lines(&mut self, sort: &'static str, lines: &[&str]) {
        self.is_found(sort, lines.concat().as_bytes(), None);
    }

    fn flip(&mut self, export: &[u8]) {
        let mut mutated = export.to_vec();
        for place in 0..mutated.len() {
            let byte = *mutated.get(place).unwrap();
            for bit in 0..3 {
                *mutated.get_mut(place).unwrap() = flipped(byte, place + bit * 3);
                self.is_found("export: a bit", &mutated, None);
            }
            *mutated.get_mut(place).unwrap() = byte;
        }
    }

    /// The same JSON in other letters.
    fn spell_anew(&mut self, lines: &[&str], place: usize) {
        let line = lines.get(place).unwrap();
        let mut anew = vec![
            format!(" {line}"),
            line.replace('\n', " \n"),
            line.replace('\n', "\r\n"),
            line.replacen(':', ": ", 1),
        ];
        if place + 1 == lines.len() {
            anew.push(line.trim_end().to_owned());
        }
        for spelling in anew {
            let mut respelt = lines.to_vec();
            *respelt.get_mut(place).unwrap() = &spelling;
            self.lines("export: a line spelt anew", &respelt);
        }
    }

    /// An end that was cut off and made good again: only a head that was noted elsewhere shows it.
    fn cut_off_and_end_anew(&mut self, lines: &[&str]) {
        let mut entries = 0;
        let mut last = None;
        for (place, line) in lines.iter().enumerate() {
            let Some(hash) = line.split(",\"hash\":\"").nth(1) else {
                continue;
            };
            if let Some(hash) = last.take() {
                let end = format!("{{\"head\":\"{hash}\",\"entries\":{entries}}}\n");
                let of_entry = |line: &&&str| line.starts_with("{\"entry\"");
                let kept = lines.get(..place).unwrap();
                let cut = kept
                    .iter()
                    .rposition(|line| of_entry(&line))
                    .map_or(0, |place| place + 1);
                let cut = lines.get(..cut).unwrap().concat() + &end;
                let report = verify_export(cut.as_bytes(), None).unwrap();
                assert_eq!(report.faults, [], "without a head it is a whole export");
                let head = self.head.clone();
                self.is_found(
                    "export: the end cut off and made anew, with a known head",
                    cut.as_bytes(),
                    Some(&head),
                );
            }
            entries += 1;
            last = Some(hash.trim_end_matches("\"}\n"));
        }
    }
}
