-- Distinct strings in a few groups.
SELECT l_returnflag, l_linestatus, count(DISTINCT l_comment), count(*)
FROM lineitem GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus
