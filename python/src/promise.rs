//! Answers that Python waits for or awaits.
//!
//! The work is done by threads of Rust. One that meets an interpreter which is being taken down crashes the program;
//! therefore whoever leaves waits until every answer that is open was handed over ([`settle_all`], at exit).

use crate::convert::{object, raised};
use curex_client::Error;
use pyo3::{
	prelude::*,
	types::{PyCFunction, PyDict, PyTuple},
};
use std::{
	future::Future,
	io,
	sync::{
		atomic::{AtomicUsize, Ordering},
		OnceLock,
	},
	time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// How often a wait looks whether the program was interrupted.
const GLANCE: Duration = Duration::from_millis(100);

/// For how long whoever leaves waits at most.
const LEAVE: Duration = Duration::from_secs(5);

/// Awaited answers that are not handed over yet.
static OPEN: AtomicUsize = AtomicUsize::new(0);

/// Counts as an open answer while it lives.
struct Open;

impl Open {
	fn new() -> Self {
		OPEN.fetch_add(1, Ordering::SeqCst);
		Self
	}
}

impl Drop for Open {
	fn drop(&mut self) {
		OPEN.fetch_sub(1, Ordering::SeqCst);
	}
}

/// The threads that work for all clients.
fn runtime() -> PyResult<&'static Runtime> {
	static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
	match RUNTIME.get_or_init(Runtime::new) {
		Ok(runtime) => Ok(runtime),
		Err(error) => Err(raised(Error::Protocol(format!("no threads can be started: {error}")))),
	}
}

/// Waits for an answer, without holding the interpreter; ends when the program is interrupted.
pub fn wait<'py, T>(
	py: Python<'py>,
	work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
	T: for<'a> IntoPyObject<'a> + Send + 'static,
{
	let runtime = runtime()?;
	let mut work = runtime.spawn(work);
	loop {
		let glance = async { tokio::time::timeout(GLANCE, &mut work).await };
		match py.detach(|| runtime.block_on(glance)) {
			Ok(Ok(answer)) => return object(py, answer.map_err(raised)?),
			Ok(Err(end)) => return Err(raised(Error::Protocol(end.to_string()))),
			Err(_) => {
				if let Err(interrupt) = py.check_signals() {
					work.abort();
					return Err(interrupt);
				}
			},
		}
	}
}

/// Gives an awaitable of an answer, in the event loop that runs. If it is cancelled, so is the work.
pub fn promise<'py, T>(
	py: Python<'py>,
	work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
	T: for<'a> IntoPyObject<'a> + Send + 'static,
{
	let event_loop = py.import("asyncio")?.call_method0("get_running_loop")?;
	let future = event_loop.call_method0("create_future")?;
	let (kept_loop, kept) = (event_loop.unbind(), future.clone().unbind());
	let open = Open::new();
	let task = runtime()?.spawn(async move {
		let answer = work.await;
		Python::attach(move |py| hand_over(py, kept_loop, kept, answer));
		drop(open);
	});
	let abort = task.abort_handle();
	let ended = move |told: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| -> PyResult<()> {
		if told.get_item(0)?.call_method0("cancelled")?.is_truthy()? {
			abort.abort();
		}
		Ok(())
	};
	future
		.call_method1("add_done_callback", (PyCFunction::new_closure(py, None, None, ended)?,))?;
	Ok(future)
}

/// Has the event loop settle a future.
fn hand_over<T>(py: Python<'_>, event_loop: Py<PyAny>, future: Py<PyAny>, answer: Result<T, Error>)
where
	T: for<'a> IntoPyObject<'a>,
{
	let answer = answer.map_err(raised).and_then(|answer| object(py, answer));
	let (value, failed) = match answer {
		Ok(value) => (value, false),
		Err(error) => (error.into_value(py).into_bound(py).into_any(), true),
	};
	let _ = wrap_pyfunction!(settle, py).and_then(|settle| {
		// A loop that was closed meanwhile takes nothing any more, and nobody waits.
		event_loop.bind(py).call_method1("call_soon_threadsafe", (settle, future, value, failed))
	});
}

/// Settles a future that nobody has cancelled.
#[pyfunction]
fn settle(future: &Bound<'_, PyAny>, value: Bound<'_, PyAny>, failed: bool) -> PyResult<()> {
	if !future.call_method0("done")?.is_truthy()? {
		future.call_method1(if failed { "set_exception" } else { "set_result" }, (value,))?;
	}
	Ok(())
}

/// Waits, at exit, until no answer is open.
#[pyfunction]
fn settle_all(py: Python<'_>) {
	py.detach(|| {
		let last = Instant::now() + LEAVE;
		while OPEN.load(Ordering::SeqCst) > 0 && Instant::now() < last {
			std::thread::sleep(Duration::from_millis(1));
		}
	});
}

/// Has the interpreter call [`settle_all`] before it is taken down.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
	let settle_all = wrap_pyfunction!(settle_all, module)?;
	module.py().import("atexit")?.call_method1("register", (settle_all,)).map(drop)
}
