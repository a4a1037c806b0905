//! How do two histograms of fixed buckets become one? Bucket by bucket when the buckets are the same; else the
//! other's values are taken to be spread evenly over their buckets, and are counted in the buckets they would be in.

use super::{FixedBuckets, OutlierMode};
use crate::java;

fn rounded(count: f64) -> u64 {
    java::round(count).max(0) as u64
}

impl FixedBuckets {
    /// Adds all values of another, whose buckets may be others.
    pub fn merge(&mut self, other: &Self) {
        self.missing += other.missing;
        let same_limits = self.lower_limit == other.lower_limit && self.upper_limit == other.upper_limit;
        if same_limits && self.buckets.len() == other.buckets.len() {
            self.buckets.iter_mut().zip(&other.buckets).for_each(|(mine, theirs)| *mine += theirs);
            self.count += other.count;
            self.least = self.least.min(other.least);
            self.most = self.most.max(other.most);
            self.outlier(false, other.below);
            self.outlier(true, other.above);
        } else if other.lower_limit >= self.upper_limit {
            self.outlier(true, other.count + other.above);
        } else if other.upper_limit <= self.lower_limit {
            self.outlier(false, other.count + other.below);
        } else {
            self.interpolate(other);
        }
    }

    /// About how many values are below or above a value within the limits.
    fn beyond(&self, cutoff: f64, above: bool) -> u64 {
        let bucket = ((cutoff - self.lower_limit) / self.bucket_width()) as usize;
        let (before, after) = self.buckets.split_at(bucket.min(self.buckets.len()));
        let count = after.first().copied().unwrap_or(0) as f64;
        let start = bucket as f64 * self.bucket_width() + self.lower_limit;
        let end = (bucket + 1) as f64 * self.bucket_width() + self.lower_limit;
        let (whole, part) = if above {
            (after.iter().skip(1).sum::<u64>(), (end - cutoff) / self.bucket_width())
        } else {
            (before.iter().sum(), (cutoff - start) / self.bucket_width())
        };
        rounded(whole as f64 + part * count)
    }

    fn interpolate(&mut self, other: &Self) {
        let start = self.lower_limit.max(other.lower_limit);
        let end = self.upper_limit.min(other.upper_limit);
        let below = if start == self.lower_limit { other.beyond(start, false) } else { 0 };
        let above = if end == self.upper_limit { other.beyond(end, true) } else { 0 };
        self.outlier(false, below + other.below);
        self.outlier(true, above + other.above);
        let inside = start > self.lower_limit && end < self.upper_limit;
        if inside && self.mode == OutlierMode::Clip && other.count > 0 {
            self.least = if other.below > 0 { self.least } else { self.least.min(other.least) };
            self.most = if other.above > 0 { self.most } else { self.most.max(other.most) };
        }
        self.spread(other, start, end);
    }

    /// Goes from boundary to boundary of either, and puts the part of the other's bucket between two into the bucket
    /// of ours.
    fn spread(&mut self, other: &Self, start: f64, end: f64) {
        let edge = |of: &Self, bucket: usize| (bucket as f64 * of.bucket_width() + of.lower_limit).min(end);
        let mut mine = ((start - self.lower_limit) / self.bucket_width()) as usize;
        let mut theirs = ((start - other.lower_limit) / other.bucket_width()) as usize;
        let mut cursor = start;
        while cursor < end {
            let (next_mine, next_theirs) = (edge(self, mine + 1), edge(other, theirs + 1));
            let next = next_mine.min(next_theirs);
            let count = other.buckets.get(theirs).copied().unwrap_or(0);
            let part = rounded(count as f64 * ((next - cursor) / other.bucket_width()));
            if next > cursor && part > 0 {
                self.see_between(other, theirs, cursor, next);
                self.put(mine, part);
            }
            cursor = next.max(cursor);
            mine += usize::from(next_mine <= next);
            theirs += usize::from(next_theirs <= next);
            if mine > self.buckets.len() || theirs > other.buckets.len() {
                return;
            }
        }
    }

    /// The first and the last of the values of a bucket, evenly spread, that lie in a part of it.
    fn see_between(&mut self, other: &Self, bucket: usize, from: f64, to: f64) {
        let start = bucket as f64 * other.bucket_width() + other.lower_limit;
        let stride = other.bucket_width() / other.buckets[bucket] as f64;
        let first = ((from - start) / stride).ceil() * stride + start;
        let last = ((to - start) / stride).floor() * stride + start;
        if first >= from {
            self.see(first);
        }
        if last < to {
            self.see(last);
        }
    }
}
