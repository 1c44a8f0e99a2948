"""Names that are no good for a column, since a warehouse keeps them to itself."""

from __future__ import annotations

UNLOADABLE = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
"""Columns that each table of PostgreSQL has already, so that none can be made of that name."""

_RESERVED = """
    aes128 aes256 all allowoverwrite alter analyse analyze and anti any array as asc asof
    assert_rows_modified asymmetric at authorization az64 backup between binary blanksasnull
    both by bytedict bzip2 case cast check collate collation column concurrently connect
    constraint contains create credentials cross cube current current_catalog current_date
    current_role current_schema current_time current_timestamp current_user current_user_id
    default deferrable define deflate defrag delete delta delta32k desc describe disable
    distinct do drop else emptyasnull enable encode encrypt encryption end enum escape except
    exclude exists explicit extract false fetch following for foreign freeze from full generated
    glob globaldict256 globaldict64k grant group grouping groups gzip hash having identity if
    ignore ilike in increment initially inner insert intersect interval into is isnull join
    lambda language lateral leading left like limit localtime localtimestamp lookup lun luns lzo
    lzop map merge minus mostly16 mostly32 mostly8 natural new no not notnull null nulls of off
    offline offset oid old on only open or order outer over overlaps parallel partition percent
    permissions pivot pivot_longer pivot_wider placing positional preceding primary proto
    qualify range raw readratio recover recursive references regexp rejectlog resort respect
    restore returning revoke right rlike rollup row rows sample select semi session_user set
    show similar snapshot some start struct summarize symmetric sysdate system system_user table
    tablesample tag tdes text255 text32k then timestamp to top trailing treat trigger true
    truncatecolumns try_cast unbounded union unique unnest unpack unpivot update user using
    values variadic verbose wallet when whenever where window with within without
"""

RESERVED = UNLOADABLE | frozenset(_RESERVED.split())
"""What stands for a column only in quotes, which not every loader and user writes.

The reserved words of DuckDB 1.4, PostgreSQL 18, Snowflake, BigQuery, Redshift and Databricks, from
their documentation. Left out is what Snowflake limits only in SHOW, and what Databricks lists as
reserved in ANSI SQL and does not enforce.
"""
