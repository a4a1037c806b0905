//! Are numbered texts the same rows as texts, whatever dictionaries the batches bring?

use super::*;
use crate::rows::dump_rows;
use crate::{CodedBatch, Segment, Texts};

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(vec![ColumnSpec::dimension("s", ColumnType::String)]))
}

/// A dictionary (texts may be there twice) and the codes of some batches.
fn batches() -> impl Strategy<Value = Vec<(Vec<String>, Vec<Vec<u32>>)>> {
    let texts = prop::collection::vec(prop::sample::select(vec!["", "a", "b", "ccc", "\u{E000}"]), 1..6);
    let own = texts.prop_flat_map(|texts| {
        let codes = prop::collection::vec(0..=texts.len() as u32, 0..40);
        let texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
        (Just(texts), prop::collection::vec(codes, 1..4))
    });
    prop::collection::vec(own, 1..5)
}

fn append(writer: &mut LiveWriter, schema: &Arc<Schema>, column: BatchColumn) {
    let time = vec![0; column.rows()];
    writer.append(&RowBatch { schema: Arc::clone(schema), time, columns: vec![column] }).unwrap();
}

proptest! {
    #[test]
    fn as_their_texts(batches in batches(), multi_first in any::<bool>(), chunk in 1usize..50) {
        let schema = schema();
        let (coded, mut coded_writer) = open(&schema, chunk);
        let (plain, mut plain_writer) = open(&schema, chunk);
        if multi_first {
            let row = Row { time: 0, cells: [("s".to_owned(), Value::Texts(vec![Some("x".to_owned()), None]))].into() };
            coded_writer.append(&batch(&schema, std::slice::from_ref(&row))).unwrap();
            plain_writer.append(&batch(&schema, &[row])).unwrap();
        }
        for (texts, codes) in batches {
            let mut dictionary = Texts::default();
            texts.iter().for_each(|t| dictionary.push(t));
            let texts = Arc::new(dictionary);
            for codes in codes {
                let column = CodedBatch { texts: Arc::clone(&texts), codes };
                append(&mut plain_writer, &schema, BatchColumn::String(column.to_strings()));
                append(&mut coded_writer, &schema, BatchColumn::Coded(column));
            }
            coded_writer.publish();
        }
        plain_writer.publish();
        coded_writer.publish();
        let (coded, plain) = (coded.published(), plain.published());
        prop_assert_eq!(coded.rows(), plain.rows());
        prop_assert_eq!(dump_rows(&*coded).unwrap(), dump_rows(&*plain).unwrap());
    }
}

#[test]
fn a_code_without_a_text_is_refused() {
    let schema = schema();
    let (_, mut writer) = open(&schema, 16);
    let column = BatchColumn::Coded(CodedBatch { texts: Arc::new(Texts::default()), codes: vec![1] });
    let refused = writer.append(&RowBatch { schema, time: vec![0], columns: vec![column] });
    assert!(refused.unwrap_err().to_string().contains("lacks texts"));
}
