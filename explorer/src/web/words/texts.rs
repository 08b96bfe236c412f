//! English, and the same in German. First what the pages say, then the vocabulary of the ledger: states, purposes, names of
//! fields and events. A place in braces stands in both.

/// English and German.
#[rustfmt::skip]
pub(super) const TEXTS: &[(&str, &str)] = &[
	("none", "keine"),
	("The network", "Das Netzwerk"),
	("Network", "Netzwerk"),
	(
		"How blocks come, which runtime makes them, and what the council and the validators decided.",
		"Wie Blöcke entstehen, welche Laufzeitumgebung sie erzeugt und was Rat und Validierende \
		 entschieden haben.",
	),
	("How blocks come", "Wie Blöcke entstehen"),
	("Runtimes", "Laufzeitumgebungen"),
	("Decisions and changes", "Entscheidungen und Änderungen"),
	(
		"Motions and votes of the council, members and seats, the law, sets of authorities, offences: the newest {count}.",
		"Anträge und Stimmen des Rates, Mitglieder und Sitze, das Recht, Gruppen der Validierenden, Verstöße: die \
		 neuesten {count}.",
	),
	("Of the last {count} final blocks.", "Über die letzten {count} endgültigen Blöcke."),
	(
		"Half of them came at most {seconds} after the one before.",
		"Die Hälfte kam höchstens {seconds} nach dem Block davor.",
	),
	(
		"The longest pause was {seconds}, before block {block}.",
		"Die längste Pause dauerte {seconds}, vor Block {block}.",
	),
	("Table of authors", "Tabelle der erzeugenden Organisationen"),
	("Table of runtimes", "Tabelle der Laufzeitumgebungen"),
	("Version", "Version"),
	("transaction {id}", "Transaktion {id}"),
	(
		"The file opens no commitment, or is larger than 16 MiB.",
		"Die Datei öffnet keinen Festlegungswert oder ist größer als 16 MiB.",
	),
	("By a file", "Mit einer Datei"),
	(
		"A file that opens a commitment, such as what `curex` kept of an inquiry or a review:",
		"Eine Datei, die einen Festlegungswert öffnet, etwa was `curex` zu einer Anfrage oder Prüfung aufbewahrt hat:",
	),
	(
		"Choose it, or drop it on the field. It is read in your browser and goes nowhere; the search is told its \
		 commitment alone.",
		"Wählen Sie die Datei, oder ziehen Sie sie auf das Feld. Sie wird in Ihrem Browser gelesen und geht nirgendwohin; \
		 die Suche erfährt nur ihren Festlegungswert.",
	),
	("yes", "ja"),
	("no", "nein"),
	("nothing", "nichts"),
	("block {number}", "Block {number}"),
	("organisation {number}", "Organisation {number}"),
	("no time", "keine Zeitangabe"),
	("Dossier of exchange {id}", "Dossier zum Austausch {id}"),
	("Exchanges", "Austausche"),
	("Dossier", "Dossier"),
	(
		"The exchange and everything that belongs to it: {count} records. This page prints as \
		 it stands.",
		"Der Austausch und alles, was dazugehört: {count} Einträge. Die Seite lässt sich \
		 drucken, wie sie ist.",
	),
	("Dossier with evidence", "Dossier mit Nachweisen"),
	(
		"One file with a bundle of evidence for every record; making it takes a moment.",
		"Eine Datei mit einem Nachweis für jeden Eintrag; das Erstellen dauert einen \
		 Augenblick.",
	),
	("Timeline", "Verlauf"),
	("For print", "Zum Drucken"),
	("Question", "Abfrage"),
	("Records", "Einträge"),
	("Ledger up to block", "Register bis Block"),
	("Made by", "Erstellt von"),
	(
		"The digest is that of the NDJSON export of these records, after its first line.",
		"Die Prüfsumme ist die des NDJSON-Exports dieser Einträge, nach dessen erster Zeile.",
	),
	(
		"The records are shown as they stood at the time that was asked for.",
		"Die Einträge sind so gezeigt, wie sie zum gefragten Zeitpunkt standen.",
	),
	("First seen in block", "Zuerst in Block"),
	("Changed in block", "Geändert in Block"),
	(
		"There are more records than these: narrow the question down.",
		"Es gibt mehr Einträge als diese: Grenzen Sie die Abfrage ein.",
	),
	(
		"Block {block} was indexed after this page was made.",
		"Block {block} kam hinzu, nachdem diese Seite erstellt wurde.",
	),
	("Show it", "Anzeigen"),
	("Indexed up to block {block}, {moment}, hash {hash}.", "Erfasst bis Block {block}, {moment}, Hash {hash}."),
	("No block is indexed yet.", "Noch ist kein Block erfasst."),
	("The node says that block {block} is final.", "Der Knoten meldet Block {block} als endgültig."),
	(
		"No node is followed at present: newer blocks are not shown.",
		"Zurzeit antwortet kein Knoten: Neuere Blöcke werden nicht gezeigt.",
	),
	("{title} · CUREX explorer", "{title} · CUREX-Explorer"),
	("Skip to content", "Zum Inhalt springen"),
	("explorer", "Explorer"),
	("Search", "Suchen"),
	("Block, hash, account, organisation, handle", "Block, Hash, Konto, Organisation, Kennung"),
	("Sign out", "Abmelden"),
	("Main", "Hauptmenü"),
	("Registers", "Verzeichnisse"),
	("What we asked", "Unsere Abfragen"),
	("State of this explorer", "Stand dieses Explorers"),
	(
		"What a page shows comes from this explorer's own index. Every record has a page that \
		 proves it; {about}.",
		"Was eine Seite zeigt, stammt aus dem eigenen Index dieses Explorers. Zu jedem Eintrag \
		 gibt es eine Seite, die ihn beweist; {about}.",
	),
	("what a proof shows and what not", "was ein Beweis zeigt und was nicht"),
	("Language", "Sprache"),
	("This question cannot be answered", "Diese Abfrage ist nicht möglich"),
	("Change the question and ask again.", "Ändern Sie die Abfrage und versuchen Sie es erneut."),
	("Nothing is here", "Hier ist nichts"),
	("Search for it by number, hash, handle or name.", "Suchen Sie nach Nummer, Hash, Kennung oder Name."),
	("This is not open to you", "Das ist für Sie nicht freigegeben"),
	("Sign in with an account that may see it.", "Melden Sie sich mit einem Konto an, das dies sehen darf."),
	("Too many questions", "Zu viele Abfragen"),
	(
		"Wait a minute; programs ask the JSON interface for pages.",
		"Warten Sie eine Minute; Programme fragen die JSON-Schnittstelle seitenweise ab.",
	),
	("Not proven", "Nicht bewiesen"),
	(
		"Do not rely on what this explorer shows of it. Keep this page and tell the operator.",
		"Verlassen Sie sich nicht auf das, was dieser Explorer dazu zeigt. Bewahren Sie diese \
		 Seite auf und verständigen Sie den Betreiber.",
	),
	("The node does not help", "Der Knoten hilft nicht weiter"),
	(
		"Proofs need a node that keeps old states (an archive node). Try again in a minute.",
		"Beweise brauchen einen Knoten, der alte Zustände aufbewahrt (Archivknoten). Versuchen \
		 Sie es in einer Minute erneut.",
	),
	("The explorer has a fault", "Der Explorer hat eine Störung"),
	(
		"Tell the operator; the log of the explorer says more.",
		"Verständigen Sie den Betreiber; das Protokoll des Explorers sagt mehr.",
	),
	("Sign in", "Anmelden"),
	("Status {code}", "Status {code}"),
	("Breadcrumb", "Weg zu dieser Seite"),
	("The ledger at a glance", "Das Register im Überblick"),
	(
		"Who exchanged what under which basis, and how members look after their security. \
		 Every figure leads to its records, every record to its proof.",
		"Wer was auf welcher Grundlage ausgetauscht hat und wie die Mitglieder für ihre \
		 Sicherheit sorgen. Jede Zahl führt zu ihren Einträgen, jeder Eintrag zu seinem \
		 Beweis.",
	),
	("State of the ledger", "Stand des Registers"),
	("up to date", "aktuell"),
	("every final block is indexed", "jeder endgültige Block ist erfasst"),
	("catching up", "holt auf"),
	("{behind} final blocks are not indexed yet", "{behind} endgültige Blöcke sind noch nicht erfasst"),
	("{rate} blocks a second", "{rate} Blöcke je Sekunde"),
	("no node", "kein Knoten"),
	("no node answers", "kein Knoten antwortet"),
	("complete", "vollständig"),
	(
		"index and ledger hold the same {records} records as of block {block}",
		"Index und Register enthalten dieselben {records} Einträge, Stand Block {block}",
	),
	("incomplete", "unvollständig"),
	(
		"the index lacks {records} records of the ledger as of block {block}",
		"dem Index fehlen {records} Einträge des Registers, Stand Block {block}",
	),
	("not compared yet", "noch nicht verglichen"),
	("index and ledger", "Index und Register"),
	("How exchanges stand", "Wie die Austausche stehen"),
	("Risk levels of the sector", "Risikostufen der Branche"),
	("Latest exchanges", "Neueste Austausche"),
	("Ready questions", "Fertige Abfragen"),
	("Overview", "Überblick"),
	("None yet.", "Noch keine."),
	("State", "Stand"),
	("Count", "Anzahl"),
	("all", "alle"),
	("No organisation was assessed yet.", "Noch wurde keine Organisation bewertet."),
	(
		"Organisations by their newest assessment; {count} have one.",
		"Organisationen nach ihrer neuesten Bewertung; {count} haben eine.",
	),
	("All assessments", "Alle Bewertungen"),
	("Table of risk levels", "Tabelle der Risikostufen"),
	("Risk", "Risiko"),
	("Blocks", "Blöcke"),
	("Final blocks, newest first.", "Endgültige Blöcke, die neuesten zuerst."),
	("Table of blocks", "Tabelle der Blöcke"),
	("Block", "Block"),
	("Time", "Zeit"),
	("Author", "Ersteller"),
	("Transactions", "Transaktionen"),
	("Events", "Ereignisse"),
	("Hash", "Hash"),
	("Pages", "Seiten"),
	("Older blocks", "Ältere Blöcke"),
	("Block {number}", "Block {number}"),
	("Parent", "Vorgänger"),
	("Runtime", "Laufzeitumgebung"),
	("version {version}", "Version {version}"),
	(
		"{count} transactions of others are not shown to you.",
		"{count} Transaktionen anderer werden Ihnen nicht gezeigt.",
	),
	("None.", "Keine."),
	("Table of transactions", "Tabelle der Transaktionen"),
	("Transaction", "Transaktion"),
	("Call", "Aufruf"),
	("Signed by", "Unterzeichnet von"),
	("Result", "Ergebnis"),
	("What the block itself did", "Was der Block selbst bewirkte"),
	("Block before", "Voriger Block"),
	("Block after", "Nächster Block"),
	("nobody", "niemand"),
	("success", "erfolgreich"),
	("failed", "gescheitert"),
	("Nothing.", "Nichts."),
	(
		"Proves this transaction, its result and its events against a block that the \
		 validators finalised.",
		"Beweist diese Transaktion, ihr Ergebnis und ihre Ereignisse anhand eines Blocks, den \
		 die Validatoren für endgültig erklärt haben.",
	),
	("for {organisation}", "für {organisation}"),
	("The call", "Der Aufruf"),
	("What it caused", "Was er bewirkte"),
	("Verify", "Prüfen"),
	("Evidence bundle", "Nachweisdatei"),
	(
		"Number or hash of a block, a transaction, an account, number or name of an \
		 organisation, handle of a consent, exchange or permit, or a commitment.",
		"Nummer oder Hash eines Blocks, eine Transaktion, ein Konto, Nummer oder Name einer \
		 Organisation, Kennung einer Einwilligung, eines Austauschs oder einer Genehmigung \
		 oder ein Festlegungswert.",
	),
	("For {text}:", "Zu {text}:"),
	(
		"Nothing final has this. What is not final yet is not indexed.",
		"Nichts Endgültiges enthält dies. Was noch nicht endgültig ist, ist nicht erfasst.",
	),
	("trust root", "Vertrauensanker"),
	("What a proof shows", "Was ein Beweis zeigt"),
	(
		"You need not trust this explorer, nor the node it asks. Every record leads to an \
		 evidence bundle: one file that anybody can check alone, offline and years later.",
		"Sie müssen weder diesem Explorer vertrauen noch dem Knoten, den er fragt. Jeder \
		 Eintrag führt zu einer Nachweisdatei, die jeder allein, ohne Netz und noch nach \
		 Jahren prüfen kann.",
	),
	("What a bundle proves", "Was eine Nachweisdatei beweist"),
	("The authorities.", "Die Validatoren."),
	(
		"From the authorities of the first block, every change of the set of validators is \
		 shown with the signatures of the set before it.",
		"Von den Validatoren des ersten Blocks an ist jeder Wechsel durch die Unterschriften \
		 der vorigen Validatoren belegt.",
	),
	("Finality.", "Die Endgültigkeit."),
	(
		"More than two thirds of the validators in office signed the block, or a later one \
		 that descends from it (GRANDPA).",
		"Mehr als zwei Drittel der amtierenden Validatoren haben den Block unterzeichnet oder \
		 einen späteren, der von ihm abstammt (GRANDPA).",
	),
	("The state or the transaction.", "Der Zustand oder die Transaktion."),
	(
		"Merkle proofs lead from the block's header to the record, or to the transaction and \
		 to the events that say how it ended.",
		"Merkle-Beweise führen vom Kopf des Blocks zum Eintrag oder zur Transaktion und zu den \
		 Ereignissen, die sagen, wie sie endete.",
	),
	("What it does not prove", "Was sie nicht beweist"),
	(
		"That there is nothing else: a bundle shows a record, not that no other exists. The \
		 explorer compares its index with the ledger's state and tells the result on the \
		 overview; that comparison trusts the node.",
		"Dass es nichts anderes gibt: Eine Nachweisdatei zeigt einen Eintrag, nicht dass es \
		 keinen weiteren gibt. Der Explorer vergleicht seinen Index mit dem Zustand des \
		 Registers und nennt das Ergebnis im Überblick; dieser Vergleich vertraut dem Knoten.",
	),
	(
		"That the record still stands so. A bundle speaks of one block. Ask for the proof as \
		 of the last final block to see that nothing changed since.",
		"Dass der Eintrag noch so besteht. Eine Nachweisdatei spricht von einem Block. \
		 Verlangen Sie den Beweis zum letzten endgültigen Block, um zu sehen, dass sich \
		 seither nichts geändert hat.",
	),
	(
		"What lies behind a commitment. The ledger holds no clinical data and no reports, only \
		 commitments; whoever opens one shows its content.",
		"Was hinter einem Festlegungswert steht. Das Register enthält keine Behandlungsdaten \
		 und keine Berichte, nur Festlegungswerte; wer einen öffnet, zeigt den Inhalt.",
	),
	("What members do outside the ledger.", "Was Mitglieder außerhalb des Registers tun."),
	(
		"The names of fields. They come from the runtime's metadata in the index; the bytes \
		 are proven.",
		"Die Namen der Felder. Sie stammen aus den Metadaten der Laufzeitumgebung im Index; \
		 bewiesen sind die Bytes.",
	),
	("Where trust begins", "Wo das Vertrauen beginnt"),
	(
		"The operator gave this explorer the authorities of the first block. Compare its \
		 {root} with what the consortium published.",
		"Der Betreiber hat diesem Explorer die Validatoren des ersten Blocks vorgegeben. \
		 Vergleichen Sie den {root} mit dem, was das Konsortium veröffentlicht hat.",
	),
	(
		"The authorities of the first block were derived from its hash. Compare the hash, or \
		 this explorer's {root}, with what the consortium published.",
		"Die Validatoren des ersten Blocks wurden aus seinem Hash abgeleitet. Vergleichen Sie \
		 den Hash oder den {root} dieses Explorers mit dem, was das Konsortium veröffentlicht \
		 hat.",
	),
	("First block", "Erster Block"),
	("Check it yourself", "Selbst prüfen"),
	(
		"Take the trust root from a source you trust, not from here. The answer lists the \
		 proven bytes.",
		"Nehmen Sie den Vertrauensanker aus einer Quelle, der Sie vertrauen, nicht von hier. \
		 Die Antwort nennt die bewiesenen Bytes.",
	),
	("For programs", "Für Programme"),
	("Description of the JSON interface (OpenAPI 3.1)", "Beschreibung der JSON-Schnittstelle (OpenAPI 3.1)"),
	("About proofs", "Über Beweise"),
	("Your visit has ended: enter the code again.", "Ihr Besuch ist beendet: Geben Sie den Code noch einmal ein."),
	("Your consent", "Ihre Einwilligung"),
	(
		"With the code on your receipt you see what happened to your health data under your \
		 consent, or withdraw the consent. You need no account and nobody's permission.",
		"Mit dem Code auf Ihrer Quittung sehen Sie, was aufgrund Ihrer Einwilligung mit Ihren \
		 Gesundheitsdaten geschah, oder widerrufen die Einwilligung. Sie brauchen dazu kein \
		 Konto und niemandes Erlaubnis.",
	),
	("This code opens nothing here.", "Dieser Code öffnet hier nichts."),
	(
		"Look for typing errors, and whether the receipt is from this consortium. A consent \
		 that was deleted when its time had come cannot be shown any more.",
		"Prüfen Sie, ob Sie sich vertippt haben und ob die Quittung von diesem Konsortium ist. \
		 Eine Einwilligung, die nach Ablauf ihrer Frist gelöscht wurde, kann nicht mehr \
		 gezeigt werden.",
	),
	("Code from your receipt", "Code von Ihrer Quittung"),
	(
		"The whole text under one of the two square patterns. Spaces and line breaks do not \
		 matter. The code to view begins with {view}, the code to withdraw with {withdraw}.",
		"Der ganze Text unter einem der beiden quadratischen Muster. Leerzeichen und \
		 Zeilenumbrüche spielen keine Rolle. Der Code zum Ansehen beginnt mit {view}, der Code \
		 zum Widerrufen mit {withdraw}.",
	),
	("Continue", "Weiter"),
	("What the code tells this explorer", "Was dieser Explorer durch den Code erfährt"),
	(
		"The code reaches the program of whoever runs this explorer, over an encrypted \
		 connection. It is compared with the ledger and then forgotten; it stands in no \
		 address and no log.",
		"Der Code gelangt über eine verschlüsselte Verbindung zum Programm dessen, der diesen \
		 Explorer betreibt. Er wird mit dem Register verglichen und dann vergessen; er steht \
		 in keiner Adresse und in keinem Protokoll.",
	),
	(
		"Whoever runs this explorer could learn that somebody at your internet address holds \
		 this receipt. The ledger itself names no patient.",
		"Wer diesen Explorer betreibt, könnte erfahren, dass jemand unter Ihrer \
		 Internetadresse diese Quittung besitzt. Das Register selbst nennt keine Patienten.",
	),
	(
		"A code to withdraw can do nothing but withdraw. Whoever runs this explorer could \
		 delay it, or use it although you did not confirm. You see on the ledger whether it \
		 was used.",
		"Ein Code zum Widerrufen kann nichts als widerrufen. Wer diesen Explorer betreibt, \
		 könnte den Widerruf verzögern oder den Code verwenden, obwohl Sie nicht bestätigt \
		 haben. Ob er verwendet wurde, sehen Sie im Register.",
	),
	(
		"If you want to trust nobody, use the consortium's program on your own computer, with \
		 any node: {history} and {withdraw}.",
		"Wenn Sie niemandem vertrauen wollen, verwenden Sie das Programm des Konsortiums auf \
		 Ihrem eigenen Rechner, mit einem beliebigen Knoten: {history} und {withdraw}.",
	),
	("What is not here", "Was hier nicht steht"),
	(
		"Data that were taken in an emergency, or on the ground of a law or of another \
		 consent, do not rest on this consent. Each organisation has to tell you of those when \
		 you ask it. What an organisation refused before it reached the ledger is not here \
		 either.",
		"Daten, die in einem Notfall oder aufgrund eines Gesetzes oder einer anderen \
		 Einwilligung abgerufen wurden, beruhen nicht auf dieser Einwilligung. Darüber muss \
		 Ihnen jede Organisation Auskunft geben, wenn Sie sie fragen. Auch was eine \
		 Organisation ablehnte, bevor es das Register erreichte, steht hier nicht.",
	),
	("What happened under your consent", "Was aufgrund Ihrer Einwilligung geschah"),
	("What you agreed to", "Worin Sie eingewilligt haben"),
	("How often", "Wie oft"),
	("{used} of at most {most} exchanges so far", "bisher {used} von höchstens {most} Austauschen"),
	(
		"Proves how your consent stands on the ledger, without trusting this explorer.",
		"Beweist, wie Ihre Einwilligung im Register steht, ohne dass Sie diesem Explorer \
		 vertrauen müssen.",
	),
	(
		"The consent is final and not in this explorer's index yet. Look again in a minute.",
		"Die Einwilligung ist endgültig, aber noch nicht im Index dieses Explorers. Sehen Sie \
		 in einer Minute noch einmal nach.",
	),
	("There are more exchanges than these.", "Es gibt mehr Austausche als diese."),
	(
		"The ledger counted {missing} more than are shown here. Records are deleted when their \
		 time has come; ask the organisations what they kept.",
		"Das Register zählte {missing} mehr, als hier gezeigt werden. Einträge werden nach \
		 Ablauf ihrer Frist gelöscht; fragen Sie die Organisationen, was sie aufbewahrt \
		 haben.",
	),
	(
		"Data that were taken in an emergency, or on the ground of a law or of another \
		 consent, do not rest on this consent and are not on this page.",
		"Daten, die in einem Notfall oder aufgrund eines Gesetzes oder einer anderen \
		 Einwilligung abgerufen wurden, beruhen nicht auf dieser Einwilligung und stehen nicht \
		 auf dieser Seite.",
	),
	("To withdraw your consent, {enter}.", "Um Ihre Einwilligung zu widerrufen, {enter}."),
	("enter the code to withdraw", "geben Sie den Code zum Widerrufen ein"),
	("Nobody asked for your data under it", "Niemand hat sich darauf berufen"),
	("One exchange rests on it", "Ein Austausch beruht darauf"),
	("{count} exchanges rest on it", "{count} Austausche beruhen darauf"),
	("End the visit", "Besuch beenden"),
	("It ends by itself after a quarter of an hour.", "Er endet nach einer Viertelstunde von selbst."),
	(
		"You withdrew it, or it was withdrawn for you: nothing more is sent.",
		"Sie haben sie widerrufen, oder sie wurde für Sie widerrufen: Es wird nichts mehr \
		 gesendet.",
	),
	(
		"It was replaced by another consent: nothing more is sent under this one.",
		"Sie wurde durch eine andere Einwilligung ersetzt: Aufgrund dieser wird nichts mehr \
		 gesendet.",
	),
	(
		"The organisation that holds your records suspended it: nothing is sent until it \
		 resumes it.",
		"Die Organisation, die Ihre Unterlagen führt, hat sie ausgesetzt: Bis sie wieder in \
		 Kraft gesetzt wird, wird nichts gesendet.",
	),
	("It is used up: nothing more is sent.", "Sie ist aufgebraucht: Es wird nichts mehr gesendet."),
	("Its time is over: nothing more is sent.", "Ihre Zeit ist abgelaufen: Es wird nichts mehr gesendet."),
	("It is not in force yet.", "Sie gilt noch nicht."),
	(
		"It is in force. You may withdraw it at any time with the code to withdraw.",
		"Sie gilt. Sie können sie jederzeit mit dem Code zum Widerrufen widerrufen.",
	),
	("Who holds the records", "Wer die Unterlagen führt"),
	("Who may receive", "Wer Daten erhalten darf"),
	("What for", "Wofür"),
	("Which data", "Welche Daten"),
	("Valid from", "Gültig ab"),
	("Valid until", "Gültig bis"),
	("Kept by the recipient until", "Vom Empfänger aufbewahrt bis"),
	("every member of the kind: {kind}", "jedes Mitglied der Art: {kind}"),
	("every member in {country} of the kind: {kind}", "jedes Mitglied in {country} der Art: {kind}"),
	("the members of group {number}", "die Mitglieder der Gruppe {number}"),
	("{holder} offered data to {recipient}", "{holder} bot {recipient} Daten an"),
	("{recipient} asked {holder} for data", "{recipient} bat {holder} um Daten"),
	("refused", "abgelehnt"),
	("When", "Wann"),
	("Verify this record", "Diesen Eintrag prüfen"),
	("It waits for an answer.", "Die Antwort steht aus."),
	(
		"It waits for a person to decide, because of a risk.",
		"Wegen eines Risikos muss ein Mensch entscheiden; das steht aus.",
	),
	("It waits to be accepted.", "Die Annahme steht aus."),
	("Both sides agreed. No data were sent yet.", "Beide Seiten sind einig. Es wurden noch keine Daten gesendet."),
	(
		"The data were sent, locked. The recipient has not confirmed them yet.",
		"Die Daten wurden verschlüsselt gesendet. Der Empfänger hat sie noch nicht bestätigt.",
	),
	("The recipient has the data.", "Der Empfänger hat die Daten."),
	("Nothing was sent.", "Es wurde nichts gesendet."),
	(
		"It was stopped before the recipient confirmed any data, by a withdrawal or a \
		 suspension.",
		"Er wurde durch einen Widerruf oder eine Aussetzung beendet, bevor der Empfänger Daten \
		 bestätigte.",
	),
	(
		"The data were sent, locked, and the recipient did not confirm them in time.",
		"Die Daten wurden verschlüsselt gesendet, und der Empfänger hat sie nicht rechtzeitig \
		 bestätigt.",
	),
	("Nothing was sent in time.", "Es wurde nichts rechtzeitig gesendet."),
	("The recipient has the data and disputes them.", "Der Empfänger hat die Daten und beanstandet sie."),
	(
		"The recipient has the data; a dispute about them is over.",
		"Der Empfänger hat die Daten; eine Beanstandung ist erledigt.",
	),
	(
		"The data were another person's. The recipient uses nothing of them.",
		"Die Daten waren die einer anderen Person. Der Empfänger verwendet nichts davon.",
	),
	(
		"The ledger knows it in a state that this page does not know.",
		"Das Register führt ihn in einem Stand, den diese Seite nicht kennt.",
	),
	("Withdraw your consent", "Ihre Einwilligung widerrufen"),
	("There is nothing left to withdraw.", "Es gibt nichts mehr zu widerrufen."),
	("Withdraw your consent?", "Ihre Einwilligung widerrufen?"),
	(
		"Nothing has happened yet. Look whether this is the consent that you mean.",
		"Noch ist nichts geschehen. Sehen Sie nach, ob dies die Einwilligung ist, die Sie \
		 meinen.",
	),
	("What happens if you withdraw", "Was geschieht, wenn Sie widerrufen"),
	(
		"From the next block on nothing more is sent under this consent. Exchanges that were \
		 agreed and not yet received end.",
		"Vom nächsten Block an wird aufgrund dieser Einwilligung nichts mehr gesendet. \
		 Vereinbarte und noch nicht empfangene Austausche enden.",
	),
	(
		"It cannot be undone. You may give a new consent at any time.",
		"Es lässt sich nicht rückgängig machen. Sie können jederzeit eine neue Einwilligung \
		 geben.",
	),
	(
		"What was exchanged before stays lawful. You need give no reason, and your treatment \
		 must not suffer.",
		"Was vorher ausgetauscht wurde, bleibt rechtmäßig. Sie müssen keinen Grund nennen, und \
		 Ihnen dürfen bei der Behandlung keine Nachteile entstehen.",
	),
	("Withdraw for good", "Endgültig widerrufen"),
	("Do not withdraw", "Nicht widerrufen"),
	(
		"If you do nothing, the code is forgotten after five minutes.",
		"Wenn Sie nichts tun, wird der Code nach fünf Minuten vergessen.",
	),
	("It failed.", "Es ist gescheitert."),
	(
		"Nothing was recorded, as far as this explorer knows. Try again, here or at any other \
		 node.",
		"Soweit dieser Explorer weiß, wurde nichts eingetragen. Versuchen Sie es erneut, hier \
		 oder an einem anderen Knoten.",
	),
	("It is final.", "Es ist endgültig."),
	("Nobody can undo or change it any more.", "Niemand kann es mehr rückgängig machen oder ändern."),
	("It is on its way.", "Es ist unterwegs."),
	("This takes some seconds.", "Das dauert einige Sekunden."),
	("Look again", "Noch einmal nachsehen"),
	("A node accepted it", "Ein Knoten hat es angenommen"),
	("A block holds it", "Ein Block enthält es"),
	("The block is final", "Der Block ist endgültig"),
	("done", "erledigt"),
	("not yet", "noch nicht"),
	("It stands in block {block}.", "Es steht in Block {block}."),
	(
		"Proven in this browser, from your own trust root on.",
		"In diesem Browser bewiesen, von Ihrem eigenen Vertrauensanker an.",
	),
	(
		"Proven in this browser, from this explorer's trust root on: compare that root with \
		 what the consortium published.",
		"In diesem Browser bewiesen, vom Vertrauensanker dieses Explorers an: Vergleichen Sie \
		 ihn mit dem, was das Konsortium veröffentlicht hat.",
	),
	("Not proven:", "Nicht bewiesen:"),
	(
		"The bundle proves something else than this page shows.",
		"Die Nachweisdatei beweist etwas anderes, als diese Seite zeigt.",
	),
	("The check could not be made:", "Die Prüfung war nicht möglich:"),
	("Made final by block", "Endgültig durch Block"),
	("Authority set", "Satz der Validatoren"),
	("Proven bytes (SCALE)", "Bewiesene Bytes (SCALE)"),
	("Verify it in this browser", "In diesem Browser prüfen"),
	(
		"Your browser fetches the bundle and checks all signatures and hashes itself. It uses \
		 a program that came from this explorer: who does not trust even that takes the bundle \
		 to a machine of their own.",
		"Ihr Browser holt die Nachweisdatei und prüft alle Unterschriften und Hashes selbst. \
		 Er verwendet dazu ein Programm dieses Explorers: Wer auch dem nicht vertraut, prüft \
		 die Nachweisdatei auf einem eigenen Rechner.",
	),
	(
		"Trust root from your own source (this explorer's, if you choose none)",
		"Vertrauensanker aus eigener Quelle (der dieses Explorers, wenn Sie keinen wählen)",
	),
	("Verify here", "Hier prüfen"),
	("Proven", "Bewiesen"),
	("What is shown is not what is proven", "Gezeigt wird etwas anderes, als bewiesen ist"),
	("Proof", "Beweis"),
	("How it was proven", "Wie es bewiesen wurde"),
	(
		"The chain begins with the block {genesis} and its {count} authorities.",
		"Die Kette beginnt mit dem Block {genesis} und dessen {count} Validatoren.",
	),
	(
		"These authorities, still in office, finalised block {block} with more than two thirds \
		 of the votes.",
		"Diese Validatoren, noch im Amt, haben Block {block} mit mehr als zwei Dritteln der \
		 Stimmen für endgültig erklärt.",
	),
	(
		"Authority set {set}, reached from them by signed hand-overs, finalised block {block} \
		 with more than two thirds of its votes.",
		"Der Satz {set} der Validatoren, von ihnen durch unterzeichnete Übergaben erreicht, \
		 hat Block {block} mit mehr als zwei Dritteln seiner Stimmen für endgültig erklärt.",
	),
	("That is the block of the record, hash {hash}.", "Das ist der Block des Eintrags, Hash {hash}."),
	(
		"Headers lead from it back to block {block}, hash {hash}.",
		"Blockköpfe führen von dort zurück zu Block {block}, Hash {hash}.",
	),
	(
		"Merkle proofs lead from that block's header to the bytes, which runtime {version} \
		 wrote.",
		"Merkle-Beweise führen vom Kopf dieses Blocks zu den Bytes, die Laufzeitumgebung \
		 {version} geschrieben hat.",
	),
	("What is shown, and what is proven", "Was gezeigt wird und was bewiesen ist"),
	("What this does not prove", "Was dies nicht beweist"),
	("That nothing changed after block {block}.", "Dass sich nach Block {block} nichts geändert hat."),
	("Prove it as of the last final block", "Zum letzten endgültigen Block beweisen"),
	(
		"That no other records exist, and what lies behind commitments.",
		"Dass es keine weiteren Einträge gibt und was hinter Festlegungswerten steht.",
	),
	(
		"That the first block is the consortium's: compare its hash with what was published.",
		"Dass der erste Block der des Konsortiums ist: Vergleichen Sie seinen Hash mit dem \
		 veröffentlichten.",
	),
	(
		"This page is this explorer's word. For your own: take the bundle and run {command} on \
		 your machine.",
		"Diese Seite ist das Wort dieses Explorers. Für Ihre eigene Prüfung nehmen Sie die \
		 Nachweisdatei und verwenden {command} auf Ihrem Rechner.",
	),
	("How", "Wie das geht"),
	("{everything} as of block {block}.", "{everything}, Stand Block {block}."),
	("Everything that is shown is proven", "Alles, was gezeigt wird, ist bewiesen"),
	(
		"This explorer's index says something else than the ledger.",
		"Der Index dieses Explorers sagt etwas anderes als das Register.",
	),
	(
		"Rely on the proven side, keep the bundle, and tell the operator.",
		"Verlassen Sie sich auf die bewiesene Seite, bewahren Sie die Nachweisdatei auf und \
		 verständigen Sie den Betreiber.",
	),
	("Table of what is shown and proven", "Tabelle dessen, was gezeigt und bewiesen ist"),
	("What", "Was"),
	("Shown", "Gezeigt"),
	("the same", "dasselbe"),
	("agrees", "stimmt überein"),
	("differs", "weicht ab"),
	("Questions", "Auswertungen"),
	(
		"What a supervisor asks first, worked out over what you may see, as of {moment}.",
		"Was eine Aufsicht zuerst fragt, ausgewertet über das, was Sie sehen dürfen; Stand \
		 {moment}.",
	),
	("Used after withdrawal", "Nach dem Widerruf verwendet"),
	(
		"Exchanges that began in a block after the withdrawal of their consent and were served.",
		"Austausche, die in einem Block nach dem Widerruf ihrer Einwilligung begannen und \
		 bedient wurden.",
	),
	("How often the glass was broken", "Wie oft der Notzugriff genutzt wurde"),
	(
		"Of the exchanges in which an organisation received in the last {days} days.",
		"Von den Austauschen, in denen eine Organisation in den letzten {days} Tagen empfing.",
	),
	("Without a valid assessment", "Ohne gültige Bewertung"),
	(
		"Active hospitals and care centres whose newest assessment has expired, or that have \
		 none.",
		"Aktive Krankenhäuser und Versorgungszentren, deren neueste Bewertung abgelaufen ist \
		 oder die keine haben.",
	),
	("Gaps in sequences", "Lücken in der Zählung"),
	(
		"Numbers missing among the last {count} exchanges of an organisation, which the ledger \
		 counts without gaps.",
		"Nummern, die unter den letzten {count} Austauschen einer Organisation fehlen; das \
		 Register zählt sie lückenlos.",
	),
	("Marked anchors of access logs", "Auffällige Verankerungen von Zugriffsprotokollen"),
	(
		"Anchors that left a gap after the one before, overlap it, came late, or whose count \
		 was disproved.",
		"Verankerungen, die nach der vorigen eine Lücke ließen, sie überlappen, zu spät kamen \
		 oder deren Anzahl widerlegt wurde.",
	),
	("Unusual volume", "Ungewöhnliche Menge"),
	(
		"Of the last {days} days, those on which an organisation took part in at least {from} \
		 exchanges and in more than {times} times the median of the {before} days before. Days \
		 are counted back from the last block.",
		"Von den letzten {days} Tagen diejenigen, an denen eine Organisation an mindestens \
		 {from} Austauschen und an mehr als dem {times}-fachen des Medians der {before} Tage \
		 davor beteiligt war. Die Tage zählen vom letzten Block zurück.",
	),
	("Table of break-glass", "Tabelle der Notzugriffe"),
	("Organisation", "Organisation"),
	("Break-glass", "Notzugriffe"),
	("Received", "Empfangen"),
	("Share", "Anteil"),
	("never assessed", "nie bewertet"),
	("Table of organisations without assessment", "Tabelle der Organisationen ohne Bewertung"),
	("Expired", "Abgelaufen"),
	("Table of gaps", "Tabelle der Lücken"),
	("First missing", "Erste fehlende"),
	("Last missing", "Letzte fehlende"),
	("Table of unusual days", "Tabelle der ungewöhnlichen Tage"),
	("Day from", "Tag ab"),
	("Median before", "Median davor"),
	(
		"These records lie outside your field: none is shown to you.",
		"Diese Einträge liegen außerhalb Ihres Gebiets: Es wird Ihnen keiner gezeigt.",
	),
	("1 record", "1 Eintrag"),
	("{count} records", "{count} Einträge"),
	("{count} of more records", "{count} von weiteren Einträgen"),
	("Older records", "Ältere Einträge"),
	("The same for programs:", "Dasselbe für Programme:"),
	("for print", "zum Drucken"),
	("FHIR AuditEvents", "FHIR-AuditEvents"),
	("any", "beliebig"),
	("Filter", "Filtern"),
	("With", "Mit"),
	("Purpose", "Zweck"),
	("treatment", "Behandlung"),
	("Consent", "Einwilligung"),
	("From block", "Ab Block"),
	("To block", "Bis Block"),
	("Since (UTC)", "Seit (UTC)"),
	("Until (UTC)", "Bis (UTC)"),
	("Clear", "Zurücksetzen"),
	("gone since {block}", "gelöscht seit {block}"),
	("reviewer {organisation}", "geprüft durch {organisation}"),
	("every member", "jedes Mitglied"),
	("Table: {name}", "Tabelle: {name}"),
	(
		"The ledger's state no longer holds this record; that was found in block {block}. What \
		 is shown is how it stood last.",
		"Der Zustand des Registers enthält diesen Eintrag nicht mehr; das wurde in Block \
		 {block} festgestellt. Gezeigt wird sein letzter Stand.",
	),
	(
		"Proves what is shown here against a block that the validators finalised.",
		"Beweist, was hier gezeigt wird, anhand eines Blocks, den die Validatoren für \
		 endgültig erklärt haben.",
	),
	("Dossier of this case", "Dossier zu diesem Fall"),
	("The record", "Der Eintrag"),
	("First seen", "Zuerst gesehen"),
	("Last changed", "Zuletzt geändert"),
	("All of them", "Alle"),
	("It stands since the first block.", "Er besteht seit dem ersten Block."),
	("block {block}, transaction {transaction}", "Block {block}, Transaktion {transaction}"),
	("block {block}, by the ledger itself", "Block {block}, durch das Register selbst"),
	("What the event says", "Was das Ereignis sagt"),
	("There are more events than these.", "Es gibt mehr Ereignisse als diese."),
	("The sector at a glance", "Die Branche im Überblick"),
	(
		"What members of the consortium exchange, and how they look after their security: \
		 figures of the whole sector. Records are for members and the authorities that \
		 supervise them.",
		"Was Mitglieder des Konsortiums austauschen und wie sie für ihre Sicherheit sorgen: \
		 Zahlen der ganzen Branche. Einträge sind für Mitglieder und die Behörden bestimmt, \
		 die sie beaufsichtigen.",
	),
	(
		"Fewer than five organisations stand behind every figure: none is published.",
		"Hinter jeder Zahl stehen weniger als fünf Organisationen: Es wird keine \
		 veröffentlicht.",
	),
	(
		"A figure stands here if at least five organisations stand behind it; it is rounded \
		 down to a multiple of five and made anew once an hour. Made {moment}.",
		"Eine Zahl steht hier, wenn mindestens fünf Organisationen dahinterstehen; sie ist auf \
		 ein Vielfaches von fünf abgerundet und wird stündlich neu ermittelt. Ermittelt am \
		 {moment}.",
	),
	("Continue as {name}?", "Als {name} fortfahren?"),
	("You signed in with the account {account}.", "Sie haben sich mit dem Konto {account} angemeldet."),
	(
		"Go on only if you asked for this link yourself. What you ask is written down.",
		"Fahren Sie nur fort, wenn Sie diesen Link selbst angefordert haben. Ihre Abfragen \
		 werden protokolliert.",
	),
	(
		"Accounts of the ledger sign in: those with the duty of oversight, and the security \
		 officers of hospitals and care centres. There is no password; your key stays on your \
		 machine.",
		"Anmelden können sich Konten des Registers: solche mit der Aufgabe der Aufsicht und \
		 die Sicherheitsbeauftragten von Krankenhäusern und Versorgungszentren. Es gibt kein \
		 Passwort; Ihr Schlüssel bleibt auf Ihrem Rechner.",
	),
	("With the command line", "Mit der Kommandozeile"),
	("It answers with a link that opens your session here.", "Die Antwort ist ein Link, der hier Ihre Sitzung öffnet."),
	("With another wallet", "Mit einer anderen Schlüsselverwaltung"),
	(
		"Sign this text with your account (sr25519 or ed25519), within five minutes:",
		"Unterzeichnen Sie innerhalb von fünf Minuten diesen Text mit Ihrem Konto (sr25519 \
		 oder ed25519):",
	),
	("Account: public key in hexadecimal", "Konto: öffentlicher Schlüssel, hexadezimal"),
	("Signature in hexadecimal", "Unterschrift, hexadezimal"),
	("What you will see", "Was Sie sehen werden"),
	(
		"An authority sees what concerns organisations of its country, in its fields of \
		 supervision.",
		"Eine Behörde sieht auf ihren Aufsichtsgebieten, was Organisationen ihres Landes \
		 betrifft.",
	),
	(
		"A data protection officer sees everything that concerns the own organisation; a \
		 security officer its security.",
		"Datenschutzbeauftragte sehen alles, was die eigene Organisation betrifft, \
		 Sicherheitsbeauftragte deren Sicherheit.",
	),
	(
		"Every question is written down in a log whose entries are chained, so that none can \
		 be taken out unseen.",
		"Jede Abfrage wird in ein Protokoll mit verketteten Einträgen geschrieben, aus dem \
		 keiner unbemerkt entfernt werden kann.",
	),
	("What {name} asked", "Abfragen von {name}"),
	(
		"Every question is written down before it is answered. Each entry holds the hash of \
		 the one before it: whoever keeps the last hash notices any change.",
		"Jede Abfrage wird protokolliert, bevor sie beantwortet wird. Jeder Eintrag enthält \
		 den Hash des vorigen: Wer den letzten Hash aufbewahrt, bemerkt jede Änderung.",
	),
	("Entries of all organisations", "Einträge aller Organisationen"),
	("Hash of the last one", "Hash des letzten"),
	("Table of questions", "Tabelle der Abfragen"),
	("Number", "Nummer"),
	("Account", "Konto"),
	("Older questions", "Ältere Abfragen"),
	("Charts", "Diagramme"),
	("How far exchanges come", "Wie weit Austausche kommen"),
	("Between whom", "Zwischen wem"),
	(
		"The {count} pairs of organisations with most exchanges, in either direction.",
		"Die {count} Paare von Organisationen mit den meisten Austauschen, in beiden \
		 Richtungen.",
	),
	("{risk}: levels of risk over time", "{risk}: Risikostufen im Zeitverlauf"),
	("Exchanges by how far they came, as in the table", "Austausche danach, wie weit sie kamen, wie in der Tabelle"),
	("Table of stages", "Tabelle der Schritte"),
	("Came to be", "Erreicht"),
	(
		"Exchanges by pair of organisations, as in the table",
		"Austausche nach Paaren von Organisationen, wie in der Tabelle",
	),
	("Table of pairs", "Tabelle der Paare"),
	("One", "Die eine"),
	("Other", "Die andere"),
	(
		"{risk}: organisations by level of risk, week by week, as in the table",
		"{risk}: Organisationen nach Risikostufe, Woche für Woche, wie in der Tabelle",
	),
	("Week to", "Woche bis"),
	(
		"Over what you may see, from {since} to {until}, whole days. Every chart has its \
		 figures beside it.",
		"Über das, was Sie sehen dürfen, von {since} bis {until}, ganze Tage. Neben jedem \
		 Diagramm stehen seine Zahlen.",
	),
	("Period", "Zeitraum"),
	("Show", "Anzeigen"),
	(
		"Of the exchanges that began in the period: how many have a commitment to what was \
		 sent, to its receipt, and an acknowledgement. What the ledger pruned since is \
		 counted, too.",
		"Von den Austauschen, die in diesem Zeitraum begannen: wie viele einen Festlegungswert \
		 zum Gesendeten, einen zum Empfang und eine Bestätigung haben. Auch was das Register \
		 seither gelöscht hat, ist mitgezählt.",
	),
	(
		"Organisations by their newest assessment at the end of each week of the period.",
		"Organisationen nach ihrer neuesten Bewertung am Ende jeder Woche des Zeitraums.",
	),
	("Never acknowledged", "Nie bestätigt"),
	(
		"Exchanges that were received, and expired because the recipient never said how the \
		 data were.",
		"Austausche, die empfangen wurden und abliefen, weil der Empfänger nie sagte, wie die \
		 Daten waren.",
	),
	("Anchored on the ledger", "Im Register verankert"),
	("As it stood after block {block}.", "Stand nach Block {block}."),
	("It was made {moment}.", "Er entstand am {moment}."),
	("The last indexed block is {block}.", "Der letzte erfasste Block ist {block}."),
	("As it stands now", "Heutiger Stand"),
	("Category of data", "Datenkategorie"),
	("Changed by (event)", "Geändert durch (Ereignis)"),
	("Case (exchange, or commitment to the file)", "Fall (Austausch oder Festlegungswert zur Akte)"),
	("As they stood (block, or moment in UTC)", "Stand (Block oder Zeitpunkt in UTC)"),
	("As it stood (block, or moment in UTC)", "Stand dieses Eintrags (Block oder Zeitpunkt in UTC)"),
	("At another time", "Zu einem anderen Zeitpunkt"),
	(
		"Worked out from every change that the ledger told of, block by block, as this index \
		 took it up. What the ledger pruned and the index no longer keeps is not shown. A \
		 proof shows it for that block, as long as a node keeps the block's state.",
		"Ermittelt aus jeder Änderung, die das Register meldete, Block für Block, wie dieser \
		 Index sie erfasste. Was das Register gelöscht hat und der Index nicht mehr führt, \
		 wird nicht gezeigt. Ein Beweis zeigt es für diesen Block, solange ein Knoten dessen \
		 Zustand aufbewahrt.",
	),
	("entries up to before {end}, as anchor {anchor}", "Einträge bis vor {end}, als Verankerung {anchor}"),
	("anchor {number} is on its way", "Verankerung {number} ist unterwegs"),
	("nothing yet", "noch nichts"),
	(
		"Nothing anchors this log: the explorer was started without a key for it.",
		"Nichts verankert dieses Protokoll: Der Explorer wurde ohne Schlüssel dafür gestartet.",
	),
	("The last attempt failed: {reason}", "Der letzte Versuch scheiterte: {reason}"),
	("Requests that were not served", "Anfragen, die nicht bedient wurden"),
	("Exchanges that a withdrawal ended", "Austausche, die ein Widerruf beendete"),
	(
		"Not dispatched, received or acknowledged in time",
		"Nicht rechtzeitig gesendet, empfangen oder bestätigt",
	),
	("Disputed deliveries", "Beanstandete Lieferungen"),
	("Overdue reviews of a break-glass", "Überfällige Prüfungen von Notzugriffen"),
	("Break-glass without ground", "Notzugriffe ohne Grund"),
	("Open alerts", "Offene Warnungen"),
	("Open inquiries", "Offene Auskunftsersuchen"),
	("Active consents", "Geltende Einwilligungen"),
	("For patients", "Für Patienten"),
	("Cybersecurity", "Cybersicherheit"),
	("Privacy", "Datenschutz"),
	("Patient safety", "Patientensicherheit"),
	("Named in", "Genannt in"),
	("Signed by this account", "Von diesem Konto unterzeichnet"),
	("Accounts", "Konten"),
	("Consents", "Einwilligungen"),
	("Organisations", "Organisationen"),
	("Exchange", "Austausch"),
	("Review of a break-glass", "Prüfung eines Notzugriffs"),
	("Break-glass and reviews", "Notzugriffe und Prüfungen"),
	("Permit", "Genehmigung"),
	("Permits for secondary use", "Genehmigungen zur Sekundärnutzung"),
	("Day of erasure orders", "Tag mit Löschaufträgen"),
	("Erasure duties", "Löschpflichten"),
	("Inquiry", "Auskunftsersuchen"),
	("Inquiries", "Auskunftsersuchen der Behörden"),
	("Breach", "Sicherheitsvorfall"),
	("Breaches", "Sicherheitsvorfälle"),
	("Anchor of an access log", "Verankerung eines Zugriffsprotokolls"),
	("Anchors of access logs", "Verankerungen von Zugriffsprotokollen"),
	("Inventory", "Bestandsverzeichnis"),
	("Inventories", "Bestandsverzeichnisse"),
	("Alert", "Warnung"),
	("Alerts", "Warnungen"),
	("Risk assessment", "Risikobewertung"),
	("Risk assessments", "Risikobewertungen"),
	("Plan of safeguards", "Maßnahmenplan"),
	("Plans and decisions", "Maßnahmenpläne und Entscheidungen"),
	(
		"Members of the consortium: hospitals, care centres and authorities.",
		"Mitglieder des Konsortiums: Krankenhäuser, Versorgungszentren und Behörden.",
	),
	("Accounts that act for a member, with their duties.", "Konten, die für ein Mitglied handeln, mit ihren Aufgaben."),
	(
		"Consents of patients, by handle. The ledger knows no patient.",
		"Einwilligungen von Patienten, nach Kennung. Das Register kennt keine Patienten.",
	),
	(
		"Exchanges of health data between two members, refusals included.",
		"Austausche von Gesundheitsdaten zwischen zwei Mitgliedern, auch abgelehnte.",
	),
	(
		"Urgent access without waiting for anybody, and the review that follows it.",
		"Dringender Zugriff ohne Warten auf andere und die Prüfung, die darauf folgt.",
	),
	(
		"Permits of health data access bodies (EHDS art. 68).",
		"Genehmigungen der Zugangsstellen für Gesundheitsdaten (EHDS Art. 68).",
	),
	(
		"Orders to erase, released a day at a time; no order names what it is about.",
		"Löschaufträge, tageweise freigegeben; kein Auftrag nennt, worum es geht.",
	),
	(
		"What authorities asked of members, with deadline and outcome.",
		"Was Behörden von Mitgliedern wissen wollten, mit Frist und Ausgang.",
	),
	(
		"Breaches of security with their clocks under GDPR and NIS2.",
		"Sicherheitsvorfälle mit ihren Fristen nach DSGVO und NIS2.",
	),
	(
		"Commitments with which members anchor their access logs.",
		"Festlegungswerte, mit denen Mitglieder ihre Zugriffsprotokolle verankern.",
	),
	(
		"Commitments to inventories of assets and their vulnerabilities.",
		"Festlegungswerte zu Verzeichnissen von Geräten und ihren Schwachstellen.",
	),
	(
		"Digests of alerts: how severe and how sure, never what.",
		"Kurzangaben zu Warnungen: wie schwer und wie sicher, nie was.",
	),
	(
		"Levels of cybersecurity, privacy and patient-safety risk (NIST SP 800-30).",
		"Stufen des Risikos für Cybersicherheit, Datenschutz und Patientensicherheit (NIST SP \
		 800-30).",
	),
	(
		"Recommended safeguards, the decision on them and whether they were carried out.",
		"Empfohlene Maßnahmen, die Entscheidung darüber und ob sie umgesetzt wurden.",
	),
	("Record", "Eintrag"),
	("Holder", "Datenhalter"),
	("Recipient", "Empfänger"),
	("Begun", "Begonnen"),
	("Grantee", "Berechtigte"),
	("Filed", "Erteilt"),
	("Changed", "Geändert"),
	("Name", "Name"),
	("Kind", "Art"),
	("Country", "Land"),
	("Assessment", "Bewertung"),
	("Of", "Von"),
	("Concerns", "Betrifft"),
	("active", "gültig"),
	("suspended", "ausgesetzt"),
	("exited", "ausgeschieden"),
	("withdrawn", "widerrufen"),
	("superseded", "ersetzt"),
	("requested", "angefragt"),
	("held", "zurückgehalten"),
	("offered", "angeboten"),
	("approved", "bewilligt"),
	("dispatched", "gesendet"),
	("delivered", "zugestellt"),
	("acknowledged", "bestätigt"),
	("not served", "nicht bedient"),
	("terminated", "beendet"),
	("expired", "abgelaufen"),
	("agreement suspended", "Vereinbarung ausgesetzt"),
	("delivery suspended", "Zustellung ausgesetzt"),
	("disputed", "beanstandet"),
	("settled", "beigelegt"),
	("reversed", "zurückgenommen"),
	("pending", "ausstehend"),
	("overdue", "überfällig"),
	("justified", "begründet"),
	("unjustified", "unbegründet"),
	("inconclusive", "nicht entscheidbar"),
	("issued", "erteilt"),
	("revoked", "aufgehoben"),
	("open", "offen"),
	("closed", "geschlossen"),
	("disclosed", "offengelegt"),
	("accepted", "angenommen"),
	("amended", "geändert"),
	("rejected", "verworfen"),
	("undecided", "nicht entschieden"),
	("implemented", "umgesetzt"),
	("very low", "sehr gering"),
	("low", "gering"),
	("moderate", "mittel"),
	("medium", "mittel"),
	("high", "hoch"),
	("very high", "sehr hoch"),
	("critical", "kritisch"),
	("hospital", "Krankenhaus"),
	("care centre", "Versorgungszentrum"),
	("authority", "Behörde"),
	("emergency treatment", "Notfallbehandlung"),
	("patient request", "Wunsch des Patienten"),
	("payment", "Abrechnung"),
	("operations", "Betrieb"),
	("public health", "öffentliche Gesundheit"),
	("research", "Forschung"),
	("policy making", "Politikgestaltung"),
	("statistics", "Statistik"),
	("education", "Bildung"),
	("care improvement", "Verbesserung der Versorgung"),
	("patient summary", "Patientenkurzakte"),
	("prescription", "Verordnung"),
	("dispensation", "Arzneimittelabgabe"),
	("imaging", "Bildgebung"),
	("test result", "Befund"),
	("discharge report", "Entlassbericht"),
	("other", "Sonstiges"),
	("view", "ansehen"),
	("store", "speichern"),
	("stream", "fortlaufend übertragen"),
	("query", "abfragen"),
	("data protection", "Datenschutz"),
	("network security", "Netzsicherheit"),
	("health data access", "Zugang zu Gesundheitsdaten"),
	("market surveillance", "Marktüberwachung"),
	("administration", "Verwaltung"),
	("council", "Rat"),
	("security report", "Sicherheitsmeldung"),
	("security decision", "Sicherheitsentscheidung"),
	("consent", "Einwilligung"),
	("exchange", "Austausch"),
	("emergency", "Notfall"),
	("review", "Prüfung"),
	("oversight", "Aufsicht"),
	("court", "Gericht"),
	("pull", "Abruf"),
	("push", "Lieferung"),
	("statutory", "gesetzlich"),
	("permit", "Genehmigung"),
	("break glass", "Notzugriff"),
	("life threat", "Lebensgefahr"),
	("unconscious", "bewusstlos"),
	("public emergency", "öffentlicher Notstand"),
	("wrong patient", "falscher Patient"),
	("unreadable", "unlesbar"),
	("duplicate", "doppelt"),
	("clinical need", "medizinisch notwendig"),
	("risk accepted", "Risiko angenommen"),
	("compensated", "ausgeglichen"),
	("own", "selbst"),
	("guardian", "Betreuer"),
	("minor", "minderjährig"),
	("incapacity", "einwilligungsunfähig"),
	("gap", "Lücke"),
	("overlap", "Überlappung"),
	("late", "verspätet"),
	("count mismatch", "falsche Anzahl"),
	("not competent", "nicht zuständig"),
	("no such record", "kein solcher Eintrag"),
	("erased", "gelöscht"),
	("privileged", "gesetzlich geschützt"),
	("already disclosed", "bereits offengelegt"),
	("disproportionate", "unverhältnismäßig"),
	("self assessed", "selbst bewertet"),
	("recomputed", "nachgerechnet"),
	("audited", "geprüft"),
	("explicit consent", "ausdrückliche Einwilligung"),
	("contract", "Vertrag"),
	("legal obligation", "rechtliche Verpflichtung"),
	("vital interests", "lebenswichtige Interessen"),
	("public task", "öffentliche Aufgabe"),
	("legitimate interests", "berechtigte Interessen"),
	("health care", "Gesundheitsversorgung"),
	("anonymised", "anonymisiert"),
	("pseudonymised", "pseudonymisiert"),
	("units", "einige"),
	("tens", "Dutzende"),
	("hundreds", "Hunderte"),
	("thousands", "Tausende"),
	("more", "mehr"),
	("Access modes", "Art des Zugriffs"),
	("Acknowledgement", "Bestätigung"),
	("Admitted at", "Aufgenommen in"),
	("Affected from", "Betroffen ab"),
	("Affected until", "Betroffen bis"),
	("Agreement", "Vereinbarung"),
	("Answer", "Antwort"),
	("Article6", "DSGVO Artikel 6"),
	("Article9", "DSGVO Artikel 9"),
	("Assessed at", "Bewertet am"),
	("Assets", "Geräte"),
	("At", "In"),
	("Attestation", "Bestätigungsstufe"),
	("Authority", "Behörde"),
	("Basis", "Grundlage"),
	("Begun at", "Begonnen in"),
	("Border", "Grenzübertritt"),
	("Bound ppm", "Schranke (ppm)"),
	("By", "Durch"),
	("Budget", "Budget"),
	("Campaign", "Kampagne"),
	("Case", "Fall"),
	("Catalogue version", "Version des Katalogs"),
	("Categories", "Kategorien"),
	("Competences", "Zuständigkeiten"),
	("Conditions", "Bedingungen"),
	("Confidence", "Sicherheit der Aussage"),
	("Confirmed", "Bestätigt"),
	("Cyber", "Cybersicherheit"),
	("Deadline", "Frist"),
	("Decision", "Entscheidung"),
	("Detected at", "Festgestellt am"),
	("Digest", "Kurzangabe"),
	("Direction", "Richtung"),
	("Document", "Dokument"),
	("Due", "Fällig"),
	("Duties", "Aufgaben"),
	("Encryption key", "Verschlüsselungsschlüssel"),
	("Ended at", "Beendet in"),
	("Envelope", "Umschlag"),
	("Environment", "Umgebung"),
	("Erase at", "Zu löschen am"),
	("Evidence", "Nachweis"),
	("Expires at", "Läuft ab am"),
	("Feed version", "Version der Quelle"),
	("Field", "Gebiet"),
	("Filed at", "Erteilt in"),
	("Format", "Format"),
	("From", "Von"),
	("Gate", "Grundlage des Zugriffs"),
	("Holder sequence", "Zähler des Datenhalters"),
	("Implemented", "Umgesetzt"),
	("Inputs", "Eingaben"),
	("Issued at", "Erteilt in"),
	("Issuer", "Aussteller"),
	("Justification", "Begründung"),
	("Last used", "Zuletzt verwendet"),
	("Law version", "Version der Rechtsgrundlagen"),
	("Max uses", "Höchstzahl"),
	("Min interval s", "Mindestabstand (s)"),
	("Narrowed", "Eingeschränkt"),
	("Objective ppm", "Zielwert (ppm)"),
	("Opened at", "Eröffnet in"),
	("Orders", "Aufträge"),
	("Members", "Mitglieder"),
	("Outcome", "Ausgang"),
	("Overdue", "Überfällig"),
	("Parameters", "Parameter"),
	("Payload", "Nutzdaten"),
	("Plan", "Plan"),
	("Policy version", "Version der Einwilligungsregeln"),
	("Previous", "Voriger"),
	("Purposes", "Zwecke"),
	("Raised at", "Ausgelöst am"),
	("Reasons", "Gründe"),
	("Receipt", "Empfang"),
	("Recipient key", "Schlüssel des Empfängers"),
	("Recipient sequence", "Zähler des Empfängers"),
	("Recorded late", "Nachträglich eingetragen"),
	("Regimes", "Rechtsgebiete"),
	("Released", "Freigegeben"),
	("Released at", "Freigegeben in"),
	("Representation", "Vertretung"),
	("Reviewer", "Prüfende Stelle"),
	("Revoked at", "Aufgehoben in"),
	("Root", "Wurzel"),
	("Second", "Zweite Stelle"),
	("Selection", "Auswahl"),
	("Severity", "Schwere"),
	("Status", "Status"),
	("Subscription", "Abonnement"),
	("Suspended by", "Ausgesetzt durch"),
	("Taken at", "Aufgenommen am"),
	("Terms", "Bedingungen der Einwilligung"),
	("Tickets", "Einzelscheine"),
	("To", "Bis"),
	("Until", "Bis"),
	("Used", "Verwendet"),
	("User", "Nutzer"),
	("Valid from (date)", "Gültig ab (Datum)"),
	("Verdict", "Urteil"),
	("Vulnerabilities", "Schwachstellen"),
	("Withdraw lock", "Widerrufsschloss"),
	("About", "Gegenstand"),
	("Code", "Code"),
	("Position", "Stelle"),
	("Arguments", "Argumente"),
	("Block hash", "Hash des Blocks"),
	("Time of the block (UTC)", "Zeit des Blocks (UTC)"),
	("Signed by (account)", "Unterzeichnet von (Konto)"),
	("Searched by state", "Suche nach Stand"),
	("Searched by purpose", "Suche nach Zweck"),
	("Searched by consent", "Suche nach Einwilligung"),
	("Content", "Inhalt"),
	("Requested", "Angefragt"),
	("Offered", "Angeboten"),
	("Approved", "Bewilligt"),
	("Accepted", "Angenommen"),
	("Dispatched", "Gesendet"),
	("Delivered", "Zugestellt"),
	("Acknowledged", "Bestätigt (Empfang)"),
	("Closed", "Abgeschlossen"),
	("Glass broken", "Notzugriff"),
	("Emergency alarm raised", "Notfallalarm ausgelöst"),
	("Reviewed", "Geprüft"),
	("Review overdue", "Prüfung überfällig"),
	("Review escalated", "Prüfung weitergereicht"),
	("Suspended", "Ausgesetzt"),
	("Resumed", "Wieder in Kraft"),
	("Disputed", "Beanstandet"),
	("Dispute answered", "Beanstandung beantwortet"),
	("Settled", "Beigelegt"),
	("Reversed", "Zurückgenommen"),
	("Duty arose", "Pflicht entstanden"),
	("Duty fulfilled", "Pflicht erfüllt"),
	("Duty overdue", "Pflicht überfällig"),
	("Notice deferred", "Mitteilung aufgeschoben"),
	("Documents dispatched", "Dokumente gesendet"),
	("Subscription served", "Abonnement bedient"),
	("Rectified", "Berichtigt"),
	("Hold set", "Aufbewahrung angeordnet"),
	("Hold lifted", "Aufbewahrung aufgehoben"),
	("Pruned", "Aus dem Zustand gelöscht"),
	("Superseded", "Ersetzt"),
	("Withdrawn", "Widerrufen"),
	("Withdrawn by court", "Durch ein Gericht widerrufen"),
	("Ticket redeemed", "Einzelschein eingelöst"),
	("Organisation admitted", "Organisation aufgenommen"),
	("Organisation suspended", "Organisation gesperrt"),
	("Organisation reinstated", "Organisation wieder zugelassen"),
	("Organisation expelled", "Organisation ausgeschlossen"),
	("Delegate set", "Beauftragter bestellt"),
	("Delegate dismissed", "Beauftragter abberufen"),
	("Account rotated", "Konto gewechselt"),
	("Encryption key rotated", "Verschlüsselungsschlüssel gewechselt"),
	("Agreement accepted", "Vereinbarung angenommen"),
	("Quota set", "Kontingent gesetzt"),
	("Peer registered", "Netzknoten eingetragen"),
	("Peer removed", "Netzknoten gestrichen"),
	("Validator added", "Validator hinzugefügt"),
	("Validator removed", "Validator gestrichen"),
	("Validator disabled", "Validator abgeschaltet"),
	("Orders filed", "Aufträge eingereicht"),
	("Batch released", "Aufträge freigegeben"),
	("Attested", "Bescheinigt"),
	("Attestation overdue", "Bescheinigung überfällig"),
	("Issued", "Erteilt (Genehmigung)"),
	("Holder named", "Datenhalter benannt"),
	("Revoked", "Aufgehoben"),
	("Cohort committed", "Kohorte festgelegt"),
	("Extracted", "Entnommen"),
	("Exported", "Ausgeführt"),
	("Results published", "Ergebnisse veröffentlicht"),
	("Log anchored", "Protokoll verankert"),
	("Anchor alarmed", "Verankerung auffällig"),
	("Anchor missing", "Verankerung fehlt"),
	("Inquiry opened", "Auskunftsersuchen eröffnet"),
	("Disclosed", "Offengelegt"),
	("Inquiry refused", "Auskunft verweigert"),
	("Inquiry withdrawn", "Auskunftsersuchen zurückgenommen"),
	("Breach opened", "Sicherheitsvorfall gemeldet"),
	("Breach notified", "Sicherheitsvorfall mitgeteilt"),
	("Snapshot recorded", "Bestand eingetragen"),
	("Alert recorded", "Warnung eingetragen"),
	("Alert closed", "Warnung geschlossen"),
	("Indicator shared", "Kennzeichen geteilt"),
	("Assessment recorded", "Bewertung eingetragen"),
	("Assessment attested", "Bewertung bestätigt"),
	("Tolerance set", "Risikobereitschaft gesetzt"),
	("Plan recorded", "Plan eingetragen"),
	("Plan decided", "Über den Plan entschieden"),
	("Plan implemented", "Plan umgesetzt"),
	("there is no such page", "Diese Seite gibt es nicht"),
	("this is for those who sign in", "Das ist denen vorbehalten, die sich anmelden"),
	("this form came from another site", "Dieses Formular kam von einer anderen Website"),
	(
		"this confirmation has ended; show the code again",
		"Diese Bestätigung ist abgelaufen; geben Sie den Code noch einmal ein",
	),
	("too many questions; wait a minute", "Zu viele Abfragen; warten Sie eine Minute"),
	("the form cannot be read", "Das Formular ist nicht lesbar"),
	("there is no such record in this visit", "Einen solchen Eintrag gibt es in diesem Besuch nicht"),
	("Key", "Schlüssel"),
	("Partner", "Partner"),
	("Proposal", "Vorschlag"),
	("asked", "angefragt"),
	("sent", "gesendet"),
	("received", "empfangen"),
	("New inquiry", "Neues Auskunftsersuchen"),
	("Open an inquiry", "Auskunftsersuchen eröffnen"),
	(
		"You ask an organisation about a record. This page prepares the inquiry; you sign it \
		 on your own machine, and nothing is sent before that.",
		"Sie fragen eine Organisation nach einem Eintrag. Diese Seite bereitet das Ersuchen \
		 vor; Sie unterzeichnen es auf Ihrem eigenen Rechner, und vorher wird nichts \
		 gesendet.",
	),
	("Field of supervision", "Aufsichtsgebiet"),
	("Handle of the record that it is about", "Kennung des Eintrags, um den es geht"),
	("Commitment to your case file", "Festlegungswert zu Ihrer Akte"),
	(
		"The file stays with you. {command} makes the commitment.",
		"Die Akte bleibt bei Ihnen. {command} erzeugt den Festlegungswert.",
	),
	("Days for the answer (1 to 90)", "Tage für die Antwort (1 bis 90)"),
	("Prepare it", "Vorbereiten"),
	("Your inquiry", "Ihr Auskunftsersuchen"),
	("All inquiries", "Alle Auskunftsersuchen"),
	("Sign it on your machine", "Auf Ihrem Rechner unterzeichnen"),
	(
		"Save the prepared inquiry there and sign it. The command reads out what the inquiry \
		 says, from the file and not from this page, before it signs: compare the two. It \
		 needs no connection.",
		"Speichern Sie das vorbereitete Ersuchen dort und unterzeichnen Sie es. Vor dem \
		 Unterzeichnen nennt der Befehl aus der Datei, nicht von dieser Seite, was das \
		 Ersuchen besagt: Vergleichen Sie beides. Er braucht keine Verbindung.",
	),
	("Prepared inquiry", "Vorbereitetes Ersuchen"),
	("Hand it in", "Einreichen"),
	(
		"The signature is good for this inquiry alone: your account's transaction number \
		 {number}, on this ledger, until 64 blocks after block {block}.",
		"Die Unterschrift gilt nur für dieses Ersuchen: Transaktion {number} Ihres Kontos, in \
		 diesem Register, bis 64 Blöcke nach Block {block}.",
	),
	("Open an inquiry about it", "Auskunftsersuchen dazu eröffnen"),
	("Read the disclosure", "Die Auskunft lesen"),
	(
		"What the organisation sent you is sealed to your authority's key, which is not here. \
		 Open it on your machine; the command compares it with the commitment on the ledger \
		 and refuses anything else.",
		"Was die Organisation Ihnen gesandt hat, ist für den Schlüssel Ihrer Behörde \
		 verschlüsselt, der nicht hier liegt. Öffnen Sie es auf Ihrem Rechner; der Befehl \
		 vergleicht es mit dem Festlegungswert im Register und weist alles andere zurück.",
	),
	(
		"If it opens, it is proven that the organisation committed to exactly this content \
		 when it answered. It is not proven that the content is true or complete.",
		"Wenn es sich öffnet, ist bewiesen, dass sich die Organisation bei ihrer Antwort auf \
		 genau diesen Inhalt festgelegt hat. Nicht bewiesen ist, dass der Inhalt wahr oder \
		 vollständig ist.",
	),
	("inquiries are opened by authorities", "Auskunftsersuchen eröffnen Behörden"),
	("nothing is prepared; begin anew", "Es ist nichts vorbereitet; beginnen Sie von vorn"),
	("choose an organisation", "Wählen Sie eine Organisation"),
	("choose one of your fields", "Wählen Sie eines Ihrer Gebiete"),
	("a handle has 64 hexadecimal digits", "Eine Kennung hat 64 hexadezimale Ziffern"),
	("a commitment has 64 hexadecimal digits", "Ein Festlegungswert hat 64 hexadezimale Ziffern"),
	(
		"an inquiry is answered within 1 to 90 days",
		"Ein Auskunftsersuchen wird innerhalb von 1 bis 90 Tagen beantwortet",
	),
];
