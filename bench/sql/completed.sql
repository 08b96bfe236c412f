\set pair random(0, :pairs - 1)
SELECT serve(:pair) AS id \gset
SELECT complete(:id);
