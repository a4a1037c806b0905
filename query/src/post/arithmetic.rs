//! How do post-aggregators reckon? Druid's operations on doubles.

/// What `arithmetic` does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    /// By zero: 0.
    Divide,
    /// By zero: infinity or NaN.
    Quotient,
    Power,
}

impl Operation {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "quotient" => Self::Quotient,
            "pow" => Self::Power,
            _ => return None,
        })
    }

    pub(super) fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide if b == 0.0 => 0.0,
            Self::Divide | Self::Quotient => a / b,
            Self::Power => a.powf(b),
        }
    }
}
