//! The client of the node's socket against a fake server.

mod fake;

use std::{
	io::{BufRead, BufReader, Write},
	os::unix::net::UnixListener,
	path::PathBuf,
};

use curex_agent::{
	mailbox::{Mailbox, Socket},
	Error,
};
use curex_primitives::{orders::RejectionReason, ReportKind, Submission, Task};
use fake::{Fault, Node};

fn served() -> (tempfile::TempDir, PathBuf, Node) {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("mailbox.sock");
	let node = Node::new();
	node.serve(&path);
	(folder, path, node)
}

/// A server that answers every line with the same.
fn answering(line: &'static str) -> (tempfile::TempDir, Socket) {
	let folder = tempfile::tempdir().unwrap();
	let path = folder.path().join("mailbox.sock");
	let listener = UnixListener::bind(&path).unwrap();
	std::thread::spawn(move || {
		for stream in listener.incoming().flatten() {
			let mut out = stream.try_clone().unwrap();
			for _ in BufReader::new(stream).lines() {
				writeln!(out, "{line}").unwrap();
			}
		}
	});
	(folder, Socket::new(&path))
}

#[test]
fn orders_reports_and_confirmations_travel() {
	let (_folder, path, node) = served();
	let mut socket = Socket::new(&path);
	node.order(Task::Discover);
	let orders = socket.orders().unwrap();
	assert_eq!(orders.orders, node.state().issued);
	let report = fake::draft(ReportKind::Alert, 5).report;
	let submissions = [Submission { number: 1, report }];
	assert_eq!(socket.submit(&submissions).unwrap().accepted, 1);
	node.produce(1);
	node.finalise();
	let confirmed = socket.confirmed().unwrap().confirmed;
	assert!(confirmed.0.contains(&(ReportKind::Alert, 1)));
	assert!(confirmed.0.contains(&(ReportKind::Plan, 0)));
	node.reject(ReportKind::Plan, 7, RejectionReason::Refused { pallet: 1, error: [1, 0, 0, 0] });
	assert_eq!(socket.confirmed().unwrap().rejected, node.state().rejected);
	socket.discard(&[(ReportKind::Plan, 7)]).unwrap();
	assert!(node.state().rejected.is_empty());
	let refused = socket.submit(&submissions).unwrap().refused;
	assert_eq!((refused[0].reason.as_str(), refused[0].is_final()), ("recorded", false));
}

#[test]
fn a_broken_connection_is_made_again() {
	let (_folder, path, node) = served();
	let mut socket = Socket::new(&path);
	socket.orders().unwrap();
	node.state().fault = Some(Fault::Before);
	socket.orders().unwrap();
}

#[test]
fn a_node_that_is_not_there_is_an_error_that_names_the_socket() {
	let mut socket = Socket::new("/nonexistent/mailbox.sock".as_ref());
	let error = socket.orders().unwrap_err().to_string();
	assert!(error.contains("/nonexistent/mailbox.sock"), "{error}");
}

#[test]
fn the_nodes_own_error_is_passed_on() {
	let (_folder, mut socket) = answering(r#"{"error":{"code":"busy","message":"8 connections"}}"#);
	let error = socket.confirmed().unwrap_err();
	assert!(matches!(&error, Error::Refused { code, .. } if code == "busy"), "{error}");
}

#[test]
fn an_answer_that_is_none_is_an_error() {
	for line in
		["nonsense", "[]", "{}", r#"{"confirmed":{"plan":-1}}"#, r#"{"confirmed":{"plan":"1"}}"#]
	{
		let (_folder, mut socket) = answering(line);
		assert!(matches!(socket.confirmed(), Err(Error::Answer { .. })), "{line}");
	}
}

#[test]
fn one_garbled_order_does_not_hide_the_others() {
	let node = Node::new();
	node.order(Task::Watch);
	let good = fake::wire(&node.state().issued[0]);
	let line = serde_json::json!({
		"orders": [{"order": 1}, good, {"order": good["order"], "signer": "0x00", "signature": "0x"}],
		"best": 1, "finalised": 1, "organisation": null,
	});
	let (_folder, mut socket) = answering(Box::leak(line.to_string().into_boxed_str()));
	assert_eq!(socket.orders().unwrap().orders, node.state().issued);
}
