-- The same, ordered.
SELECT count(*), sum(length(s)), min(s), max(s)
FROM (SELECT l_orderkey, string_agg(l_comment, ', ' ORDER BY l_linenumber DESC) AS s FROM lineitem GROUP BY l_orderkey) s
