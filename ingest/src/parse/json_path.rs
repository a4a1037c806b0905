//! What does a JsonPath mean? The subset of Jayway's that flatten specs use: `$.a.b`, `$['a b']`, `[n]`,
//! `[-n]`, `[a:b]`, `[*]`, `.*`, `..name`, `['a','b']`, and at the end `length()`, `min()`, `max()`, `sum()`,
//! `avg()`, `keys()`.

use std::borrow::Cow;

use super::field::Field;

/// A path, ready to be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JsonPath {
    steps: Vec<Step>,
    function: Option<Function>,
    /// Whether it can give several values, which make a list.
    many: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Keys(Vec<String>),
    Index(i64),
    Indexes(Vec<i64>),
    Slice(Option<i64>, Option<i64>),
    Wildcard,
    Descend(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Length,
    Min,
    Max,
    Sum,
    Avg,
    Keys,
}

impl JsonPath {
    /// Reads a path.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text.trim(), steps: Vec::new(), function: None };
        reader.rest = reader.rest.strip_prefix('$').unwrap_or(reader.rest);
        if reader.rest.len() == text.trim().len() && !reader.rest.starts_with(['.', '[']) {
            // Jayway puts `$.` before a path that has no root.
            reader.name()?;
        }
        while !reader.rest.is_empty() {
            if reader.function.is_some() {
                return Err(format!("a function must end the path `{text}`"));
            }
            reader.step().map_err(|why| format!("{why} in the path `{text}`"))?;
        }
        let single = |step: &Step| matches!(step, Step::Key(_) | Step::Index(_));
        let many = !reader.steps.iter().all(single);
        Ok(Self { steps: reader.steps, function: reader.function, many })
    }

    /// Follows the path from `root`; `None` when it leads nowhere.
    pub(crate) fn read<'f>(&self, root: &Field<'f>) -> Option<Field<'f>> {
        let mut found: Vec<&Field<'f>> = vec![root];
        for step in &self.steps {
            let mut next = Vec::new();
            for field in found {
                step.follow(field, &mut next);
            }
            found = next;
        }
        let result = if self.many {
            Field::List(found.into_iter().cloned().collect())
        } else {
            (*found.first()?).clone()
        };
        match self.function {
            None => Some(result),
            Some(function) => function.apply(&result),
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    steps: Vec<Step>,
    function: Option<Function>,
}

impl<'t> Reader<'t> {
    fn step(&mut self) -> Result<(), String> {
        if let Some(rest) = self.rest.strip_prefix("..") {
            self.rest = rest;
            let end = rest.find(['.', '[', '(']).unwrap_or(rest.len());
            let name = &rest[..end];
            if name.is_empty() || name == "*" {
                return Err("`..` must be followed by a name".to_owned());
            }
            self.steps.push(Step::Descend(name.to_owned()));
            self.rest = &rest[end..];
            return Ok(());
        }
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            if rest.starts_with('[') {
                return self.brackets();
            }
            return self.name();
        }
        if self.rest.starts_with('[') {
            return self.brackets();
        }
        Err(format!("unexpected `{}`", self.rest))
    }

    fn name(&mut self) -> Result<(), String> {
        let end = self.rest.find(['.', '[', '(']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() {
            return Err("a name is missing".to_owned());
        }
        if let Some(rest) = rest.strip_prefix('(') {
            self.rest =
                rest.trim_start().strip_prefix(')').ok_or("functions with arguments are not supported")?;
            self.function = Some(Function::named(name)?);
            return Ok(());
        }
        self.steps.push(if name == "*" { Step::Wildcard } else { Step::Key(name.to_owned()) });
        self.rest = rest;
        Ok(())
    }

    fn brackets(&mut self) -> Result<(), String> {
        let inner = self.rest.strip_prefix('[').unwrap_or(self.rest).trim_start();
        if inner.starts_with(['\'', '"']) {
            return self.quoted(inner);
        }
        let end = inner.find(']').ok_or("`]` is missing")?;
        let (body, rest) = (inner[..end].trim(), &inner[end + 1..]);
        if body.starts_with('?') || body.starts_with('(') {
            return Err("filters `[?(..)]` are not supported".to_owned());
        }
        let number = |t: &str| t.trim().parse::<i64>().map_err(|_| format!("`[{t}]` is not an index"));
        let step = if body == "*" {
            Step::Wildcard
        } else if let Some((from, to)) = body.split_once(':') {
            let bound = |t: &str| if t.trim().is_empty() { Ok(None) } else { number(t).map(Some) };
            Step::Slice(bound(from)?, bound(to)?)
        } else if body.contains(',') {
            Step::Indexes(body.split(',').map(number).collect::<Result<_, _>>()?)
        } else {
            Step::Index(number(body)?)
        };
        self.steps.push(step);
        self.rest = rest;
        Ok(())
    }

    fn quoted(&mut self, mut inner: &'t str) -> Result<(), String> {
        let mut keys = Vec::new();
        loop {
            let mut chars = inner.char_indices();
            let quote = chars.next().map(|(_, c)| c).filter(|c| matches!(c, '\'' | '"'));
            let quote = quote.ok_or("a quoted name is missing")?;
            let mut key = String::new();
            let mut end = None;
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => key.extend(chars.next().map(|(_, escaped)| escaped)),
                    c if c == quote => {
                        end = Some(at + 1);
                        break;
                    }
                    c => key.push(c),
                }
            }
            keys.push(key);
            inner = inner[end.ok_or("a quote is not closed")?..].trim_start();
            if let Some(rest) = inner.strip_prefix(']') {
                self.rest = rest;
                break;
            }
            inner = inner.strip_prefix(',').ok_or("`]` is missing")?.trim_start();
        }
        let single = if keys.len() == 1 { keys.pop() } else { None };
        self.steps.push(single.map_or(Step::Keys(keys), Step::Key));
        Ok(())
    }
}

