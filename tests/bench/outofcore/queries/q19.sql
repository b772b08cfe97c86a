-- A LIMIT inside a query that keeps almost everything.
SELECT count(*), sum(length(l_comment)) FROM (SELECT * FROM lineitem LIMIT 5900000) s
