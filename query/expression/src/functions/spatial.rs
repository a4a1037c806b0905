//! Does a place, written as its coordinates with commas between them, lie within a bound? What Druid's spatial filter asks.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Body, Function, LONG, Prepared};
use crate::{Expr, ExprError, Value};

/// By which name filters call it.
pub(crate) const WITHIN: &str = "spatial_within";

/// Metres from the centre of the earth to its surface.
const EARTH_RADIUS_M: f64 = 6_372_797.560_856;

pub(super) const TABLE: &[Function] =
    &[Function::new(WITHIN, (2, 2), LONG, Body::Values(within)).prepare(bound_argument)];

/// A part of space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum SpatialBound {
    /// From the smallest to the largest coordinates.
    Rectangular { min: Vec<f32>, max: Vec<f32> },
    /// Around a place; `metres` of a unit of the radius, `None` on the plane.
    Radius { coords: Vec<f32>, radius: f32, metres: Option<f64> },
    /// The corners of a polygon.
    Polygon { xs: Vec<f32>, ys: Vec<f32> },
}

fn floats(json: &Json, field: &str) -> Result<Vec<f32>, String> {
    let number = |item: &Json| item.as_f64().or_else(|| item.as_str()?.parse().ok()).map(|d| d as f32);
    let items =
        json.get(field).and_then(Json::as_array).ok_or_else(|| format!("`{field}` must be a list"))?;
    items.iter().map(|item| number(item).ok_or_else(|| format!("`{field}` must hold numbers"))).collect()
}

impl SpatialBound {
    /// Reads a `bound`.
    pub(crate) fn from_json(json: &Json) -> Result<Self, String> {
        match json.get("type").and_then(Json::as_str).unwrap_or_default() {
            "rectangular" => {
                let (min, max) = (floats(json, "minCoords")?, floats(json, "maxCoords")?);
                let fits = min.len() == max.len();
                fits.then_some(Self::Rectangular { min, max })
                    .ok_or_else(|| "`minCoords` and `maxCoords` must be as many".to_owned())
            }
            "radius" => {
                let radius = json.get("radius").and_then(Json::as_f64).ok_or("`radius` must be a number")?;
                let metres = match json.get("radiusUnit").and_then(Json::as_str) {
                    None | Some("euclidean") => None,
                    Some("meters") => Some(1.0),
                    Some("kilometers") => Some(1000.0),
                    Some("miles") => Some(1609.344),
                    Some(other) => return Err(format!("`{other}` is no `radiusUnit`")),
                };
                Ok(Self::Radius { coords: floats(json, "coords")?, radius: radius as f32, metres })
            }
            "polygon" => {
                let (xs, ys) = (floats(json, "abscissa")?, floats(json, "ordinate")?);
                let fits = xs.len() == ys.len() && xs.len() >= 3;
                fits.then_some(Self::Polygon { xs, ys }).ok_or_else(|| {
                    "a polygon needs three corners, each with `abscissa` and `ordinate`".to_owned()
                })
            }
            other => Err(format!("`{other}` is no bound; there are rectangular, radius and polygon")),
        }
    }

    fn contains(&self, place: &[f32]) -> bool {
        match self {
            Self::Rectangular { min, max } => {
                place.len() == min.len()
                    && place.iter().zip(min).zip(max).all(|((at, min), max)| min <= at && at <= max)
            }
            Self::Radius { coords, .. } if place.len() != coords.len() => false,
            Self::Radius { coords, radius, metres: None } => {
                let square = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2);
                place.iter().zip(coords).map(square).sum::<f64>() <= f64::from(*radius).powi(2)
            }
            Self::Radius { coords, radius, metres: Some(metres) } => match (place, coords.as_slice()) {
                ([lat, lon, ..], [from_lat, from_lon, ..]) => {
                    distance_m((*from_lat, *from_lon), (*lat, *lon)) <= f64::from(*radius) * metres
                }
                _ => false,
            },
            Self::Polygon { xs, ys } => match place {
                [x, y] => in_polygon(xs, ys, (*x, *y)),
                _ => false,
            },
        }
    }
}

/// Metres between two places on the earth, by the haversine formula.
fn distance_m(a: (f32, f32), b: (f32, f32)) -> f64 {
    let radians = |(lat, lon): (f32, f32)| (f64::from(lat).to_radians(), f64::from(lon).to_radians());
    let ((lat_a, lon_a), (lat_b, lon_b)) = (radians(a), radians(b));
    let (u, v) = (((lat_b - lat_a) / 2.0).sin(), ((lon_b - lon_a) / 2.0).sin());
    2.0 * EARTH_RADIUS_M * (u * u + lat_a.cos() * lat_b.cos() * v * v).sqrt().asin()
}

/// Whether a ray from the place crosses the border an odd number of times; places on the border are inside.
fn in_polygon(xs: &[f32], ys: &[f32], (x, y): (f32, f32)) -> bool {
    let corners = xs.iter().zip(ys);
    let next = corners.clone().cycle().skip(1);
    let mut inside = false;
    for ((ax, ay), (bx, by)) in corners.zip(next) {
        let cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        let beside = x >= ax.min(*bx) && x <= ax.max(*bx) && y >= ay.min(*by) && y <= ay.max(*by);
        if cross == 0.0 && beside {
            return true;
        }
        if (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax {
            inside = !inside;
        }
    }
    inside
}

fn read(text: &str) -> Result<SpatialBound, ExprError> {
    let json: Json = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
    SpatialBound::from_json(&json).map_err(|why| ExprError::argument(WITHIN, why))
}

fn bound_argument(args: &[Expr]) -> Result<Prepared, ExprError> {
    match args.get(1).and_then(Expr::as_literal) {
        Some(Value::String(text)) => Ok(Prepared::Spatial(Arc::new(read(text)?))),
        _ => Err(ExprError::argument(WITHIN, "the bound must be a constant JSON text")),
    }
}

/// Null, and what is no place, lies nowhere.
fn within(prepared: &Prepared, args: &[Value]) -> Result<Value, ExprError> {
    let (Prepared::Spatial(bound), Some(text)) = (prepared, args[0].as_string()) else {
        return Ok(Value::from_bool(false));
    };
    let place: Option<Vec<f32>> = text.split(',').map(|part| part.trim().parse().ok()).collect();
    Ok(Value::from_bool(place.is_some_and(|place| bound.contains(&place))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds() {
        let bound = |json: Json| SpatialBound::from_json(&json).unwrap();
        let square = bound(json!({"type":"polygon","abscissa":[-1,6,6,-1],"ordinate":[-1,-1,6,6]}));
        assert!(
            square.contains(&[0.0, 0.0]) && square.contains(&[6.0, 3.0]) && !square.contains(&[7.0, 3.0])
        );
        let box_ = bound(json!({"type":"rectangular","minCoords":[0,0],"maxCoords":[5,5]}));
        assert!(box_.contains(&[5.0, 0.0]) && !box_.contains(&[5.1, 0.0]) && !box_.contains(&[1.0]));
        let near =
            |unit: &str| bound(json!({"type":"radius","coords":[59.0,10.0],"radius":120,"radiusUnit":unit}));
        assert!(near("kilometers").contains(&[59.91, 10.75]) && !near("meters").contains(&[59.91, 10.75]));
        assert!(SpatialBound::from_json(&json!({"type":"polygon","abscissa":[1],"ordinate":[1]})).is_err());
    }
}
