\set pair random(0, :pairs - 1)
SELECT serve(:pair);
