-- Join of the two largest tables, wide rows.
SELECT count(*), sum(l_extendedprice), max(l_comment), max(o_comment), max(o_clerk), max(l_shipinstruct), max(o_totalprice)
FROM lineitem JOIN orders ON l_orderkey = o_orderkey
