-- Distinct strings, all in one group.
SELECT count(DISTINCT l_comment || CAST(l_partkey AS VARCHAR)) FROM lineitem
