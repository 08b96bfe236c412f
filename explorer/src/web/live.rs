//! Tells pages that stand open that a block was indexed. They say so and offer to show it; nothing moves by itself, and
//! without scripts nothing is missing.

use super::{App, PageError};
use crate::Error;
use axum::{
	extract::State,
	http::header,
	response::{
		sse::{Event, KeepAlive, Sse},
		IntoResponse, Response,
	},
};
use std::{convert::Infallible, sync::Arc, time::Duration};

/// How often it is looked whether a block was indexed.
const POLL: Duration = Duration::from_millis(500);

pub(super) async fn stream(State(app): State<Arc<App>>) -> Result<Response, PageError> {
	let place = app.watchers.clone().try_acquire_owned().map_err(|_| Error::TooMany)?;
	let blocks = futures::stream::unfold((app, None, place), |(app, told, place)| async move {
		loop {
			let indexed = app.status.read().ok().and_then(|status| status.indexed);
			match indexed.filter(|_| indexed != told) {
				Some(number) => {
					let event = Event::default().event("block").data(number.to_string());
					return Some((Ok::<_, Infallible>(event), (app, indexed, place)));
				},
				None => tokio::time::sleep(POLL).await,
			}
		}
	});
	Ok(Sse::new(blocks).keep_alive(KeepAlive::default()).into_response())
}

pub(super) async fn script() -> Response {
	let headers = [
		(header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
		(header::CACHE_CONTROL, "max-age=3600"),
	];
	(headers, include_str!("live.js")).into_response()
}
