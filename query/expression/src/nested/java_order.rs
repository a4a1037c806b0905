//! In which order does Java's `HashMap` give its keys? Objects that Druid makes have their fields in that order, which
//! their texts show.

/// Buckets of a new table.
const BUCKETS: usize = 16;

/// `String.hashCode`: over UTF-16 units.
pub(crate) fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The fields in the order of a `HashMap` into which they were put one after the other.
pub(crate) fn in_java_order<T>(fields: Vec<(String, T)>) -> Vec<(String, T)> {
    by_hash(fields, |(name, _)| hash(name))
}

/// Keys in the order of a `HashMap` into which they were put one after the other.
pub(crate) fn by_hash<T>(mut keys: Vec<T>, hash_of: impl Fn(&T) -> i32) -> Vec<T> {
    // A table grows when more than three quarters of its buckets would be used.
    let mut buckets = BUCKETS;
    while keys.len() > buckets / 4 * 3 {
        buckets *= 2;
    }
    keys.sort_by_key(|key| {
        let hash = hash_of(key) as u32;
        (hash ^ hash >> 16) as usize & (buckets - 1)
    });
    keys
}

/// `List.hashCode` of keys that each are an object of one field, whose hashes are given.
pub(crate) fn hash_of_list(fields: impl Iterator<Item = i32>) -> i32 {
    fields.fold(1i32, |hash, field| hash.wrapping_mul(31).wrapping_add(field.wrapping_add(31)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_the_order_of_their_hashes() {
        let order = |names: &[&str]| {
            let fields = names.iter().map(|name| ((*name).to_owned(), ())).collect();
            in_java_order(fields).into_iter().map(|(name, ())| name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(order(&["n", "s", "d", "t"]), "s d t n");
        assert_eq!(order(&["x", "l", "d"]), "d x l");
        assert_eq!(order(&["k", "o"]), "k o");
        assert_eq!(hash("hello"), 99_162_322);
    }
}
