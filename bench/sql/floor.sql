\set organisation random(0, 2 * :pairs - 1)
SELECT set_policy(:organisation);
