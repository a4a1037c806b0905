//! Which base64 do Druid's own tests, documents and answers have? What Druid and its Java libraries wrote is read,
//! and written the same.

use crate::quantiles::Ranked;
use crate::*;

fn read(kind: Kind, text: &str) -> Summary {
    Summary::from_base64(kind, text).unwrap()
}

macro_rules! only {
    ($variant:ident $text:expr) => {
        match read(Kind::$variant, $text) {
            Summary::$variant(summary) => summary,
            other => panic!("{:?}", other.kind()),
        }
    };
}

#[test]
fn arrays_of_doubles() {
    let mut sketch = ArrayOfDoubles::new(1024, 1).unwrap();
    sketch.update_text("FEDCAB", &[0.0]);
    let known = "AQEJAwgBzJP/////////fwEAAAAAAAAAjFnadZuMrkgAAAAAAAAAAA==";
    assert_eq!(Summary::from(sketch).to_base64(), known);
    let known =
        "AQEJAwgCzJP/////////fwIAAAAAAAAAbakWvEpmYR4+utyjb2+2IAAAAAAAAPA/AAAAAAAAAEAAAAAAAADwPwAAAAAAAABA";
    let sketch = only!(ArrayOfDoubles known);
    assert_eq!((sketch.estimate(), sketch.sums()), (2.0, vec![2.0, 4.0]));
    assert_eq!(Summary::from(sketch).to_base64(), known);
    let known = "AQEJAwgBzJP/////////fwIAAAAAAAAAzT6NGdX0aWUOJvS5EIhpLwAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(only!(ArrayOfDoubles known).estimate(), 2.0);
}

/// A row of the Wikipedia examples, as Druid answers it.
#[test]
fn distinct_users_and_pages() {
    let known = [("104.58.160.128", "AQAAAQAAAAFzBQ=="), ("Clint High School", "AQAAAQAAAADYAQ==")];
    for (text, known) in known {
        let mut unique = HyperUnique::default();
        unique.update(hash_of_bytes(text.as_bytes()));
        assert_eq!(Summary::from(unique).to_base64(), known, "{text}");
    }
    let mut user = Theta::default();
    user.update_text("104.58.160.128");
    let known = only!(Theta "AgMDAAAazJMBAAAAAACAP4LYKgb0JYUx");
    assert_eq!(known.to_bytes(), user.to_bytes());
    let mut delta = ApproximateHistogram::default();
    delta.update(-39.0);
    assert_eq!(Summary::from(delta).to_base64(), "/84BwhwAAA==");
}

#[test]
fn theta_sketches() {
    // The constant of the documents.
    let constant = "AgMDAAAazJMCAAAAAACAPzz9j7pWTMdROWGf15uY1nI=";
    assert_eq!(read(Kind::Theta, constant).to_base64(), constant);
    // Java's library, 4.2.0.
    let mut left = only!(Theta "AgMDAAAazJMCAAAAAACAPxX5fcu9hqEFw5f8EoFwnR4=");
    let right = only!(Theta "AgMDAAAazJMCAAAAAACAP8OX/BKBcJ0eukCzwdoGaV0=");
    left.merge(&right);
    let union = "AgMDAAAazJMDAAAAAACAPxX5fcu9hqEFw5f8EoFwnR66QLPB2gZpXQ==";
    assert_eq!(Summary::from(left).to_base64(), union);
}

