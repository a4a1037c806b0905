//! What may sketches of a distribution be asked? The same questions of each, by the values they keep.

use super::View;
use crate::SketchError;

/// A sketch of the order of values.
pub(crate) trait Ranked {
    /// The values kept, with what each stands for.
    fn view(&self) -> View;

    /// The number of values added.
    fn count(&self) -> u64;

    /// The least value; NaN of none.
    fn min(&self) -> f64;

    /// The most value; NaN of none.
    fn max(&self) -> f64;

    /// The value at or below which the fraction of all values lies; NaN of no values.
    ///
    /// # Errors
    /// Unless the fraction is from 0 to 1.
    fn quantile(&self, fraction: f64) -> Result<f64, SketchError> {
        self.view().quantile(fraction)
    }

    /// The values of many fractions.
    ///
    /// # Errors
    /// Unless all fractions are from 0 to 1.
    fn quantiles(&self, fractions: &[f64]) -> Result<Vec<f64>, SketchError> {
        let view = self.view();
        fractions.iter().map(|fraction| view.quantile(*fraction)).collect()
    }

    /// The fraction of all values that are not above the value; NaN of no values.
    fn rank(&self, value: f64) -> f64 {
        self.view().rank(value)
    }

    /// The ranks of the points, then 1; NaN of no values.
    ///
    /// # Errors
    /// Unless the points ascend.
    fn cdf(&self, points: &[f64]) -> Result<Vec<f64>, SketchError> {
        self.view().cdf(points)
    }

    /// The number of values between each two points, and before and after all; NaN of no values.
    ///
    /// # Errors
    /// Unless the points ascend.
    fn histogram(&self, points: &[f64]) -> Result<Vec<f64>, SketchError> {
        self.view().histogram(points)
    }

    /// The number of values in each of equally wide bins; NaN of no values. Values that are all the same are in the
    /// first.
    ///
    /// # Errors
    /// Unless there are 2 to 2^20 bins.
    fn bins(&self, bins: usize) -> Result<Vec<f64>, SketchError> {
        self.view().bins(bins)
    }
}
