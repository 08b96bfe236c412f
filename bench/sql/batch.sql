\set pair random(0, :pairs - 1)
SELECT request_batch(:pair, :batch) AS ids \gset
SELECT answer_batch(:ids);
SELECT complete_batch(:ids);