#[test]
fn hll_sketches() {
    // Java's library, 4.2.0: lists, and sets of 30 with 15 in common.
    let lists = ["AgEHDAMIAgAr8vsGhi/5DQ==", "AgEHDAMIAgCGL/kNdYFmBw==", "AgEHDAMIAwCGL/kNdYFmByvy+wY="];
    let sets = [
        "AwEHDAYIAAEeAAAAgbxdBsPdUQTEtZ8Hhi/5Dch6JATL18IEfHS5B87wWx/SFnMHWX/UDTWpMQTbUi0EnuSbGK48iBEiO+sF7y33\
         B8HpFwUr8vsGxhlqBG7FNAZGSrcEsFtGEjSiYQ51gWYHNkcJB7g/+Qe4VqkMe2XmCPwtQgr2cfIG",
        "AwEHDAYIAAEeAAAAAiK0BMPdUQTEtZ8HxhlqBMh6JASNxIkJzvBbH4/DsAbOoO8FNkcJB5QHwgSXu2AaWX/UDRq80AXbUi0Eni1q\
         ByI76wWTVDEFqnOHFoRpzAVt5R0HbsU0Bu8t9wee5JsYMiViBTWpMQS2LwkGuD/5B7hWqQzXeDQG",
        "AwEHDAYIAAEtAAAAgbxdBgIitATD3VEExLWfB4Yv+Q3GGWoEyHokBLhWqQzL18IEjcSJCc7wWx+Pw7AG/C1CCs6g7wXSFnMHk1Qx\
         BZQHwgSeLWoHl7tgGkZKtwRZf9QNGrzQBdtSLQSe5JsY9nHyBq48iBEiO+sFwekXBapzhxaEacwFbeUdB27FNAbvLfcHsFtGEjIl\
         YgU0omEOti8JBjWpMQQ2RwkHuD/5B9d4NAZ7ZeYIfHS5Byvy+wZ1gWYH",
    ];
    for [left, right, both] in [lists, sets] {
        let [mut union, other, both] = [left, right, both].map(|text| only!(Hll text));
        union.merge(&other).unwrap();
        assert_eq!(union.estimate(), both.estimate());
        assert_eq!(union.to_bytes().len(), both.to_bytes().len());
    }
}

#[test]
fn kll_sketches() {
    let known = "BQEPAMgACAAUAAAAAAAAAMgAAQC0AAAABg0lPT1bej89W3o/Bg0lPZwy3T3LZm4/8fhFP9smQz+NRfs+OPY6P092ST+9QQU/\
                 eJr6PiHhHT5we0M/4h6oPqeJaj+rkjM/mfVRP49WHT6nzig/VcLDPg==";
    let sketch = only!(KllFloats known);
    assert_eq!((sketch.k(), sketch.count()), (200, 20));
    assert_eq!((sketch.quantile(0.0), sketch.quantile(1.0)), (Ok(sketch.min()), Ok(sketch.max())));
    assert_eq!(Summary::from(sketch).to_base64(), known);
}

#[test]
fn t_digests() {
    let known = "AAAAAT+xsEOzE/xAP+tBHwz98zNAWQAAAAAAAAAAABQ/8AAAAAAAAD+xsEOzE/xAP/AAAAAAAAA/zPHfhOpPWD/wAAAAAAAAP83I\
                 rpJxCSw/8AAAAAAAAD/QXr1zLi6iP/AAAAAAAAA/3sLkwxTY6j/wAAAAAAAAP999yNeVpKY/8AAAAAAAAD/fseTgIDWMP/AAAAAAAAA/\
                 3+hhKPS/uD/wAAAAAAAAP+E0TZBb/Jg/8AAAAAAAAD/hmQ5nGuCRP/AAAAAAAAA/4itO/vCSJD/wAAAAAAAAP+KOZOGAa9E/8AAAAAAA\
                 AD/kiwA9CsmCP/AAAAAAAAA/5nc94RJMWT/wAAAAAAAAP+c0ejKHW+k/8AAAAAAAAD/o7qhheEUPP/AAAAAAAAA/6RJmipS0YD/wAAAA\
                 AAAAP+nzDdnm6HI/8AAAAAAAAD/qFAs2EV8oP/AAAAAAAAA/60EfDP3zMw==";
    let digest = only!(TDigest known);
    assert_eq!((digest.count(), digest.compression()), (20.0, 100.0));
    let quantiles = [0.0, 0.5, 1.0].map(|fraction| digest.quantile(fraction).unwrap());
    assert!(
        quantiles[0] > 0.06 && (quantiles[1] - 0.56).abs() < 0.02 && quantiles[2] < 0.86,
        "{quantiles:?}"
    );
    assert_eq!(Summary::from(digest).to_base64(), known);
}
