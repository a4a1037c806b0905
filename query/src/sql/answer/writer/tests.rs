//! The forms of answers, byte for byte.

use std::sync::Arc;

use datafusion::arrow::array::{TimestampMillisecondArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};

use super::*;
use datafusion::arrow::array::{ArrayRef, BooleanArray, Float64Array, StringArray};

fn batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("t", Arc::new(TimestampMillisecondArray::from(vec![Some(1_442_016_000_000), None]))),
        ("s", Arc::new(StringArray::from(vec![Some("a\"b,\n"), Some("")]))),
        ("d", Arc::new(Float64Array::from(vec![f64::NAN, 1.5e10]))),
        ("b", Arc::new(BooleanArray::from(vec![true, false]))),
        ("n", Arc::new(UInt64Array::from(vec![7, 8]))),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn answer(format: ResultFormat, zone: Tz, header: [bool; 3]) -> String {
    let request = SqlRequest {
        result_format: format,
        header: header[0],
        types_header: header[1],
        sql_types_header: header[2],
        ..SqlRequest::default()
    };
    let batch = batch();
    let mut writer = RowWriter::new(batch.schema().as_ref(), &[], &request, zone, true);
    let mut out = Vec::new();
    writer.start(&request, &mut out);
    writer.batch(&batch, &mut out).unwrap();
    writer.end(&mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn objects() {
    let wanted = "[{\"t\":\"2015-09-12T00:00:00.000Z\",\"s\":\"a\\\"b,\\n\",\"d\":\"NaN\",\"b\":true,\"n\":7},\
                  {\"t\":null,\"s\":\"\",\"d\":1.5E10,\"b\":false,\"n\":8}]\n";
    assert_eq!(answer(ResultFormat::Object, Tz::UTC, [false; 3]), wanted);
    let with_header = answer(ResultFormat::Object, Tz::UTC, [true, true, true]);
    let start = "[{\"t\":{\"type\":\"LONG\",\"sqlType\":\"TIMESTAMP\"},\"s\":{\"type\":\"STRING\",\"sqlType\":\"VARCHAR\"},\
                 \"d\":{\"type\":\"DOUBLE\",\"sqlType\":\"DOUBLE\"},\"b\":{\"type\":\"LONG\",\"sqlType\":\"BOOLEAN\"},\
                 \"n\":{\"type\":\"LONG\",\"sqlType\":\"BIGINT\"}},{\"t\":";
    assert!(with_header.starts_with(start), "{with_header}");
    let names = answer(ResultFormat::Object, Tz::UTC, [true, false, false]);
    assert!(names.starts_with("[{\"t\":null,\"s\":null,\"d\":null,\"b\":null,\"n\":null},{"), "{names}");
}

#[test]
fn lines_and_csv() {
    let la = Tz::America__Los_Angeles;
    let wanted = "[\"t\",\"s\",\"d\",\"b\",\"n\"]\n[\"TIMESTAMP\",\"VARCHAR\",\"DOUBLE\",\"BOOLEAN\",\"BIGINT\"]\n\
                  [\"2015-09-11T17:00:00.000-07:00\",\"a\\\"b,\\n\",\"NaN\",true,7]\n[null,\"\",1.5E10,false,8]\n\n";
    assert_eq!(answer(ResultFormat::ArrayLines, la, [true, false, true]), wanted);
    let wanted = "t,s,d,b,n\n2015-09-12T00:00:00.000Z,\"a\"\"b,\n\",NaN,true,7\n,,1.5E10,false,8\n\n";
    assert_eq!(answer(ResultFormat::Csv, Tz::UTC, [true, false, false]), wanted);
    let objects = answer(ResultFormat::ObjectLines, Tz::UTC, [false; 3]);
    assert!(objects.ends_with("\"n\":8}\n\n") && objects.lines().count() == 3, "{objects}");
}

#[test]
fn nothing() {
    let request = SqlRequest { result_format: ResultFormat::Array, header: true, ..SqlRequest::default() };
    let schema = Schema::new(vec![Field::new("t", DataType::Timestamp(TimeUnit::Millisecond, None), true)]);
    let mut writer = RowWriter::new(&schema, &[], &request, Tz::UTC, true);
    let mut out = Vec::new();
    writer.start(&request, &mut out);
    writer.end(&mut out);
    assert_eq!(out, b"[[\"t\"]]\n");
}
