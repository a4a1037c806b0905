//! Is every document of every source read once, in order?

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::*;
use crate::IngestError;
use crate::parse::RowParser;
use crate::spec::{DataSchema, InputFormat, InputSource};

/// Rows, thrown away and unparseable, and the longs of the column `x` in the order they came.
fn read(source: &Value, format: &Value) -> Result<(u64, u64, Vec<i64>), IngestError> {
    let data = json!({"dataSource": "d", "timestampSpec": {"column": "t", "missingValue": "2020-01-01"},
        "dimensionsSpec": {"dimensions": [{"type": "long", "name": "x"}]}});
    let data = DataSchema::from_json(&data, "dataSchema", &mut Vec::new())?;
    let format = InputFormat::from_json(format, "inputFormat", &mut Vec::new())?;
    let source = InputSource::from_json(source, "inputSource", &mut Vec::new())?;
    let mut parser = RowParser::new(&data, &format)?;
    let mut reader = BatchReader::new(&source, &format)?;
    let (mut rows, mut bad, mut rejects) = (0, 0, Vec::new());
    while let Some(portion) = reader.read(&mut parser, &mut rejects)? {
        rows += portion.outcome.rows;
        bad += portion.outcome.unparseable;
    }
    assert_eq!(parser.rows() as u64, rows);
    let batch = parser.take();
    let alluvium_segments::BatchColumn::Long(x) = &batch.columns[0] else { panic!("not longs") };
    Ok((rows, bad, x.values.clone()))
}

#[test]
fn inline_and_combined() {
    let json = json!({"type": "json"});
    let inline = json!({"type": "inline", "data": "{\"x\":1}\n\nnot json\n{\"x\":2}"});
    assert_eq!(read(&inline, &json).unwrap(), (2, 1, vec![1, 2]));
    let both = json!({"type": "combining", "delegates": [inline, inline]});
    assert_eq!(read(&both, &json).unwrap(), (4, 2, vec![1, 2, 1, 2]));
    let csv = json!({"type": "csv", "findColumnsFromHeader": true});
    let inline = json!({"type": "inline", "data": "a,x\r\n\"b\nc\",7\r\nd,8\r\n"});
    assert_eq!(read(&inline, &csv).unwrap(), (2, 0, vec![7, 8]));
}

#[test]
fn folders_are_searched_in_order_and_gzip_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    std::fs::write(folder.path().join("c.json"), "{\"x\":3}\n").unwrap();
    std::fs::write(folder.path().join("skipped.txt"), "{\"x\":9}\n").unwrap();
    std::fs::write(folder.path().join("b/a.json"), "{\"x\":2}").unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(b"{\"x\":1}\n").unwrap();
    std::fs::write(folder.path().join("a.json.gz"), gz.finish().unwrap()).unwrap();
    let json = json!({"type": "json"});
    let local = |filter: &str| json!({"type": "local", "baseDir": folder.path(), "filter": filter});
    assert_eq!(read(&local("*.json*"), &json).unwrap().2, [1, 2, 3]);
    let error = read(&local("*.xml"), &json).unwrap_err().to_string();
    assert!(error.contains("no file matches `*.xml`"), "{error}");
    let files = json!({"type": "local", "files": [folder.path().join("c.json"), folder.path().join("none")]});
    assert!(read(&files, &json).unwrap_err().to_string().contains("none"));
    let folder_as_file = json!({"type": "local", "files": [folder.path()]});
    assert!(read(&folder_as_file, &json).unwrap_err().to_string().contains("is a folder"));
    std::fs::write(folder.path().join("z.json.bz2"), b"BZh9xxxx").unwrap();
    assert!(read(&local("*.bz2"), &json).unwrap_err().to_string().contains("other than gzip"));
}

