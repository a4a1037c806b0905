//! Every function on values from its documentation or worked out by hand.

use std::collections::HashMap;

use crate::{Value, eval, parse};

/// Columns of one row: `l` 5, `d` 2.5, `s` 'abc', `n` null, `mv` ['a','b'].
fn row() -> HashMap<String, Value> {
    let mv = parse("['a', 'b']").unwrap().as_literal().unwrap().clone();
    [("l", Value::Long(5)), ("d", Value::Double(2.5)), ("s", Value::from("abc")), ("mv", mv)]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Each expression gives what the text beside it gives, type included.
fn same(cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let value = eval(&parse(text).unwrap(), &row()).map_err(|e| format!("{text}: {e}")).unwrap();
        let wanted = eval(&parse(wanted).unwrap(), &row()).unwrap();
        assert_eq!(value, wanted, "{text}");
    }
}

fn close(cases: &[(&str, f64)]) {
    for (text, wanted) in cases {
        let value = eval(&parse(text).unwrap(), &row()).unwrap().as_double().unwrap();
        let near = (value - wanted).abs() <= wanted.abs() * 1e-14 || value.to_bits() == wanted.to_bits();
        assert!(near || (value.is_nan() && wanted.is_nan()), "{text}: {value}, not {wanted}");
    }
}

