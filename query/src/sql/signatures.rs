//! How are functions called, as ROUTINES tells it? By their usual forms where those have names, by the number of
//! arguments otherwise.

use super::functions::definitions;

/// Functions whose arguments have names.
const FORMS: [(&str, &str); 17] = [
    ("any_value", "<expr>, [<maxBytesPerStringInt>, [<aggregateMultipleValuesBoolean>]]"),
    ("approx_count_distinct", "<expr>"),
    ("avg", "<NUMERIC>"),
    ("contains_string", "<CHARACTER>, <CHARACTER>"),
    ("count", "[<expr>]"),
    ("earliest", "<expr>, [<maxBytesPerStringInt>, [<aggregateMultipleValuesBoolean>]]"),
    ("earliest_by", "<expr>, <timeColumn>, [<maxBytesPerStringInt>, [<aggregateMultipleValuesBoolean>]]"),
    ("icontains_string", "<CHARACTER>, <CHARACTER>"),
    ("latest", "<expr>, [<maxBytesPerStringInt>, [<aggregateMultipleValuesBoolean>]]"),
    ("latest_by", "<expr>, <timeColumn>, [<maxBytesPerStringInt>, [<aggregateMultipleValuesBoolean>]]"),
    ("lookup", "<expr>, <lookupName>, [<replaceMissingValueWith>]"),
    ("sum", "<NUMERIC>"),
    ("time_ceil", "<TIMESTAMP>, <CHARACTER>, [<TIMESTAMP>, [<CHARACTER>]]"),
    ("time_extract", "<TIMESTAMP>, [<CHARACTER>, [<CHARACTER>]]"),
    ("time_floor", "<TIMESTAMP>, <CHARACTER>, [<TIMESTAMP>, [<CHARACTER>]]"),
    ("time_format", "<TIMESTAMP>, [<CHARACTER>, [<CHARACTER>]]"),
    ("time_shift", "<TIMESTAMP>, <CHARACTER>, <INTEGER>, [<CHARACTER>]"),
];

/// `'NAME(<arguments>)'`
pub(crate) fn signature(name: &str) -> String {
    let lower = name.to_lowercase();
    if lower == "string_format" {
        return "STRING_FORMAT(CHARACTER, [ANY, ...])".to_owned();
    }
    let form = FORMS.iter().find(|(known, _)| *known == lower).map(|(_, form)| (*form).to_owned());
    let form = form.unwrap_or_else(|| {
        let (fewest, most) = definitions().find(|d| d.name == lower).map_or((1, 1), |d| d.arity);
        let wanted = vec!["<expr>"; fewest].join(", ");
        let more = match most {
            most if most == fewest => "",
            usize::MAX => "[<expr> ...]",
            _ => "[<expr>]",
        };
        if wanted.is_empty() || more.is_empty() {
            format!("{wanted}{more}")
        } else {
            format!("{wanted}, {more}")
        }
    });
    format!("'{}({form})'", name.to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn forms_and_numbers_of_arguments() {
        assert_eq!(signature("LOOKUP"), "'LOOKUP(<expr>, <lookupName>, [<replaceMissingValueWith>])'");
        assert_eq!(signature("lpad"), "'LPAD(<expr>, <expr>, [<expr>])'");
        assert_eq!(signature("pi"), "'PI()'");
    }
}