#[test]
fn http_sends_credentials_and_reports_refusals() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let mut seen = Vec::new();
        for answer in ["200 OK", "404 Not Found"] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            while !request.ends_with(b"\r\n\r\n") {
                let n = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..n]);
            }
            let body = "{\"x\":5}\n{\"x\":6}";
            write!(
                stream,
                "HTTP/1.1 {answer}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            seen.push(String::from_utf8(request).unwrap().to_ascii_lowercase());
        }
        seen
    });
    let source = json!({"type": "http", "uris": [format!("http://{address}/a")],
        "httpAuthenticationUsername": "user", "httpAuthenticationPassword": "word"});
    assert_eq!(read(&source, &json!({"type": "json"})).unwrap().2, [5, 6]);
    let error = read(&source, &json!({"type": "json"})).unwrap_err().to_string();
    assert!(error.contains("404"), "{error}");
    let seen = server.join().unwrap();
    assert!(seen[0].contains("authorization: basic dxnlcjp3b3jk"), "{}", seen[0]);
}

#[test]
fn parquet_columns_become_rows() {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, Int32Array, ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondArray,
    };

    let mut tags = ListBuilder::new(StringBuilder::new());
    tags.append_value([Some("p"), None]);
    tags.append_null();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("t", Arc::new(TimestampMicrosecondArray::from(vec![1_500_000, 2_000_000]))),
        ("x", Arc::new(Int32Array::from(vec![Some(4), None]))),
        ("tags", Arc::new(tags.finish())),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let source = json!({"type": "local", "files": [path]});
    assert_eq!(read(&source, &json!({"type": "parquet"})).unwrap(), (2, 0, vec![4, 0]));

    let data = json!({"dataSource": "d", "timestampSpec": {"column": "t", "format": "millis"}});
    let data = DataSchema::from_json(&data, "dataSchema", &mut Vec::new()).unwrap();
    let format = InputFormat::Parquet { binary_as_string: false };
    let source = InputSource::from_json(&source, "inputSource", &mut Vec::new()).unwrap();
    let mut parser = RowParser::new(&data, &format).unwrap();
    BatchReader::new(&source, &format).unwrap().read(&mut parser, &mut Vec::new()).unwrap();
    let batch = parser.take();
    assert_eq!(batch.time, [1500, 2000]);
    let names: Vec<&str> = batch.schema.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["x", "tags"]);
    let alluvium_segments::BatchColumn::String(tags) = &batch.columns[1] else { panic!("not texts") };
    assert_eq!((tags.row(0), tags.value(0), tags.value(1), tags.row(1)), (0..2, Some("p"), None, 2..2));
    let bad = std::fs::write(folder.path().join("b.parquet"), b"PAR1 nothing");
    bad.unwrap();
    let source = json!({"type": "local", "files": [folder.path().join("b.parquet")]});
    assert!(matches!(read(&source, &json!({"type": "parquet"})), Err(IngestError::Input { .. })));
}

#[test]
fn the_examples_are_read_whole() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/flights");
    let spec = |name: &str| -> Value {
        serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
    };
    let flights = crate::spec::SupervisorSpec::from_json(&spec("supervisor.json")).unwrap();
    assert!(flights.no_effect.is_empty(), "{:?}", flights.no_effect);
    let airports = crate::spec::BatchSpec::from_json(&spec("airports.json")).unwrap();
    assert!(airports.no_effect.is_empty(), "{:?}", airports.no_effect);
    let cases = [
        ("flights.json.gz", &flights.data, &flights.io.input_format, 212_471),
        ("airports.csv", &airports.data, &airports.input_format, 3_376),
    ];
    for (file, data, format, expected) in cases {
        let source = InputSource::Files(vec![folder.join(file)]);
        let mut parser = RowParser::new(data, format).unwrap();
        let mut reader = BatchReader::new(&source, format).unwrap();
        let (mut rows, mut rejects) = (0, Vec::new());
        while let Some(portion) = reader.read(&mut parser, &mut rejects).unwrap() {
            rows += portion.outcome.rows;
            for (chunk, batch) in crate::assign::split(parser.take(), &data.granularity.segment) {
                assert!(batch.time.iter().all(|t| chunk.contains(*t)));
            }
        }
        assert_eq!((rows, rejects.first()), (expected, None), "{file}");
    }
}
