//! Do the values of two sketches have the same mean? Welch's t-test, after B. L. Welch, "The generalization of
//! 'Student's' problem when several different population variances are involved" (Biometrika, 1947), with the
//! incomplete beta function as a continued fraction (Abramowitz and Stegun, 26.5.8) and Lanczos' approximation of
//! gamma.

use crate::sample::Sample;

/// Count, mean and sum of squared distances to it (Welford's update).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        let step = distance / self.count;
        self.mean += step;
        self.squares += (self.count - 1.0) * distance * step;
    }

    pub(super) fn mean(&self) -> f64 {
        if self.count > 0.0 { self.mean } else { f64::NAN }
    }

    pub(super) fn variance(&self) -> f64 {
        match self.count {
            0.0 => f64::NAN,
            1.0 => 0.0,
            count => self.squares / (count - 1.0),
        }
    }
}

/// The moments of each column.
pub(super) fn moments(sample: &Sample) -> Vec<Moments> {
    let mut moments = vec![Moments::default(); sample.width()];
    for (_, row) in sample.sorted() {
        moments.iter_mut().zip(row).for_each(|(moments, value)| moments.add(*value));
    }
    moments
}

/// How likely a difference at least as large is when the means are the same.
pub(super) fn p_value(a: &Moments, b: &Moments) -> f64 {
    let (first, second) = (a.variance() / a.count, b.variance() / b.count);
    let t = (a.mean() - b.mean()) / (first + second).sqrt();
    let freedom =
        (first + second).powi(2) / (first.powi(2) / (a.count - 1.0) + second.powi(2) / (b.count - 1.0));
    if t.is_infinite() && freedom.is_finite() {
        return 0.0;
    }
    incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
}

/// The regularised incomplete beta function; NaN of NaN.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x.is_nan() || a.is_nan() || a <= 0.0 {
        return f64::NAN;
    }
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front = a * x.ln() + b * (-x).ln_1p() - a.ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    front.exp() * continued(x, a, b)
}

/// The continued fraction, evaluated by Lentz's method.
fn continued(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let whole = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut result, mut c, mut d) = (1.0, f64::INFINITY, 1.0);
    for step in 1..10_000 {
        let m = f64::from(step / 2);
        let term = if step % 2 == 0 {
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m))
        } else {
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))
        };
        d = 1.0 / whole(1.0 + term * d);
        c = whole(1.0 + term / c);
        result *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// The logarithm of the gamma function, for positive numbers.
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 607.0 / 128.0;
    const LANCZOS: [f64; 14] = [
        57.156_235_665_862_92,
        -59.597_960_355_475_49,
        14.136_097_974_741_746,
        -0.491_913_816_097_620_2,
        0.339_946_499_848_118_9e-4,
        4.652_362_892_704_858e-5,
        -0.983_744_753_048_795_6e-4,
        0.158_088_703_224_912_5e-3,
        -0.210_264_441_724_104_88e-3,
        0.217_439_618_115_212_64e-3,
        -0.164_318_106_536_763_9e-3,
        0.844_182_239_838_527_4e-4,
        -0.261_908_384_015_814_1e-4,
        0.368_991_826_595_316_2e-5,
    ];
    let sum: f64 = LANCZOS.iter().enumerate().map(|(i, c)| c / (x + 1.0 + i as f64)).sum();
    let t = x + G + 0.5;
    (x + 0.5) * t.ln() - t
        + (2.0 * std::f64::consts::PI).sqrt().ln()
        + ((0.999_999_999_999_997_1 + sum) / x).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Moments {
        let mut moments = Moments::default();
        values.iter().for_each(|value| moments.add(*value));
        moments
    }

    #[test]
    fn gamma_of_whole_numbers_is_the_factorial() {
        for (x, factorial) in [(1.0, 1.0f64), (2.0, 1.0), (5.0, 24.0), (11.0, 3_628_800.0)] {
            assert!((ln_gamma(x) - factorial.ln()).abs() < 1e-13);
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-13);
    }

    #[test]
    fn p_values_of_closed_forms() {
        let a = of(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert!((p_value(&a, &a) - 1.0).abs() < 1e-14);
        // One degree of freedom: 1 - 2 atan(t) / pi; two: 1 - t / sqrt(2 + t^2).
        for t in [0.1f64, 1.0, 4.3, 50.0] {
            let one = 1.0 - 2.0 * t.atan() / std::f64::consts::PI;
            assert!((incomplete_beta(1.0 / (1.0 + t * t), 0.5, 0.5) - one).abs() < 1e-14);
            let two = 1.0 - t / (2.0 + t * t).sqrt();
            assert!((incomplete_beta(2.0 / (2.0 + t * t), 1.0, 0.5) - two).abs() < 1e-14);
        }
        // Two values each, of the same variance: two degrees of freedom.
        let (b, c) = (of(&[1.0, 3.0]), of(&[4.0, 6.0]));
        let t = 3.0 / 2.0f64.sqrt();
        assert!((p_value(&b, &c) - (1.0 - t / (2.0 + t * t).sqrt())).abs() < 1e-14);
        assert!(p_value(&of(&[1.0, 1.0]), &of(&[1.0, 1.0])).is_nan());
    }
}
