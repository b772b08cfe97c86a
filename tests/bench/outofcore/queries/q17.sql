-- DISTINCT of wide rows.
SELECT count(*), max(l_comment) FROM (SELECT DISTINCT l_orderkey, l_partkey, l_suppkey, l_comment FROM lineitem) s
