-- The life-cycle of an exchange in a database: the same records, checks and uniqueness as on the ledger, a chain of hashes
-- over what each organisation does, and nobody's signature. Needs the variable "pairs".
CREATE TABLE organisation (
	id integer PRIMARY KEY,
	active boolean NOT NULL DEFAULT true,
	policy integer[] NOT NULL DEFAULT '{0,0,0,0}',
	risk_until timestamptz NOT NULL DEFAULT now() + interval '30 days',
	sequence bigint NOT NULL DEFAULT 0,
	actions bigint NOT NULL DEFAULT 0,
	head bytea NOT NULL DEFAULT '\x'
);

CREATE TABLE consent (
	id bytea PRIMARY KEY,
	number integer UNIQUE NOT NULL,
	holder integer NOT NULL REFERENCES organisation,
	recipient integer NOT NULL REFERENCES organisation,
	purposes integer NOT NULL DEFAULT 1,
	categories integer NOT NULL DEFAULT 1,
	valid_from timestamptz NOT NULL DEFAULT now(),
	valid_until timestamptz NOT NULL DEFAULT now() + interval '30 days',
	max_uses bigint NOT NULL DEFAULT 4294967295,
	uses bigint NOT NULL DEFAULT 0,
	withdrawn timestamptz,
	terms bytea NOT NULL,
	evidence bytea NOT NULL,
	withdraw_lock bytea UNIQUE NOT NULL
);

CREATE TABLE exchange (
	id bytea PRIMARY KEY,
	holder integer NOT NULL,
	recipient integer NOT NULL,
	consent bytea NOT NULL,
	state text NOT NULL,
	envelope bytea NOT NULL,
	recipient_key bytea NOT NULL,
	payload bytea,
	receipt bytea,
	acknowledgement smallint,
	begun timestamptz NOT NULL DEFAULT now(),
	deadline timestamptz NOT NULL DEFAULT now() + interval '1 hour',
	holder_sequence bigint NOT NULL,
	recipient_sequence bigint NOT NULL
);
CREATE INDEX exchange_of_consent ON exchange (consent);
CREATE INDEX exchange_closing ON exchange (deadline) WHERE state <> 'closed';

CREATE TABLE commitment (
	value bytea PRIMARY KEY,
	exchange bytea NOT NULL
);

CREATE TABLE action (
	organisation integer NOT NULL,
	number bigint NOT NULL,
	at timestamptz NOT NULL DEFAULT now(),
	step text NOT NULL,
	record bytea NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (organisation, number)
);

CREATE FUNCTION random32() RETURNS bytea LANGUAGE sql VOLATILE AS
	$$ SELECT sha256(uuid_send(gen_random_uuid())) $$;

