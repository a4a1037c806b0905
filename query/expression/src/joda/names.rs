//! What are months, days and zones called in English?

/// January is at 0.
pub(crate) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Monday is at 0.
pub(crate) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Zone names that `z` reads, with what they stand for.
pub(super) const ZONES: [(&str, &str); 12] = [
    ("UTC", "UTC"),
    ("GMT", "UTC"),
    ("UT", "UTC"),
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("MST", "America/Denver"),
    ("MDT", "America/Denver"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("Z", "UTC"),
];

/// The position of the longest name that `text` starts with in any case (full, or its first three letters),
/// and the length taken.
pub(super) fn find(names: &[&str], text: &str) -> Option<(usize, usize)> {
    let starts = |name: &str| text.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name));
    for length in [usize::MAX, 3] {
        for (i, name) in names.iter().enumerate() {
            let name = &name[..name.len().min(length)];
            if starts(name) {
                return Some((i, name.len()));
            }
        }
    }
    None
}
