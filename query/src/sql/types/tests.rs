//! Types that meet.

use super::SqlType::{
    self, BigInt, Char, Date, Decimal, Double, Float, Integer, Null, Real, Timestamp, Varchar,
};

#[test]
fn numbers_meet_as_calcite_has_it() {
    for (a, b, wanted) in [
        (Integer, BigInt, BigInt),
        (Integer, Decimal, Decimal),
        (BigInt, Float, Float),
        (Float, Decimal, Double),
        (Float, Double, Float),
        (Double, Float, Double),
        (Real, Double, Double),
        (Null, Integer, Integer),
    ] {
        assert_eq!(a.meet(&b), wanted, "{a:?} {b:?}");
        assert_eq!(a.arithmetic(&b), Some(wanted), "{a:?} {b:?}");
    }
    assert_eq!(Varchar.arithmetic(&Integer), Some(Integer));
    assert_eq!(Varchar.arithmetic(&Char(1)), Some(Decimal));
    assert_eq!(Timestamp.arithmetic(&Integer), None);
}

#[test]
fn texts_and_times_meet() {
    assert_eq!(Char(1).meet(&Char(1)), Char(1));
    assert_eq!(Char(1).meet(&Char(3)), Varchar);
    assert_eq!(Char(1).meet(&Varchar), Varchar);
    assert_eq!(Null.meet(&Char(2)), Char(2));
    assert_eq!(Date.meet(&Timestamp), Timestamp);
    let longs = SqlType::Array(Box::new(Integer));
    assert_eq!(longs.meet(&SqlType::Array(Box::new(BigInt))).native(), "ARRAY<LONG>");
    assert_eq!((longs.name(), Char(3).name(), Null.native().as_str()), ("ARRAY", "CHAR", "STRING"));
}