-- Appends to the chain of an organisation: the hash covers the one before it.
CREATE FUNCTION act(organisation_id integer, step text, record bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE chained organisation;
BEGIN
	UPDATE organisation
	SET actions = actions + 1, head = sha256(head || int8send(actions + 1) || convert_to(step, 'UTF8') || record)
	WHERE id = organisation_id AND active
	RETURNING * INTO STRICT chained;
	INSERT INTO action (organisation, number, step, record, hash)
	VALUES (organisation_id, chained.actions, step, record, chained.head);
END $$;

CREATE FUNCTION commit_to(committed bytea, to_exchange bytea) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO commitment VALUES (committed, to_exchange) $$;

-- The gate: both are active, the consent is live and covers the exchange, the recipient's risk is acceptable.
CREATE FUNCTION ensure_open(asked exchange) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM consent
	JOIN organisation holders ON holders.id = asked.holder AND holders.active
	JOIN organisation recipients ON recipients.id = asked.recipient AND recipients.active
		AND recipients.risk_until > now()
	WHERE consent.id = asked.consent AND consent.holder = asked.holder AND consent.recipient = asked.recipient
		AND withdrawn IS NULL AND now() BETWEEN valid_from AND valid_until
		AND uses < max_uses AND purposes & 1 = 1 AND categories & 1 = 1;
	IF NOT FOUND THEN RAISE EXCEPTION 'the gate is closed'; END IF;
END $$;

CREATE FUNCTION request(pair integer) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	asked exchange;
	chosen integer := pair * 8 + floor(random() * 8);
BEGIN
	asked.id := random32();
	asked.holder := 2 * pair;
	asked.recipient := 2 * pair + 1;
	asked.state := 'requested';
	asked.envelope := random32();
	asked.recipient_key := random32();
	asked.begun := now();
	asked.deadline := now() + interval '1 hour';
	SELECT id INTO STRICT asked.consent FROM consent WHERE number = chosen;
	UPDATE organisation SET sequence = sequence + 1 WHERE id = asked.holder
	RETURNING sequence INTO STRICT asked.holder_sequence;
	UPDATE organisation SET sequence = sequence + 1 WHERE id = asked.recipient
	RETURNING sequence INTO STRICT asked.recipient_sequence;
	INSERT INTO exchange SELECT asked.*;
	PERFORM commit_to(asked.envelope, asked.id), commit_to(asked.recipient_key, asked.id);
	PERFORM act(asked.recipient, 'request', asked.id);
	RETURN asked.id;
END $$;

CREATE FUNCTION approve(exchange_id bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found exchange;
BEGIN
	SELECT * INTO STRICT found FROM exchange WHERE id = exchange_id AND state = 'requested' FOR UPDATE;
	PERFORM ensure_open(found);
	UPDATE consent SET uses = uses + 1 WHERE id = found.consent;
	UPDATE exchange SET state = 'approved' WHERE id = exchange_id;
	PERFORM act(found.holder, 'approve', exchange_id);
END $$;

CREATE FUNCTION dispatch(exchange_id bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found exchange; committed bytea := random32();
BEGIN
	SELECT * INTO STRICT found FROM exchange WHERE id = exchange_id AND state = 'approved' FOR UPDATE;
	PERFORM ensure_open(found);
	UPDATE exchange SET state = 'dispatched', payload = committed WHERE id = exchange_id;
	PERFORM commit_to(committed, exchange_id);
	PERFORM act(found.holder, 'dispatch', exchange_id);
END $$;

CREATE FUNCTION receive(exchange_id bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found exchange; committed bytea := random32();
BEGIN
	SELECT * INTO STRICT found FROM exchange WHERE id = exchange_id AND state = 'dispatched' FOR UPDATE;
	UPDATE exchange SET state = 'delivered', receipt = committed WHERE id = exchange_id;
	PERFORM commit_to(committed, exchange_id);
	PERFORM act(found.recipient, 'receive', exchange_id);
END $$;

CREATE FUNCTION acknowledge(exchange_id bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE found exchange;
BEGIN
	SELECT * INTO STRICT found FROM exchange WHERE id = exchange_id AND state = 'delivered' FOR UPDATE;
	UPDATE exchange SET state = 'closed', acknowledgement = 0 WHERE id = exchange_id;
	PERFORM act(found.recipient, 'acknowledge', exchange_id);
END $$;

-- Request, approval and dispatch in one transaction.
CREATE FUNCTION serve(pair integer) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE exchange_id bytea := request(pair);
BEGIN
	PERFORM approve(exchange_id);
	PERFORM dispatch(exchange_id);
	RETURN exchange_id;
END $$;

CREATE FUNCTION complete(exchange_id bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM receive(exchange_id);
	PERFORM acknowledge(exchange_id);
END $$;

CREATE FUNCTION request_batch(pair integer, count integer) RETURNS bytea[] LANGUAGE plpgsql AS $$
DECLARE ids bytea[] := '{}';
BEGIN
	FOR number IN 1..count LOOP ids := ids || request(pair); END LOOP;
	RETURN ids;
END $$;

CREATE FUNCTION answer_batch(ids bytea[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE exchange_id bytea;
BEGIN
	-- Whoever answers many locks the holder first, so that two batches never wait for each other.
	PERFORM FROM organisation WHERE id = (SELECT holder FROM exchange WHERE id = ids[1]) FOR UPDATE;
	FOREACH exchange_id IN ARRAY ids LOOP
		PERFORM approve(exchange_id);
		PERFORM dispatch(exchange_id);
	END LOOP;
END $$;

CREATE FUNCTION complete_batch(ids bytea[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE exchange_id bytea;
BEGIN
	FOREACH exchange_id IN ARRAY ids LOOP PERFORM complete(exchange_id); END LOOP;
END $$;

CREATE FUNCTION set_policy(organisation_id integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE organisation SET policy = '{0,0,0,0}' WHERE id = organisation_id;
	PERFORM act(organisation_id, 'set_policy', '\x00');
END $$;

INSERT INTO organisation (id) SELECT generate_series(0, 2 * :pairs - 1);
INSERT INTO consent (id, number, holder, recipient, terms, evidence, withdraw_lock)
SELECT random32(), number, number / 8 * 2, number / 8 * 2 + 1, random32(), random32(), random32()
FROM generate_series(0, 8 * :pairs - 1) AS number;
