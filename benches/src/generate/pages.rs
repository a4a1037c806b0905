//! What is written on a page of a generated site? URLs, titles and search phrases, each from its number alone.

const WORDS: [&str; 48] = [
    "auto", "avia", "blog", "board", "book", "build", "card", "catalog", "chat", "city", "club", "cook",
    "deal", "dress", "estate", "film", "forum", "game", "garden", "girl", "health", "hotel", "house", "item",
    "job", "kids", "list", "loan", "map", "market", "money", "music", "news", "office", "photo", "poster",
    "price", "radio", "sale", "school", "shop", "sport", "tour", "trade", "video", "weather", "world", "zoo",
];

/// A number mixed with a salt (the finaliser of SplitMix64).
pub(super) fn hash(value: u64, salt: u64) -> u64 {
    let mut x =
        value.wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// One of some values, by a hash.
pub(super) fn pick(hash: u64, values: &[i64]) -> i64 {
    values[(hash % values.len() as u64) as usize]
}

fn word(hash: u64) -> &'static str {
    WORDS[(hash % WORDS.len() as u64) as usize]
}

/// The address of a page; one in 6,000 has `google` in it.
pub(super) fn page_url(site: u64, page: u64) -> String {
    let of_site = hash(site, 20);
    let of_page = hash(site << 32 | page, 21);
    let mut url = format!("http://{}-{}{}.example", word(of_site), word(of_site >> 8), site % 1000);
    let depth = 1 + (of_site >> 16) % 5 + of_page % 3;
    for level in 0..depth {
        // Upper levels are shared by many pages.
        let group = if level + 1 < depth { page >> (2 * (depth - level)) } else { page };
        url += "/";
        url += word(hash(site << 32 | group, 22 + level));
    }
    if of_page.is_multiple_of(6000) {
        url += "/google";
    }
    url + &format!("?id={page}&s={:x}", (of_page >> 20) & 0xFFFF)
}

/// The title of a page; pages in groups of three share one.
pub(super) fn page_title(site: u64, page: u64) -> String {
    let group = site << 32 | (page / 3);
    let count = 3 + hash(group, 40) % 6;
    let words: Vec<String> = (0..count).map(|at| letters(hash(group, 41 + at), 4)).collect();
    format!("{} - {}", words.join(" "), word(hash(site, 20)))
}

/// A search phrase by its rank.
pub(super) fn phrase(rank: u64) -> String {
    let count = 1 + hash(rank, 60) % 5;
    let words: Vec<String> = (0..count).map(|at| letters(hash(rank, 61 + at), 3)).collect();
    words.join(" ")
}

/// A word of at least so many Cyrillic letters.
fn letters(hash: u64, least: u64) -> String {
    let length = least + (hash >> 56) % 7;
    (0..length).filter_map(|at| char::from_u32(0x430 + ((hash >> (4 * at)) & 31) as u32)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_from_their_numbers() {
        assert_eq!(page_url(3, 4), page_url(3, 4));
        assert_ne!(page_url(3, 4), page_url(3, 5));
        assert_eq!(page_title(3, 3), page_title(3, 5));
        assert_ne!(phrase(1), phrase(2));
        let google = (0..60_000).filter(|page| page_url(1, *page).contains("google")).count();
        assert!((2..30).contains(&google), "{google} pages");
    }
}
