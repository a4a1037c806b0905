//! How does Druid refuse what its planner, or a function of its expression language, cannot do? Not in one way: a
//! constant that cannot be computed is the planner's failure, the same value of a row a failure of the query.

/// Who refused, from which the words around the message follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// An exception while the statement was planned.
    Planning,
    /// A function that failed on constants.
    Defensive,
    /// The planner has no way to do it.
    Unplannable,
    /// The planner knows it and has no way to do it.
    NotPlanned,
    /// An exception of arithmetic on a row.
    Evaluation,
    /// A function that failed on a row.
    Function,
    /// What an engine cannot do.
    Operation,
    /// An exception of the query's run, whatever it reads.
    Thrown,
    /// An exception nobody catches but the server: there is no more than its message.
    Uncaught,
}

/// The words around a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    pub(crate) status: u16,
    pub(crate) error: &'static str,
    pub(crate) code: &'static str,
    pub(crate) persona: &'static str,
    pub(crate) category: &'static str,
}

impl Refusal {
    pub(crate) fn words(self) -> Words {
        let modern = |status, persona, category| Words {
            status,
            error: "druidException",
            code: "general",
            persona,
            category,
        };
        match self {
            Self::Planning | Self::Uncaught => modern(500, "ADMIN", "UNCATEGORIZED"),
            Self::Defensive => modern(500, "DEVELOPER", "DEFENSIVE"),
            Self::Unplannable => modern(400, "USER", "INVALID_INPUT"),
            Self::NotPlanned => modern(501, "OPERATOR", "UNSUPPORTED"),
            Self::Evaluation | Self::Thrown => Words {
                error: "Unknown exception",
                code: "legacyQueryException",
                ..modern(500, "OPERATOR", "RUNTIME_FAILURE")
            },
            Self::Operation => Words {
                error: "Unsupported operation",
                code: "legacyQueryException",
                ..modern(500, "OPERATOR", "RUNTIME_FAILURE")
            },
            Self::Function => {
                Words { code: "legacyQueryException", ..modern(500, "OPERATOR", "UNCATEGORIZED") }
            }
        }
    }

    /// The same trouble when it was met with constants, while the statement was planned.
    pub(crate) fn of_constants(self) -> Self {
        match self {
            Self::Evaluation => Self::Planning,
            Self::Function => Self::Defensive,
            other => other,
        }
    }
}
