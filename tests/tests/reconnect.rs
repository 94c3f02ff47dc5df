//! The engine has no floats: the delays between tries to connect again are a table. Here is the formula.
#![allow(clippy::unwrap_used, clippy::float_arithmetic, clippy::cast_precision_loss)]

use std::f64::consts::PI;

use callfold::cti::reconnect_after;

#[test]
fn tries_to_connect_again_come_by_the_formula_of_the_model() {
    for tries in 0..200_u8 {
        let degrees = 5.0 * f64::from(tries);
        let secs = (5.0 + 2.0 * (degrees * PI / 180.0).atan() * 180.0 / PI).round();
        assert_eq!(reconnect_after(tries).unwrap().as_secs() as f64, secs, "try {tries}");
    }
    assert_eq!(reconnect_after(200), None, "at most 200 tries");
}
