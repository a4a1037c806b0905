//! In which order does Java's `HashMap` give its keys? Objects that Druid makes have their fields in that order, which
//! their texts show.

/// Buckets of a new table.
const BUCKETS: usize = 16;

/// `String.hashCode`: over UTF-16 units.
fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The fields in the order of a `HashMap` into which they were put one after the other.
pub(crate) fn in_java_order<T>(mut fields: Vec<(String, T)>) -> Vec<(String, T)> {
    // A table grows when more than three quarters of its buckets would be used.
    let mut buckets = BUCKETS;
    while fields.len() > buckets / 4 * 3 {
        buckets *= 2;
    }
    let bucket = |name: &str| {
        let hash = hash(name) as u32;
        (hash ^ hash >> 16) as usize & (buckets - 1)
    };
    fields.sort_by_key(|(name, _)| bucket(name));
    fields
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
