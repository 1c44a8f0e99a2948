{#- The database's type for a kind of column: text, integer, number, boolean, date, timestamp or json. -#}
{% macro acton_type(kind) %}
    {{- return(adapter.dispatch('acton_type', 'acton')(kind)) -}}
{% endmacro %}

{% macro default__acton_type(kind) %}
    {{- return({
        'text': dbt.type_string(),
        'integer': dbt.type_bigint(),
        'number': 'double precision',
        'boolean': dbt.type_boolean(),
        'date': 'date',
        'timestamp': dbt.type_timestamp(),
        'json': 'json',
    }[kind]) -}}
{% endmacro %}

{% macro postgres__acton_type(kind) %}
    {{- return('jsonb' if kind == 'json' else acton.default__acton_type(kind)) -}}
{% endmacro %}

{% macro redshift__acton_type(kind) %}
    {{- return('super' if kind == 'json' else acton.default__acton_type(kind)) -}}
{% endmacro %}

{% macro snowflake__acton_type(kind) %}
    {{- return({'json': 'variant', 'number': 'float'}.get(kind) or acton.default__acton_type(kind)) -}}
{% endmacro %}

{% macro bigquery__acton_type(kind) %}
    {{- return('float64' if kind == 'number' else acton.default__acton_type(kind)) -}}
{% endmacro %}

{% macro databricks__acton_type(kind) %}
    {{- return({'json': 'string', 'number': 'double'}.get(kind) or acton.default__acton_type(kind)) -}}
{% endmacro %}

{#- A loaded column, cast to a kind. Loaders differ: target-duckdb makes dates texts and whole numbers HUGEINT.

    Args:
        column: The expression.
        kind: What acton_type takes, or email: a text in lower case, without spaces around it.
        data_type: The type of the column in the database.
-#}
{% macro acton_cast(column, kind, data_type='') %}
    {%- if kind == 'email' -%}
        nullif(lower(trim(cast({{ column }} as {{ acton.acton_type('text') }}))), '')
    {%- elif kind == 'text' -%}
        {#- One loader writes an empty text as it is, the other as null. -#}
        nullif(cast({{ column }} as {{ acton.acton_type('text') }}), '')
    {%- elif kind == 'timestamp' and ('with time zone' in data_type | lower or 'timestamptz' in data_type | lower) -%}
        cast({{ column }} at time zone 'UTC' as {{ acton.acton_type('timestamp') }})
    {%- elif kind == 'json' -%}
        {{ acton.acton_json(column, data_type) }}
    {%- else -%}
        cast({{ column }} as {{ acton.acton_type(kind) }})
    {%- endif -%}
{% endmacro %}
