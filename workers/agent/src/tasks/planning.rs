//! stub
use crate::{store::Draft, Config, Error, Store};
/// stub
pub fn draft(_: &Config, _: &curex_risk::Model, _: &curex_risk::Assessment) -> Result<Option<Draft>, Error> { Ok(None) }
/// stub
pub fn show(_: &Store) -> Result<String, Error> { Ok(String::new()) }