fn fails(cases: &[(&str, &str)]) {
    for (text, part) in cases {
        let error = match parse(text) {
            Ok(expr) => match eval(&expr, &row()) {
                Ok(value) => panic!("{text} gives {value}"),
                Err(error) => error,
            },
            Err(error) => error,
        };
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}

#[test]
fn mathematics() {
    close(&[
        ("acos(0.5)", 0.5f64.acos()),
        ("asin(0.5)", 0.5f64.asin()),
        ("atan(1)", std::f64::consts::FRAC_PI_4),
        ("atan2(1, 2)", 1f64.atan2(2.0)),
        ("cbrt(27)", 3.0),
        ("ceil(1.2)", 2.0),
        ("copysign(1, -2)", -1.0),
        ("cos(0)", 1.0),
        ("cosh(1)", 1f64.cosh()),
        ("cot(1)", 1.0 / 1f64.tan()),
        ("exp(1)", std::f64::consts::E),
        ("expm1(1e-10)", 1e-10f64.exp_m1()),
        ("floor(-1.2)", -2.0),
        ("hypot(3, 4)", 5.0),
        ("log(10)", 10f64.ln()),
        ("log10(1000)", 3.0),
        ("log1p(1e-10)", 1e-10f64.ln_1p()),
        ("nextafter(1.0, 2.0)", 1.0 + f64::EPSILON),
        ("nextafter(1.0, 0.0)", 1.0 - f64::EPSILON / 2.0),
        ("nextUp(1.0)", 1.0 + f64::EPSILON),
        ("pow(2, 10)", 1024.0),
        ("remainder(5, 3)", -1.0),
        ("remainder(-5, 3)", 1.0),
        ("remainder(6, 4)", -2.0),
        ("remainder(1, 0)", f64::NAN),
        ("rint(2.5)", 2.0),
        ("scalb(1.5, 4)", 24.0),
        ("scalb(1.0, -1074)", f64::from_bits(1)),
        ("scalb(1.0, 1024)", f64::INFINITY),
        ("signum(-3)", -1.0),
        ("signum(0.0)", 0.0),
        ("sin(1)", 1f64.sin()),
        ("sinh(1)", 1f64.sinh()),
        ("sqrt(2)", 2f64.sqrt()),
        ("tan(1)", 1f64.tan()),
        ("tanh(1)", 1f64.tanh()),
        ("todegrees(pi())", 180.0),
        ("toradians(180)", std::f64::consts::PI),
        ("ulp(1.0)", f64::EPSILON),
    ]);
}

#[test]
fn longs_and_rounding() {
    same(&[
        ("abs(-5)", "5"),
        ("abs(-2.5)", "2.5"),
        ("abs(null)", "null"),
        ("div(7, 2)", "3"),
        ("div(-7.5, 2)", "-3"),
        ("getExponent(8.5)", "3"),
        ("max(1, 2)", "2"),
        ("max(1, 2.5)", "2.5"),
        ("min(1, 2)", "1"),
        ("safe_divide(10, 0)", "null"),
        ("safe_divide(10, 3)", "3"),
        ("safe_divide(1.0, 4)", "0.25"),
        ("round(2.5)", "3.0"),
        ("round(-2.5)", "-3.0"),
        ("round(1.005, 2)", "1.01"),
        ("round(125, -1)", "130"),
        ("round(1234.5678, -2)", "1200.0"),
        ("round(123, 2)", "123"),
        ("round(0.4)", "0.0"),
        ("round(-0.4)", "0.0"),
        ("cast('true', 'DOUBLE')", "1.0"),
        ("cast('FALSE', 'LONG')", "0"),
        ("round(NaN)", "0.0"),
        ("round(Infinity)", "1.7976931348623157E308"),
        ("human_readable_binary_byte_format(1048576)", "'1.00 MiB'"),
        ("human_readable_binary_byte_format(1048576, 3)", "'1.000 MiB'"),
        ("human_readable_decimal_byte_format(1000000)", "'1.00 MB'"),
        ("human_readable_decimal_format(1000000, 3)", "'1.000 M'"),
        ("human_readable_decimal_format(-1500, 1)", "'-1.5 K'"),
        ("human_readable_decimal_format(999)", "'999'"),
        ("human_readable_decimal_byte_format(123456789, 3)", "'123.456 MB'"),
    ]);
    fails(&[
        ("div(1, 0)", "Function[div]"),
        ("1 / 0", "by zero"),
        ("human_readable_decimal_format(1, 4)", "[0,3]"),
    ]);
}

#[test]
fn bits() {
    same(&[
        ("bitwiseAnd(12, 10)", "8"),
        ("bitwiseOr(12, 10)", "14"),
        ("bitwiseXor(12, 10)", "6"),
        ("bitwiseComplement(0)", "-1"),
        ("bitwiseShiftLeft(1, 4)", "16"),
        ("bitwiseShiftRight(-16, 2)", "-4"),
        ("bitwiseConvertDoubleToLongBits(1.0)", "4607182418800017408"),
        ("bitwiseConvertLongBitsToDouble(4607182418800017408)", "1.0"),
        ("bitwiseAnd(2.9, 3)", "2"),
        ("bitwiseAnd(null, 3)", "null"),
    ]);
}

#[test]
fn text() {
    same(&[
        ("concat('a', 1, 2.0)", "'a12.0'"),
        ("concat('a', null)", "null"),
        ("format('%s-%05d-%.2f', 'x', 42, 1.005)", "'x-00042-1.01'"),
        ("format('%-4s|%4s|%%', 'a', 'b')", "'a   |   b|%'"),
        ("string_format('%2$s %1$s', 'a', 'b')", "'b a'"),
        ("format('%,d %x', 1234567, 255)", "'1,234,567 ff'"),
        ("parse_long('ff', 16)", "255"),
        ("parse_long('x')", "null"),
        ("contains_string('Abc', 'b')", "1"),
        ("contains_string('Abc', 'B')", "0"),
        ("icontains_string('Abc', 'aB')", "1"),
        ("replace('aXbX', 'X', 'yy')", "'ayybyy'"),
        ("substring('hello', 1, 3)", "'ell'"),
        ("substring('hello', 2, -1)", "'llo'"),
        ("substring('hello', 9, 2)", "null"),
        ("left('hello', 2)", "'he'"),
        ("right('hello', 3)", "'llo'"),
        ("right('hello', 30)", "'hello'"),
        ("strlen('hello')", "5"),
        ("strlen('\\ud83d\\ude00')", "2"),
        ("strpos('hello', 'l')", "2"),
        ("strpos('hello', 'l', 3)", "3"),
        ("strpos('hello', 'z')", "-1"),
        ("trim('  a ')", "'a'"),
        ("trim('xxaxx', 'x')", "'a'"),
        ("ltrim('xxaxx', 'x')", "'axx'"),
        ("rtrim('xxaxx', 'x')", "'xxa'"),
        ("lower('ABC')", "'abc'"),
        ("upper('abc')", "'ABC'"),
        ("reverse('abc')", "'cba'"),
        ("repeat('ab', 3)", "'ababab'"),
        ("repeat('ab', 0)", "null"),
        ("lpad('5', 3, '0')", "'005'"),
        ("rpad('5', 3, 'ab')", "'5ab'"),
        ("lpad('hello', 2, 'x')", "'he'"),
        ("lpad('a', 3, '')", "'a'"),
        ("lpad('a', 3, null)", "null"),
        ("lpad('a', 0, 'x')", "null"),
        ("rpad('a', -1, 'x')", "''"),
        ("parse_long('11', 1)", "null"),
        ("format('100%%')", "'100%%'"),
        ("format('%s %s', 'a')", "'%s %s; a'"),
        ("format('%d', 'x')", "'%d; x'"),
        ("format('%g', 0.00012345)", "'0.000123450'"),
        ("decode_base64_utf8('aGVsbG8=')", "'hello'"),
        ("regexp_extract('foo123', '([a-z]+)([0-9]+)', 2)", "'123'"),
        ("regexp_extract('foo', 'o')", "'o'"),
        ("regexp_extract('foo', 'x')", "null"),
        ("regexp_like('foo', 'o{2}')", "1"),
        ("regexp_replace('foo-bar', '(\\\\w+)-(\\\\w+)', '$2-$1')", "'bar-foo'"),
        ("like('foo', 'f%')", "1"),
        ("like('50%', '50\\\\%', '\\\\')", "1"),
        ("like(null, 'f%')", "null"),
        ("upper(null)", "null"),
    ]);
    fails(&[
        ("regexp_extract('a', '(')", "regular expression"),
        ("regexp_extract('a', 'a', 3)", "No group 3"),
        ("repeat('abcdefgh', 1000000000)", "longer than"),
        ("like('a', 'b', 'xx')", "one character"),
        ("left('a', -1)", "positive"),
        ("substring('a', 1)", "takes 3 arguments"),
    ]);
}

#[test]
fn time() {
    same(&[
        ("timestamp('2015-09-12')", "1442016000000"),
        ("timestamp('12/09/2015', 'dd/MM/yyyy')", "1442016000000"),
        ("unix_timestamp('2015-09-12')", "1442016000"),
        ("timestamp_floor(1442019600001, 'PT1H')", "1442019600000"),
        ("timestamp_floor(1442019600001, 'P1D', null, 'America/Los_Angeles')", "1441954800000"),
        ("timestamp_floor(1442019600001, 'P1D', null, 'UTC')", "1442016000000"),
        ("timestamp_floor(null, 'P1D')", "null"),
        ("timestamp_ceil(1442016000001, 'P1D')", "1442102400000"),
        ("timestamp_ceil(1442016000000, 'P1D')", "1442016000000"),
        ("timestamp_shift(1442016000000, 'P1D', 2)", "1442188800000"),
        ("timestamp_shift(1442016000000, 'P1M', -1)", "1439337600000"),
        ("timestamp_extract(1442019600001, 'HOUR')", "1"),
        ("timestamp_extract(1442019600001, 'HOUR', 'America/Los_Angeles')", "18"),
        ("timestamp_extract(1442016000000, 'EPOCH')", "1442016000"),
        ("timestamp_extract(1442016000000, 'DAY')", "12"),
        ("timestamp_extract(1442016000000, 'DOW')", "6"),
        ("timestamp_extract(1442016000000, 'DOY')", "255"),
        ("timestamp_extract(1442016000000, 'WEEK')", "37"),
        ("timestamp_extract(1442016000000, 'MONTH')", "9"),
        ("timestamp_extract(1442016000000, 'QUARTER')", "3"),
        ("timestamp_extract(1442016000000, 'YEAR')", "2015"),
        ("timestamp_extract(1442016000000, 'DECADE')", "201"),
        ("timestamp_extract(1442016000000, 'CENTURY')", "21.0"),
        ("timestamp_extract(1442016000000, 'MILLENNIUM')", "3.0"),
        ("timestamp_extract(1442016000123, 'MILLISECOND')", "123"),
        ("timestamp_parse('2015-09-12 00:00:00')", "1442016000000"),
        ("timestamp_parse('12/2015', 'MM/yyyy')", "1448928000000"),
        ("timestamp_parse('2015-09-11 17:00', 'yyyy-MM-dd HH:mm', 'America/Los_Angeles')", "1442016000000"),
        ("timestamp_parse('x')", "null"),
        ("timestamp_parse('2024-W13-6')", "1711756800000"),
        ("timestamp_parse(' 2024-03-30')", "null"),
        ("timestamp_extract(-250, 'EPOCH')", "0"),
        ("timestamp_extract(1609459200000, 'ISOYEAR')", "2021"),
        ("timestamp_shift(1442016000000, 'P1D', null)", "1442016000000"),
        ("timestamp_floor(1442019600001, 'P1D', null, 'Nowhere')", "1442016000000"),
        ("subtract_months(1709164800000, 1706659200000, 'UTC')", "1"),
        ("subtract_months(1706659200000, 1709164800000, 'UTC')", "-1"),
        ("subtract_months(1709164800000, 1706745600000, 'UTC')", "0"),
        ("timestamp_format(1442016000000)", "'2015-09-12T00:00:00.000Z'"),
        ("timestamp_format(1442016000000, 'dd MMM yyyy')", "'12 Sep 2015'"),
        ("timestamp_format(1442016000000, 'HH:mm', '-07:00')", "'17:00'"),
    ]);
    fails(&[
        ("timestamp('x')", "timestamp"),
        ("timestamp_floor(l, 'hour')", "period"),
        ("timestamp_floor(l, 'P1D', null, '+05:17')", "+05:17"),
        ("timestamp_extract(l, 'FORTNIGHT')", "FORTNIGHT"),
        ("timestamp_format(l, s)", "literals"),
        ("timestamp_shift(l, 'P1Y', 9223372036854775807)", "step"),
    ]);
}

#[test]
fn choices_and_casts() {
    same(&[
        ("cast('12', 'LONG')", "12"),
        ("cast('x', 'LONG')", "null"),
        ("cast(12.9, 'LONG')", "12"),
        ("cast(1, 'DOUBLE')", "1.0"),
        ("cast(1.0, 'STRING')", "'1.0'"),
        ("cast(1, 'ARRAY<STRING>')", "['1']"),
        ("cast(['1', 'x'], 'ARRAY<LONG>')", "<LONG>[1, null]"),
        ("if(1, 'a', 'b')", "'a'"),
        ("if(0 - 1, 'a', 'b')", "'b'"),
        ("if(null, 'a', 'b')", "'b'"),
        ("if(l != 0, 10 / l, 0)", "2"),
        ("if(l == 0, 10 / 0, 1)", "1"),
        ("case_searched(l > 9, 'big', l > 4, 'medium', 'small')", "'medium'"),
        ("case_searched(l > 9, 'big')", "null"),
        ("case_simple(l, 4, 'four', 5, 'five', 'other')", "'five'"),
        ("case_simple(n, 4, 'four', 'other')", "'other'"),
        ("nvl(n, 7)", "7"),
        ("coalesce(n, null, d, l)", "2.5"),
        ("isnull(n)", "1"),
        ("notnull(n)", "0"),
        ("nullif(l, 5)", "null"),
        ("nullif(l, 6)", "5"),
        ("istrue(null)", "0"),
        ("isfalse(0)", "1"),
        ("nottrue(null)", "1"),
        ("notfalse(0)", "0"),
        ("notdistinctfrom(n, null)", "1"),
        ("isdistinctfrom(n, 1)", "1"),
        ("greatest(1, 3, 2)", "3"),
        ("greatest(1, 2.5, null)", "2.5"),
        ("greatest('b', 1)", "'b'"),
        ("least(3, n, 2)", "2"),
        ("least()", "null"),
        ("greatest(null, null)", "null"),
    ]);
    fails(&[("cast(1, 'NUMBER')", "NUMBER"), ("if(1, 2)", "takes 3 arguments")]);
}

#[test]
fn arrays() {
    same(&[
        ("array(1, 2.5)", "<DOUBLE>[1.0, 2.5]"),
        ("array_length(mv)", "2"),
        ("array_offset([10, 20], 1)", "20"),
        ("array_offset([10, 20], 2)", "null"),
        ("array_ordinal([10, 20], 1)", "10"),
        ("mv_offset(mv, 0)", "'a'"),
        ("array_contains(mv, 'a')", "1"),
        ("array_contains(mv, ['a', 'z'])", "0"),
        ("mv_overlap(mv, ['z', 'b'])", "1"),
        ("scalar_in_array(3, [1, 2, 3])", "1"),
        ("scalar_in_array(null, [1])", "null"),
        ("scalar_in_array(9, [1])", "0"),
        ("array_offset_of(['a', 'b'], 'b')", "1"),
        ("array_ordinal_of(['a', 'b'], 'b')", "2"),
        ("array_ordinal_of(['a', 'b'], 'z')", "null"),
        ("array_prepend('z', mv)", "['z', 'a', 'b']"),
        ("array_append(mv, 'z')", "['a', 'b', 'z']"),
        ("array_concat([1], [2, 3])", "[1, 2, 3]"),
        ("array_set_add(['b', 'a'], 'b')", "['a', 'b']"),
        ("array_set_add_all([3, 1], [2, 3])", "[1, 2, 3]"),
        ("array_slice([1, 2, 3], 1, 3)", "[2, 3]"),
        ("array_slice([1, 2, 3], 1)", "[2, 3]"),
        ("array_slice([1, 2, 3], 2, 1)", "null"),
        ("array_slice([1, 2, 3], 4, 5)", "null"),
        ("array_to_string([1, 2], '-')", "'1-2'"),
        ("mv_to_string(mv, ',')", "'a,b'"),
        ("string_to_array('a,b,,c', ',')", "['a', 'b', '', 'c']"),
        ("string_to_mv('a1b2c', '[0-9]')", "['a', 'b', 'c']"),
        ("mv_to_array('x')", "['x']"),
        ("array_to_mv([1, 2])", "['1', '2']"),
        ("mv_harmonize_nulls(null)", "<STRING>[null]"),
        ("map((x) -> x + 1, [1, 2])", "[2, 3]"),
        ("map((x) -> concat(x, s), mv)", "['aabc', 'babc']"),
        ("map((x) -> x, null)", "null"),
        ("cartesian_map((x, y) -> concat(x, y), ['a', 'b'], ['c', 'd'])", "['ac', 'ad', 'bc', 'bd']"),
        ("filter((x) -> x > 1, [1, 2, 3])", "[2, 3]"),
        ("filter((x) -> x > 9, [1])", "null"),
        ("fold((x, acc) -> x + acc, [1, 2, 3], 10)", "16"),
        ("cartesian_fold((x, y, acc) -> x * y + acc, [1, 2], [3, 4], 0)", "21"),
        ("any((x) -> x > 2, [1, 2, 3])", "1"),
        ("all((x) -> x > 2, [1, 2, 3])", "0"),
        ("any(x -> x == 'b', mv)", "1"),
        ("map((x) -> array_length(mv) + x, [1])", "[3]"),
    ]);
    fails(&[
        ("map((x, y) -> x, [1])", "parameters"),
        ("map([1], [1])", "lambda"),
        ("abs((x) -> x)", "not allowed"),
        ("concat(array_append(mv, 'c'), 'x')", "single values"),
    ]);
}

#[test]
fn addresses() {
    same(&[
        ("ipv4_match('192.168.0.1', '192.168.0.0/16')", "1"),
        ("ipv4_match(3232235521, '192.168.0.0/16')", "1"),
        ("ipv4_match('10.0.0.1', '192.168.0.0/16')", "0"),
        ("ipv4_match('x', '192.168.0.0/16')", "0"),
        ("ipv4_match('1.2.3.4', '0.0.0.0/0')", "1"),
        ("ipv4_parse('192.168.0.1')", "3232235521"),
        ("ipv4_parse('x')", "null"),
        ("ipv4_stringify(3232235521)", "'192.168.0.1'"),
        ("ipv4_stringify(-1)", "null"),
        ("ipv6_match('75e9:efa4:29c6:85f6::232c', '75e9:efa4:29c6:85f6::/64')", "1"),
        ("ipv6_match('::1', '75e9:efa4:29c6:85f6::/64')", "0"),
    ]);
    fails(&[("ipv4_match('1.2.3.4', '1.2.3.4/33')", "subnet")]);
}

#[test]
fn refusals_name_the_function() {
    fails(&[
        ("nope(1)", "`nope`"),
        ("lookup(s, 'x')", "Lookup [x] not found"),
        ("hll_sketch_estimate(1)", "requires a HLLSketch"),
    ]);
    assert!(crate::function_names().len() > 120, "{}", crate::function_names().len());
}

#[test]
fn arrays_and_nested_values() {
    let json = r#"parse_json('{"a":true,"b":[1,2],"c":{"d.e":[{"f":1}]}}')"#;
    let at = |call: &str| call.replace("J", json);
    let cases = [
        ("array_concat(['a'], null)".to_owned(), "null"),
        ("array_to_string([null], ',')".to_owned(), "null"),
        ("array_contains([1, 2], [1.5, 2.5])".to_owned(), "1"),
        ("string_to_array(',,', ',')".to_owned(), "<STRING>[]"),
        ("string_to_array('', ',')".to_owned(), "['']"),
        (at("json_value(J, '$.a', 'STRING')"), "'1'"),
        (at("json_value(J, '$.b', 'STRING')"), "null"),
        (at("json_value_text(J, '$.b')"), r#"'["1","2"]'"#),
        (at("json_paths(J)"), r#"['$.b', '$.c[\'d.e\'][0].f', '$.a']"#),
        ("json_paths(parse_json('{}'))".to_owned(), "<STRING>[]"),
        ("to_json_string(json_object('n', 1, 's', 1e300))".to_owned(), r#"'{"s":1.0E300,"n":1}'"#),
        (r#"to_json_string(json_merge('{"a":[1]}', '{"a":[2]}'))"#.to_owned(), r#"'{"a":[1,2]}'"#),
    ];
    for (text, wanted) in &cases {
        same(&[(text.as_str(), wanted)]);
    }
}