impl Step {
    fn follow<'t, 'f>(&self, field: &'t Field<'f>, out: &mut Vec<&'t Field<'f>>) {
        match (self, field) {
            (Self::Key(key), Field::Map(_)) => out.extend(field.get(key)),
            (Self::Keys(keys), Field::Map(_)) => out.extend(keys.iter().filter_map(|k| field.get(k))),
            (Self::Index(i), Field::List(list)) => out.extend(at(list, *i)),
            (Self::Indexes(all), Field::List(list)) => out.extend(all.iter().filter_map(|i| at(list, *i))),
            (Self::Slice(from, to), Field::List(list)) => {
                let len = list.len() as i64;
                let bound = |i: i64| (if i < 0 { i.saturating_add(len) } else { i }).clamp(0, len) as usize;
                let (from, to) = (bound(from.unwrap_or(0)), bound(to.unwrap_or(len)));
                out.extend(list.get(from..to.max(from)).into_iter().flatten());
            }
            (Self::Wildcard, Field::List(list)) => out.extend(list),
            (Self::Wildcard, Field::Map(map)) => out.extend(map.iter().map(|(_, v)| v)),
            (Self::Descend(key), _) => descend(key, field, out),
            _ => {}
        }
    }
}

/// The element at an index; negative ones count from the end.
fn at<'t, 'f>(list: &'t [Field<'f>], i: i64) -> Option<&'t Field<'f>> {
    let i = if i < 0 { i.checked_add(list.len() as i64)? } else { i };
    usize::try_from(i).ok().and_then(|i| list.get(i))
}

fn descend<'t, 'f>(key: &str, field: &'t Field<'f>, out: &mut Vec<&'t Field<'f>>) {
    match field {
        Field::Map(map) => {
            out.extend(field.get(key));
            map.iter().for_each(|(_, value)| descend(key, value, out));
        }
        Field::List(list) => list.iter().for_each(|value| descend(key, value, out)),
        _ => {}
    }
}

impl Function {
    fn named(name: &str) -> Result<Self, String> {
        Ok(match name {
            "length" | "size" => Self::Length,
            "min" => Self::Min,
            "max" => Self::Max,
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "keys" => Self::Keys,
            _ => return Err(format!("function `{name}()` is not supported")),
        })
    }

    fn apply<'f>(self, field: &Field<'f>) -> Option<Field<'f>> {
        match (self, field) {
            (Self::Length, Field::List(list)) => Some(Field::Long(list.len() as i64)),
            (Self::Length, Field::Map(map)) => Some(Field::Long(map.len() as i64)),
            (Self::Length, Field::Text(text)) => Some(Field::Long(text.encode_utf16().count() as i64)),
            (Self::Keys, Field::Map(map)) => {
                Some(Field::List(map.iter().map(|(k, _)| Field::Text(Cow::clone(k))).collect()))
            }
            (Self::Length | Self::Keys, _) => None,
            (_, Field::List(list)) => {
                let numbers: Vec<f64> = list.iter().filter_map(Field::as_f64).collect();
                if numbers.is_empty() {
                    return None;
                }
                let sum: f64 = numbers.iter().sum();
                Some(Field::Double(match self {
                    Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
                    Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    Self::Avg => sum / numbers.len() as f64,
                    _ => sum,
                }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_they_should() {
        let json = r#"{"a":{"b c":[10,20,{"d":"x"}],"n":null},"l":[1,2.5,"t"],"s":"hay","deep":[{"d":1}]}"#;
        let root: Field<'_> = serde_json::from_str(json).unwrap();
        for (path, expected) in [
            ("$.a['b c'][0]", "10"),
            ("$.a[\"b c\"][-1].d", "x"),
            ("$.a['b c'][2]", "{d=x}"),
            ("a['b c'][1]", "20"),
            ("$.l[*]", "[1, 2.5, t]"),
            ("$.l[0,1]", "[1, 2.5]"),
            ("$.l[1:]", "[2.5, t]"),
            ("$..d", "[x, 1]"),
            ("$.l.length()", "3"),
            ("$.s.length()", "3"),
            ("$.l.sum()", "3.5"),
            ("$.l.max()", "2.5"),
            ("$.l.avg()", "1.75"),
            ("$.a.keys()", "[b c, n]"),
            ("$['s','l'][0]", "[1]"),
        ] {
            let found = JsonPath::parse(path).unwrap().read(&root);
            assert_eq!(found.map(|f| f.to_text().into_owned()).as_deref(), Some(expected), "{path}");
        }
        for nowhere in ["$.x", "$.a.b", "$.l[9]", "$.s.x", "$.a.length().x"] {
            let path = JsonPath::parse(nowhere);
            assert!(path.is_err() || path.unwrap().read(&root).is_none(), "{nowhere}");
        }
        for bad in ["", "$.", "$[", "$['a", "$.l[?(@.x)]", "$.x.first()", "$.a..*", "$x"] {
            assert!(JsonPath::parse(bad).is_err(), "{bad}");
        }
    }
}
