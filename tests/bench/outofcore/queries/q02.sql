-- Aggregation: as many groups as rows, long keys.
SELECT count(*), sum(n), min(l_comment), max(l_comment), sum(q)
FROM (SELECT l_orderkey, l_linenumber, l_comment, count(*) AS n, sum(l_quantity) AS q
      FROM lineitem GROUP BY l_orderkey, l_linenumber, l_comment) g
