//! What errors say, in German. Their own words are English, for programs read them as well; a place in braces holds what differs from
//! one to the next.

/// English and German.
#[rustfmt::skip]
pub(super) const ERRORS: &[(&str, &str)] = &[
	// Questions that cannot be understood.
	("there is no parameter {name}", "Einen Parameter {name} gibt es nicht"),
	("the parameter {name} is given twice", "Der Parameter {name} steht zweimal da"),
	("a parameter has at most {count} characters", "Ein Parameter hat höchstens {count} Zeichen"),
	("{name}: expected a number", "{name}: Hier steht eine Zahl"),
	("{name}: expected a handle of 64 hexadecimal digits", "{name}: Hier steht eine Kennung aus 64 hexadezimalen Ziffern"),
	("{name}: expected a moment with its zone, such as {example}", "{name}: Hier steht ein Zeitpunkt mit seiner Zeitzone, etwa {example}"),
	("{name}: expected a word such as {example}", "{name}: Hier steht ein Wort wie {example}"),
	("limit: expected 1 to {most}", "limit: Hier steht eine Zahl von 1 bis {most}"),
	("category: expected one of {words}", "category: Hier steht eines dieser Wörter: {words}"),
	("partner: give the organisation as well", "partner: Geben Sie auch die Organisation an"),
	("from: lies after to", "from: liegt nach to"),
	("since: lies after until", "since: liegt nach until"),
	("since: a period has at most {count} weeks", "since: Ein Zeitraum hat höchstens {count} Wochen"),
	("at: block {number} is not indexed", "at: Block {number} ist nicht im Index"),
	("at: expected change, now, the number of a block, or a moment", "at: Hier steht change, now, die Nummer eines Blocks oder ein Zeitpunkt"),
	("a record is asked for with at alone: the number of a block, or a moment", "Zu einem Eintrag kann nur at angegeben werden: die Nummer eines Blocks oder ein Zeitpunkt"),
	("a transaction is named by block and position, such as {example}", "Eine Transaktion bezeichnen Block und Stelle, etwa {example}"),
	("account: expected a public key of 64 hexadecimal digits", "Konto: Hier steht ein öffentlicher Schlüssel aus 64 hexadezimalen Ziffern"),
	("signature: expected 128 hexadecimal digits", "Unterschrift: Hier stehen 128 hexadezimale Ziffern"),
	("the signature is not this account's over this text", "Die Unterschrift ist nicht die dieses Kontos unter diesen Text"),
	("the signature is not this account's over this", "Die Unterschrift ist nicht die dieses Kontos unter dies hier"),
	("too many proofs are under way; try again in a minute", "Zurzeit entstehen zu viele Beweise; versuchen Sie es in einer Minute wieder"),
	// What is not there.
	("there is no such exchange", "Einen solchen Austausch gibt es nicht"),
	("there is no such transaction", "Eine solche Transaktion gibt es nicht"),
	("there is no such final block", "Einen solchen endgültigen Block gibt es nicht"),
	("there is no such {kind}", "Dies gibt es hier nicht: {kind}"),
	("no block is indexed yet", "Noch ist kein Block im Index"),
	("no block was made by then", "Bis dahin war kein Block entstanden"),
	("the ledger's state did not hold it after block {number}", "Nach Block {number} stand es nicht im Zustand des Registers"),
	(
		"the ledger's state no longer holds it since block {block}; prove it as of its last change",
		"Seit Block {block} steht es nicht mehr im Zustand des Registers; beweisen Sie es zum Stand seiner letzten Änderung",
	),
	(
		"what this transaction was about was pruned from the ledger, and its content left this index; there is nothing here to compare with a proof",
		"Wovon diese Transaktion handelte, ist im Register gelöscht, und ihr Inhalt steht nicht mehr im Index; hier ist nichts mit einem Beweis zu vergleichen",
	),
	(
		"exports end in .csv, .ndjson or .pdf, those of exchanges also in .fhir.ndjson",
		"Ausgaben enden auf .csv, .ndjson oder .pdf, die von Austauschen auch auf .fhir.ndjson",
	),
	("this explorer has no verifier for browsers", "Dieser Explorer hat keinen Prüfer für Browser"),
	("this explorer is open: nobody signs in", "Dieser Explorer ist offen: Niemand meldet sich an"),
	("this explorer is open: nothing is written down", "Dieser Explorer ist offen: Nichts wird aufgeschrieben"),
	("no node is named", "Es ist kein Knoten angegeben"),
	// Who is not let in.
	("the challenge has ended or was used; ask for a new one", "Die Aufgabe ist abgelaufen oder verbraucht; holen Sie eine neue"),
	("this link was used or has ended; sign in again", "Dieser Verweis ist verbraucht oder abgelaufen; melden Sie sich neu an"),
	("this account acts for no member", "Dieses Konto handelt für kein Mitglied"),
	("the account's organisation is not active", "Die Organisation dieses Kontos ist nicht aktiv"),
	("an authority's account needs the duty of oversight", "Das Konto einer Behörde braucht die Pflicht zur Aufsicht"),
	(
		"the account needs the duty of oversight or of security decisions",
		"Das Konto braucht die Pflicht zur Aufsicht oder zu Sicherheitsentscheidungen",
	),
	(
		"the bundle of this transaction holds events of its block that are not for you; take the bundle of the record that it changed",
		"Das Beweispaket dieser Transaktion enthält Ereignisse ihres Blocks, die nicht für Sie bestimmt sind; nehmen Sie das des Eintrags, den sie änderte",
	),
	// What is not proven.
	("not proven: the bundle does not hold this record", "Nicht bewiesen: Das Beweispaket enthält diesen Eintrag nicht"),
	("not proven: the bundle does not hold the {what}", "Nicht bewiesen: Im Beweispaket fehlt: {what}"),
	("not proven: the index has no metadata of runtime {version}", "Nicht bewiesen: Der Index hat keine Metadaten der Laufzeitumgebung {version}"),
	("not proven: the index shows {record} otherwise than the ledger", "Nicht bewiesen: Der Index zeigt {record} anders als das Register"),
	("not proven: {why}", "Nicht bewiesen: {why}"),
	// What nodes say.
	("the node does not answer: {why}", "Der Knoten antwortet nicht: {why}"),
	("the node is of chain {found}, not {expected}", "Der Knoten gehört zur Kette {found}, nicht zu {expected}"),
	("the node no longer keeps the state of that block", "Der Knoten hat den Zustand dieses Blocks nicht mehr"),
	("the node did not admit the transaction: {why}", "Der Knoten nahm die Transaktion nicht an: {why}"),
	("the ledger rejected it: {why}", "Das Register wies es zurück: {why}"),
	("the node's answer cannot be used: {why}", "Die Antwort des Knotens ist nicht zu gebrauchen: {why}"),
	("no answer within {seconds} s while waiting for {what}", "Keine Antwort binnen {seconds} s; gewartet wurde auf: {what}"),
	("the transaction left the chain before it was final", "Die Transaktion verließ die Kette, bevor sie endgültig war"),
	(
		"the node runs runtime {found}, this library was built for {expected}",
		"Der Knoten hat die Laufzeitumgebung {found}; dieses Programm ist für {expected} gebaut",
	),
	("the ledger has no {what}", "Im Register steht nicht: {what}"),
];
