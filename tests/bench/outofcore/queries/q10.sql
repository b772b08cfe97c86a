-- DISTINCT ON: the last line of each order.
SELECT count(*), sum(l_linenumber), max(l_comment), sum(l_extendedprice)
FROM (SELECT DISTINCT ON (l_orderkey) l_orderkey, l_linenumber, l_comment, l_extendedprice
      FROM lineitem ORDER BY l_orderkey, l_linenumber DESC) s
