//! The words of the Star Schema Benchmark, as TPC-H's generator lists them.

/// Nations and their regions, by number of [`REGIONS`].
pub const NATIONS: [(&str, usize); 25] = [
    ("ALGERIA", 0),
    ("ARGENTINA", 1),
    ("BRAZIL", 1),
    ("CANADA", 1),
    ("EGYPT", 4),
    ("ETHIOPIA", 0),
    ("FRANCE", 3),
    ("GERMANY", 3),
    ("INDIA", 2),
    ("INDONESIA", 2),
    ("IRAN", 4),
    ("IRAQ", 4),
    ("JAPAN", 2),
    ("JORDAN", 4),
    ("KENYA", 0),
    ("MOROCCO", 0),
    ("MOZAMBIQUE", 0),
    ("PERU", 1),
    ("CHINA", 2),
    ("ROMANIA", 3),
    ("SAUDI ARABIA", 4),
    ("VIETNAM", 2),
    ("RUSSIA", 3),
    ("UNITED KINGDOM", 3),
    ("UNITED STATES", 1),
];
/// Regions of the nations.
pub const REGIONS: [&str; 5] = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
pub(super) const MARKETS: [&str; 5] = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"];
pub(super) const PRIORITIES: [&str; 5] = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECI", "5-LOW"];
pub(super) const MODES: [&str; 7] = ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP", "TRUCK"];
pub(super) const COLOURS: &str = "almond antique aquamarine azure beige bisque black blanched blue blush brown \
    burlywood burnished chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab \
    firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace \
    lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo navy \
    olive orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy \
    seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow";
pub(super) const TYPES: [&str; 3] = [
    "STANDARD SMALL MEDIUM LARGE ECONOMY PROMO",
    "ANODIZED BURNISHED PLATED POLISHED BRUSHED",
    "TIN NICKEL BRASS STEEL COPPER",
];
pub(super) const CONTAINERS: [&str; 2] = ["SM LG MED JUMBO WRAP", "CASE BOX BAG JAR PKG PACK CAN DRUM"];
