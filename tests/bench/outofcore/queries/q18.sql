-- A common table expression that is kept and read twice.
WITH l AS MATERIALIZED (SELECT l_orderkey, l_linenumber, l_comment, l_extendedprice FROM lineitem)
SELECT (SELECT count(*) FROM l), (SELECT max(l_comment) FROM l), sum(l_extendedprice) FROM l WHERE l_linenumber = 1
