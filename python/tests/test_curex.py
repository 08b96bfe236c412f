"""What the package does without a node. The examples are run against one by scripts/test.sh."""

import asyncio
import inspect
import json
import pathlib
import re
import tempfile
import threading
import unittest

import curex
from curex import Account, AsyncClient, Client, CurexError, EncryptionKey, IdempotencyKey

ROOT = pathlib.Path(__file__).parent.parent
# Nobody listens on this port: it is not one that a program may be given.
NOBODY = "ws://127.0.0.1:1"
# An account that polkadot-js wrote: Substrate's development phrase, ed25519, password "swordfish".
DEVELOPER = {
    "encoded": "7vYssz1Z8KkfuetapWaqWYjPqjh8nnlZaBMr/xiCGfkAAAIAAQAAAAgAAADF5zn5G7v+P+GbU834l2otUNACxXsQZcQEfS8+GdPxT3T"
    "/HZdc/aoMAuVilYHSh7yXWDF7SbmrwnKF+CV8bVj/f2K1hO1vfDsJMlK1qUuBAsnF5j0v21jPjkQ1w1Z8a4RMFeQGTr8E7lmKnM6EtX65WNl11"
    "Tib2iXYKUw1AzKc/9OU/VhXv/+RjnOO+ggp5vjjtlk4cCg3+NqbmrrC",
    "encoding": {
        "content": ["pkcs8", "ed25519"],
        "type": ["scrypt", "xsalsa20-poly1305"],
        "version": "3",
    },
    "address": "5DFJF7tY4bpbpcKPJcBTQaKuCDEPCpiz8TRjpmLeTtweqmXL",
    "meta": {"name": "development phrase"},
}


class Keys(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "desk.json").write_text(json.dumps(DEVELOPER))

    def unlock(self, password: str) -> Account:
        (self.folder / "password").write_text(password + "\n")
        return Account.from_file(self.folder / "desk.json", self.folder / "password")

    def test_an_account_of_polkadot_js_is_unlocked(self) -> None:
        account = self.unlock("swordfish")
        self.assertEqual(
            account.public,
            "0x345071da55e5dccefaaa440339415ef9f2663338a38f7da0df21be5ab4e055ef",
        )
        self.assertNotIn("swordfish", repr(account))

    def test_a_wrong_password_is_told_with_its_remedy(self) -> None:
        with self.assertRaises(CurexError) as raised:
            self.unlock("catfish")
        self.assertEqual(raised.exception.code, "key")
        self.assertFalse(raised.exception.retryable)
        self.assertIn("password", raised.exception.remedy)
        self.assertNotIn("catfish", str(raised.exception))

    def test_a_missing_file_is_told(self) -> None:
        with self.assertRaises(CurexError) as raised:
            EncryptionKey.from_file(self.folder / "none.json", self.folder / "none")
        self.assertEqual(raised.exception.code, "file")
        outcome = raised.exception.outcome
        self.assertEqual(outcome["resourceType"], "OperationOutcome")
        (issue,) = outcome["issue"]
        self.assertEqual((issue["severity"], issue["code"]), ("error", "no-store"))
        self.assertEqual(issue["details"]["coding"][0]["code"], "file")
        self.assertNotIn("none.json", json.dumps(outcome))

    def test_a_uri_with_the_pin_is_refused(self) -> None:
        with self.assertRaises(CurexError) as raised:
            Account.from_token("pkcs11:object=a?pin-value=271828")
        self.assertEqual(raised.exception.code, "input")
        self.assertNotIn("271828", str(raised.exception))

    def test_generated_keys_differ(self) -> None:
        self.assertNotEqual(EncryptionKey.generate().public, EncryptionKey.generate().public)


