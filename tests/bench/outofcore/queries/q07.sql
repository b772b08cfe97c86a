-- Full sort of wide rows.
SELECT count(*), sum(l_orderkey), sum(l_partkey), sum(l_extendedprice), max(l_comment), max(l_shipinstruct), max(l_shipmode), max(l_receiptdate)
FROM (SELECT * FROM lineitem ORDER BY l_comment, l_orderkey, l_linenumber OFFSET 1000) s
