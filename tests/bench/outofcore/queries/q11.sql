-- Lists of strings by group.
SELECT count(*), sum(len(l)), max(len(l)) FROM (SELECT l_partkey, list(l_comment) AS l FROM lineitem GROUP BY l_partkey) s
