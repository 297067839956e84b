//! The longest common subsequence of two lists: the elements that stayed where those around them stayed.

/// Pairs of elements that are compared, at most, where they are numbers.
pub(super) const MAX_PAIRS: usize = 1 << 20;

/// The places of a longest common subsequence of two lists, in order. Of lists in whose middle there are more pairs
/// than `max_pairs`, only what is at their beginning and their end.
///
/// ```
/// use assist_rules_domain::document::common_sequence;
///
/// assert_eq!(common_sequence(&["a", "b", "c"], &["a", "c", "d"], 100), [(0, 0), (2, 1)]);
/// ```
pub fn common_sequence<T: PartialEq>(old: &[T], new: &[T], max_pairs: usize) -> Vec<(usize, usize)> {
    let same = |(old, new): (&T, &T)| old == new;
    let prefix = old.iter().zip(new).take_while(|pair| same(*pair)).count();
    let most = old.len().min(new.len()) - prefix;
    let ends = old.iter().rev().zip(new.iter().rev()).take(most);
    let suffix = ends.take_while(|pair| same(*pair)).count();
    let old_middle = old.get(prefix..old.len() - suffix).unwrap_or_default();
    let new_middle = new.get(prefix..new.len() - suffix).unwrap_or_default();
    let mut common: Vec<(usize, usize)> = (0..prefix).map(|index| (index, index)).collect();
    let middle = longest_common(old_middle, new_middle, max_pairs).into_iter();
    common.extend(middle.map(|(one, other)| (one + prefix, other + prefix)));
    common.extend(
        (0..suffix)
            .rev()
            .map(|from_end| (old.len() - 1 - from_end, new.len() - 1 - from_end)),
    );
    common
}

/// The places of a longest common subsequence of two lists, in order; none of lists that are too long to compare so.
fn longest_common<T: PartialEq>(old: &[T], new: &[T], max_pairs: usize) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    if old.len().saturating_mul(width) > max_pairs {
        return Vec::new();
    }
    // The length of the longest one of what follows each pair of places.
    let mut lengths = vec![0_u32; (old.len() + 1) * width];
    let length = |lengths: &[u32], one: usize, other: usize| lengths.get(one * width + other).copied().unwrap_or(0);
    for (one, id) in old.iter().enumerate().rev() {
        for (other, other_id) in new.iter().enumerate().rev() {
            let best = if id == other_id {
                length(&lengths, one + 1, other + 1) + 1
            } else {
                length(&lengths, one + 1, other).max(length(&lengths, one, other + 1))
            };
            if let Some(cell) = lengths.get_mut(one * width + other) {
                *cell = best;
            }
        }
    }
    let (mut one, mut other, mut found) = (0, 0, Vec::new());
    while let (Some(id), Some(other_id)) = (old.get(one), new.get(other)) {
        if id == other_id {
            found.push((one, other));
            (one, other) = (one + 1, other + 1);
        } else if length(&lengths, one + 1, other) >= length(&lengths, one, other + 1) {
            one += 1;
        } else {
            other += 1;
        }
    }
    found
}
