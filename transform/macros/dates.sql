{#- The time zone of each account: the variable acton_time_zone, else the zone in its table account, else UTC. -#}
{% macro acton_time_zones() %}
    {%- set zones = {} -%}
    {%- for account in acton.acton_accounts() -%}
        {%- set table = none -%}
        {%- if execute and not var('acton_time_zone', '') -%}
            {%- set table = acton.acton_table(account, 'account') -%}
        {%- endif -%}
        {%- set found = [] -%}
        {%- if table and 'time_zone' in adapter.get_columns_in_relation(table) | map(attribute='name') | map('lower') -%}
            {%- set found = run_query('select max(time_zone) from ' ~ table).columns[0].values() -%}
        {%- endif -%}
        {%- do zones.update({account['name']: var('acton_time_zone', '') or (found[0] if found) or 'UTC'}) -%}
    {%- endfor -%}
    {{- return(zones) -}}
{% endmacro %}

{#- The time zone of a row's account, as an expression.

    Args:
        source_relation: The expression of the row's source_relation.
-#}
{% macro acton_time_zone(source_relation) %}
    {%- set zones = acton.acton_time_zones() -%}
    {%- set names = zones.values() | unique | list -%}
    {%- if names | length == 1 -%}
        {{- return(dbt.string_literal(dbt.escape_single_quotes(names[0]))) -}}
    {%- endif -%}
    {%- set cases = [] -%}
    {%- for account, name in zones.items() -%}
        {%- do cases.append("when '" ~ account ~ "' then " ~ dbt.string_literal(dbt.escape_single_quotes(name))) -%}
    {%- endfor -%}
    {{- return('case ' ~ source_relation ~ ' ' ~ cases | join(' ') ~ ' end') -}}
{% endmacro %}

{#- The minutes by which a time zone is ahead of UTC, if it is named by that, such as GMT-08:00; else none. -#}
{% macro acton_minutes_ahead(zone) %}
    {%- set found = modules.re.fullmatch('(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-5][0-9]))?', zone | trim) -%}
    {%- if found -%}
        {%- set minutes = found.group(2) | int * 60 + (found.group(3) or 0) | int -%}
        {{- return(-minutes if found.group(1) == '-' else minutes) -}}
    {%- endif -%}
    {{- return(none) -}}
{% endmacro %}

{#- A timestamp in UTC as the clock of its account shows it.

    Args:
        moment: The expression.
        source_relation: The expression of the row's source_relation.
-#}
{% macro acton_local(moment, source_relation) %}
    {%- set zones = acton.acton_time_zones() -%}
    {%- set names = zones.values() | unique | list -%}
    {%- if names == ['UTC'] -%}
        {{- return(moment) -}}
    {%- elif names | length == 1 -%}
        {{- return(acton.acton_in_named_zone(moment, names[0])) -}}
    {%- endif -%}
    {%- set cases = [] -%}
    {%- for account, zone in zones.items() -%}
        {%- do cases.append("when '" ~ account ~ "' then " ~ acton.acton_in_named_zone(moment, zone)) -%}
    {%- endfor -%}
    {{- return('case ' ~ source_relation ~ ' ' ~ cases | join(' ') ~ ' end') -}}
{% endmacro %}

{#- The same, by the name of the zone. -#}
{% macro acton_in_named_zone(moment, name) %}
    {%- set minutes = acton.acton_minutes_ahead(name) -%}
    {%- if minutes is none -%}
        {%- set zone = dbt.string_literal(dbt.escape_single_quotes(name)) -%}
        {{- return(adapter.dispatch('acton_in_zone', 'acton')(moment, zone)) -}}
    {%- endif -%}
    {#- PostgreSQL takes GMT-08:00 for a zone in the east, and DuckDB does not know +05:30. -#}
    {%- set utc = adapter.dispatch('acton_in_zone', 'acton')(moment, "'UTC'") -%}
    {{- return(dbt.dateadd('minute', minutes, utc)) -}}
{% endmacro %}

{% macro default__acton_in_zone(moment, zone) %}timezone({{ zone }}, timezone('UTC', {{ moment }})){% endmacro %}

{% macro snowflake__acton_in_zone(moment, zone) %}convert_timezone('UTC', {{ zone }}, {{ moment }}){% endmacro %}

{% macro redshift__acton_in_zone(moment, zone) %}convert_timezone('UTC', {{ zone }}, {{ moment }}){% endmacro %}

{% macro bigquery__acton_in_zone(moment, zone) %}datetime({{ moment }}, {{ zone }}){% endmacro %}

{% macro databricks__acton_in_zone(moment, zone) %}from_utc_timestamp({{ moment }}, {{ zone }}){% endmacro %}

{#- The day of a timestamp, in the account's time zone. -#}
{% macro acton_day(moment, source_relation) -%}
    cast({{ acton.acton_local(moment, source_relation) }} as date)
{%- endmacro %}

{#- The first day of a period, such as month, in which a day lies; a week begins on Monday. -#}
{% macro acton_period(period, day) -%}
    {#- BigQuery's own week begins on Sunday. -#}
    cast({{ dbt.date_trunc('isoweek' if period == 'week' and target.type == 'bigquery' else period, day) }} as date)
{%- endmacro %}

{#- The present time in UTC, like every timestamp here; the variable acton_now sets another. -#}
{% macro acton_now() %}
    {%- if var('acton_now', '') -%}
        {{- return("cast('" ~ var('acton_now') ~ "' as " ~ acton.acton_type('timestamp') ~ ')') -}}
    {%- endif -%}
    {{- return(adapter.dispatch('acton_now', 'acton')()) -}}
{% endmacro %}

{% macro default__acton_now() %}timezone('UTC', now()){% endmacro %}

{% macro snowflake__acton_now() %}sysdate(){% endmacro %}

{% macro redshift__acton_now() %}getdate(){% endmacro %}

{% macro bigquery__acton_now() %}current_timestamp(){% endmacro %}

{% macro databricks__acton_now() %}to_utc_timestamp(current_timestamp(), current_timezone()){% endmacro %}

{#- The time so many days before now. BigQuery makes it another type than that of the columns. -#}
{% macro acton_days_ago(days) -%}
    cast({{ dbt.dateadd('day', -days, acton.acton_now()) }} as {{ acton.acton_type('timestamp') }})
{%- endmacro %}
