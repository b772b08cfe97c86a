-- Join of the largest table with itself.
SELECT count(*), sum(a.l_extendedprice), max(a.l_comment), max(b.l_comment), min(b.l_shipmode)
FROM lineitem a JOIN lineitem b ON a.l_orderkey = b.l_orderkey AND a.l_linenumber = b.l_linenumber
