-- The most frequent value by group.
SELECT count(*), max(m), min(m) FROM (SELECT l_orderkey, mode(l_shipmode) AS m FROM lineitem WHERE l_linenumber < 2 GROUP BY l_orderkey) s
