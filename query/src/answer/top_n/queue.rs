//! Which items are kept when the least goes first, and in which order do they lie meanwhile? A binary heap whose order of
//! equal items is that of Java's `PriorityQueue`, which Druid's answers show.

use std::cmp::Ordering;

/// Items of which the least is at hand.
pub(super) struct Queue<T, C> {
    items: Vec<T>,
    compare: C,
}

impl<T, C: Fn(&T, &T) -> Ordering> Queue<T, C> {
    /// None.
    pub(super) fn new(compare: C) -> Self {
        Self { items: Vec::new(), compare }
    }

    /// Number of items.
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The least.
    pub(super) fn first(&self) -> Option<&T> {
        self.items.first()
    }

    /// The items as they lie.
    pub(super) fn into_items(self) -> Vec<T> {
        self.items
    }

    /// Adds an item: it rises as long as it is less than what is above it.
    pub(super) fn push(&mut self, item: T) {
        self.items.push(item);
        let mut at = self.items.len() - 1;
        while at > 0 {
            let above = (at - 1) / 2;
            if (self.compare)(&self.items[at], &self.items[above]).is_ge() {
                break;
            }
            self.items.swap(at, above);
            at = above;
        }
    }

    /// Takes the least: the last item sinks from its place as long as one below it is less.
    pub(super) fn pop(&mut self) -> Option<T> {
        if self.items.is_empty() {
            return None;
        }
        let least = self.items.swap_remove(0);
        let (mut at, len) = (0, self.items.len());
        while at < len / 2 {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            let mut below = left;
            if right < len && (self.compare)(&self.items[left], &self.items[right]).is_gt() {
                below = right;
            }
            if (self.compare)(&self.items[at], &self.items[below]).is_le() {
                break;
            }
            self.items.swap(at, below);
            at = below;
        }
        Some(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_first() {
        let mut queue = Queue::new(|a: &i32, b: &i32| a.cmp(b));
        [5, 3, 8, 1, 9, 2, 7].into_iter().for_each(|item| queue.push(item));
        assert_eq!((queue.len(), queue.first()), (7, Some(&1)));
        let taken: Vec<i32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(taken, [1, 2, 3, 5, 7, 8, 9]);
    }

    #[test]
    fn equal_items_lie_as_they_do_in_java() {
        let mut queue = Queue::new(|a: &(i32, char), b: &(i32, char)| a.0.cmp(&b.0));
        [(1, 'a'), (1, 'b'), (0, 'c'), (1, 'd')].into_iter().for_each(|item| queue.push(item));
        assert_eq!(queue.into_items(), [(0, 'c'), (1, 'b'), (1, 'a'), (1, 'd')]);
    }
}
