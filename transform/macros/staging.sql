{#- The accounts, each with its name and the schema of its tables. -#}
{% macro acton_accounts() %}
    {{- return(var('acton_sources', []) or [{'name': 'acton', 'schema': target.schema}]) -}}
{% endmacro %}

{#- Stops a run if the variable acton_sources has faults: the marts would lose the rows of an account. -#}
{% macro acton_check_sources() %}
    {%- set faults = [] -%}
    {%- set names = [] -%}
    {%- for account in (var('acton_sources', []) if execute) or [] -%}
        {%- if account is not mapping or not account.get('name') or not account.get('schema') -%}
            {%- do faults.append('account ' ~ loop.index ~ ' lacks a name or a schema') -%}
        {%- else -%}
            {%- if account['name'] in names -%}
                {%- do faults.append('two accounts are named ' ~ account['name']) -%}
            {%- endif -%}
            {%- do names.append(account['name']) -%}
            {%- set database = account.get('database') or target.database -%}
            {%- if not adapter.check_schema_exists(database, account['schema']) -%}
                {%- do faults.append(
                    'there is no schema ' ~ account['schema'] ~ ', of the account ' ~ account['name']
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if faults -%}
        {%- do exceptions.raise_compiler_error('Correct the variable acton_sources: ' ~ faults | join('; ') ~ '.') -%}
    {%- endif -%}
{% endmacro %}

{#- The table of a stream in an account, or none where it was not loaded. -#}
{% macro acton_table(account, stream) %}
    {{- return(adapter.get_relation(
        database=account.get('database') or source('acton', stream).database,
        schema=account['schema'],
        identifier=stream
    )) -}}
{% endmacro %}

{#- The columns of a table by their names in lower case; none where it was not loaded. -#}
{% macro acton_loaded_columns(table) %}
    {%- set loaded = {} -%}
    {%- for column in (adapter.get_columns_in_relation(table) if table else []) -%}
        {%- do loaded.update({column.name | lower: column}) -%}
    {%- endfor -%}
    {{- return(loaded) -}}
{% endmacro %}

{#- The rows of a stream in all accounts, each column named and typed as in every other warehouse. A table or a column
    that was not loaded is null; rows that the loader marks as deleted are left out.

    Args:
        stream: The name of the stream.
        deleted: Whether these rows are wanted, and no others; deleted_at is when they were found missing.
-#}
{% macro acton_staging(stream, deleted=false) -%}
    {#- This tells dbt what the model depends on. -#}
    {%- do source('acton', stream) -%}
    {#- While dbt reads the project, it needs nothing else; looking up the columns takes time. -#}
    {%- if not execute -%}
        {{- return('') -}}
    {%- endif -%}
    {%- set columns = acton.acton_columns()[stream] + acton.acton_added_columns(stream)
        + [('_sdc_extracted_at', 'extracted_at', 'timestamp')]
        + ([('_sdc_deleted_at', 'deleted_at', 'timestamp')] if deleted else []) -%}
    {%- set found = [] -%}
    {%- for account in acton.acton_accounts() %}
{{ 'union all' if not loop.first }}
        {%- set table = acton.acton_table(account, stream) %}
        {%- set loaded = acton.acton_loaded_columns(table) %}
        {%- do found.extend(loaded) %}
select
    cast('{{ account['name'] }}' as {{ acton.acton_type('text') }}) as source_relation,
        {%- for name, alias, kind in columns %}
    {% if name in loaded -%}
        {{ acton.acton_cast(loaded[name].quoted, kind, loaded[name].data_type) }}
    {%- else -%}
        cast(null as {{ acton.acton_type('text' if kind == 'email' else kind) }})
    {%- endif %} as {{ alias }}{{ ',' if not loop.last }}
        {%- endfor %}
        {%- if table %}
from {{ table }}
        {%- endif %}
        {%- if '_sdc_deleted_at' in loaded %}
where {{ loaded['_sdc_deleted_at'].quoted }} is {{ 'not null' if deleted else 'null' }}
        {%- elif deleted or not table %}
where false
        {%- endif %}
    {%- endfor %}
    {%- for name, _, _ in acton.acton_added_columns(stream) if found and name not in found %}
        {%- do exceptions.warn(
            'The table ' ~ stream ~ ' has no column ' ~ name ~ ', so that this one of acton_contact_columns is null.'
        ) %}
    {%- endfor %}
{%- endmacro %}

{#- The columns that the variable acton_contact_columns adds to contacts, as texts; not those that are there anyway. -#}
{% macro acton_added_columns(stream) %}
    {%- set named = (var('acton_contact_columns', []) if stream == 'contacts') or [] -%}
    {%- set known = [] -%}
    {%- for name, alias, _ in acton.acton_columns()[stream] -%}
        {%- do known.extend([name, alias]) -%}
    {%- endfor -%}
    {%- set added = [] -%}
    {%- for name in ([named] if named is string else named) | map('lower') | unique if name not in known -%}
        {#- Snowflake finds a name without quotes only in upper case. -#}
        {%- set alias = adapter.quote(name | upper if target.type == 'snowflake' else name) -%}
        {%- do added.append((name, alias, 'text')) -%}
    {%- endfor -%}
    {{- return(added) -}}
{% endmacro %}
