\set pair random(0, :pairs - 1)
SELECT request(:pair) AS id \gset
SELECT approve(:id);
SELECT dispatch(:id);
SELECT receive(:id);
SELECT acknowledge(:id);