class Clients(unittest.TestCase):
    def test_a_node_that_does_not_answer_is_worth_another_try(self) -> None:
        with self.assertRaises(CurexError) as raised:
            Client.connect(NOBODY, Account.development("//Alice"))
        self.assertEqual(raised.exception.code, "connection")
        self.assertTrue(raised.exception.retryable)

    def test_a_failure_is_raised_where_it_is_awaited(self) -> None:
        async def connect() -> None:
            awaited = AsyncClient.connect(NOBODY)
            with self.assertRaises(CurexError) as raised:
                await awaited
            self.assertEqual(raised.exception.code, "connection")

        asyncio.run(connect())

    def test_a_node_elsewhere_is_reached_encrypted_only(self) -> None:
        with self.assertRaises(CurexError) as raised:
            Client.connect("ws://192.0.2.1:9944")
        self.assertEqual(raised.exception.code, "input")

    def test_arguments_that_make_no_sense_are_refused(self) -> None:
        for options in ({"genesis": "0x12"}, {"patience": -1.0}, {"trust_root": {"genesis": 1}}):
            with self.subTest(options), self.assertRaises(CurexError) as raised:
                Client.connect(NOBODY, **options)
            self.assertEqual(raised.exception.code, "input")

    def test_what_was_given_is_not_quoted(self) -> None:
        for given in ({"family": "Papadopoulou"}, '{"Papadopoulou": 1}', "Papadopoulou"):
            with self.subTest(given), self.assertRaises(CurexError) as raised:
                Client.connect(NOBODY, trust_root=given)
            self.assertNotIn("Papadopoulou", f"{raised.exception} {raised.exception.outcome}")

    def test_other_threads_go_on_while_a_client_waits(self) -> None:
        """A listener that never answers keeps the client waiting; the interpreter is free all the same."""
        import socket

        listener = socket.create_server(("127.0.0.1", 0))
        waiting = threading.Thread(
            target=lambda: self.assertRaises(
                CurexError, Client.connect, f"ws://127.0.0.1:{listener.getsockname()[1]}"
            )
        )
        waiting.start()
        connection, _ = listener.accept()
        # Reached only while the other thread waits without the interpreter.
        self.assertTrue(waiting.is_alive())
        connection.close()
        listener.close()
        waiting.join()


class IdempotencyKeys(unittest.TestCase):
    def key(self, name: str) -> IdempotencyKey:
        return IdempotencyKey(name, EncryptionKey.generate(), pathlib.Path("."))

    def test_a_name_has_something_in_it_and_is_not_endless(self) -> None:
        self.assertEqual(self.key("visit-4711").name, "visit-4711")
        for name in ("", "k" * 129):
            with self.subTest(name), self.assertRaises(CurexError) as raised:
                self.key(name)
            self.assertEqual(raised.exception.code, "input")

    def test_whatever_begins_something_takes_one(self) -> None:
        for client in (Client, AsyncClient):
            for name in ("request", "break_glass", "file_consent"):
                with self.subTest(f"{client.__name__}.{name}"):
                    parameters = inspect.signature(getattr(client, name)).parameters
                    self.assertEqual(
                        parameters["idempotency_key"].kind, inspect.Parameter.KEYWORD_ONLY
                    )


class Interface(unittest.TestCase):
    def test_the_stubs_name_what_there_is(self) -> None:
        stubs = (ROOT / "curex" / "_native.pyi").read_text()
        sections = re.split(r"^class (\w+)", stubs, flags=re.MULTILINE)[1:]
        named = dict(zip(sections[::2], sections[1::2]))
        self.assertEqual(sorted(named), sorted(curex.__all__))
        for name, section in named.items():
            if name == "CurexError":
                continue
            there = {member for member in vars(getattr(curex, name)) if not member.startswith("_")}
            named_here = set(re.findall(r"def ([a-z]\w*)", section))
            self.assertEqual(named_here, there, name)

    def test_both_clients_have_the_same_methods(self) -> None:
        for name, method in inspect.getmembers(Client, callable):
            if not name.startswith("_"):
                twin = getattr(AsyncClient, name)
                self.assertEqual(inspect.signature(method), inspect.signature(twin), name)

    def test_the_readme_example_is_the_one_that_is_run(self) -> None:
        text = (ROOT / "README.md").read_text()
        (readme,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
        example = (ROOT / "examples" / "ask.py").read_text()
        code = example.split('"""\n\n', 1)[1].replace("import os\n", "")
        self.assertEqual(
            code.replace('os.environ["CUREX_NODE"]', '"wss://gateway.hospital.example"'), readme
        )


if __name__ == "__main__":
    unittest.main()
