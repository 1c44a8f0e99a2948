{#- A loaded column with an object or an array, as the database's JSON; null where it holds the JSON null. -#}
{% macro acton_json(column, data_type) %}
    {{- return(adapter.dispatch('acton_json', 'acton')(column, data_type)) -}}
{% endmacro %}

{% macro default__acton_json(column, data_type) %}cast({{ column }} as {{ acton.acton_type('json') }}){% endmacro %}

{#- target-postgres makes an array text[] or jsonb[], and an empty object the JSON null. -#}
{% macro postgres__acton_json(column, data_type) -%}
    nullif({{ 'cast(' ~ column ~ ' as jsonb)' if data_type in ('text', 'character varying') else 'to_jsonb(' ~ column ~ ')' }}, 'null')
{%- endmacro %}

{% macro snowflake__acton_json(column, data_type) -%}
    {{ 'try_parse_json(' ~ column ~ ')' if data_type.lower() in ('text', 'varchar', 'string') or data_type.lower().startswith('character varying') else column }}
{%- endmacro %}

{% macro redshift__acton_json(column, data_type) -%}
    {{ column if data_type == 'super' else 'json_parse(' ~ column ~ ')' }}
{%- endmacro %}

{% macro bigquery__acton_json(column, data_type) -%}
    {{ 'parse_json(' ~ column ~ ')' if data_type == 'STRING' else 'to_json(' ~ column ~ ')' }}
{%- endmacro %}

{% macro databricks__acton_json(column, data_type) -%}
    {{ column if data_type in ('string', '') else 'to_json(' ~ column ~ ')' }}
{%- endmacro %}

{#- The text under a key of an object; null without the key, or without a text.

    Args:
        object: The expression of the object.
        key: The key, as it stands; it may hold spaces.
-#}
{% macro acton_json_text(object, key) %}
    {{- return(adapter.dispatch('acton_json_text', 'acton')(object, key)) -}}
{% endmacro %}

{% macro default__acton_json_text(object, key) %}nullif(json_extract_string({{ object }}, '$."{{ key | replace("'", "''") }}"'), ''){% endmacro %}

{% macro postgres__acton_json_text(object, key) %}nullif({{ object }} ->> '{{ key | replace("'", "''") }}', ''){% endmacro %}

{% macro snowflake__acton_json_text(object, key) %}nullif(cast(get({{ object }}, '{{ key | replace("'", "''") }}') as varchar), ''){% endmacro %}

{% macro redshift__acton_json_text(object, key) %}nullif(json_extract_path_text(json_serialize({{ object }}), '{{ key | replace("'", "''") }}'), ''){% endmacro %}

{% macro bigquery__acton_json_text(object, key) %}nullif(json_value({{ object }}, '$."{{ key | replace("'", "\\'") }}"'), ''){% endmacro %}

{% macro databricks__acton_json_text(object, key) %}nullif(get_json_object({{ object }}, '$[\'{{ key | replace("'", "\\'") }}\']'), ''){% endmacro %}

{#- Joins the elements of an array to the rows that have it, at the end of a FROM clause. A row without elements
    drops out. acton_element reads an element.

    Args:
        array: The expression of the array, with its table's alias.
        alias: A name for the elements.
-#}
{% macro acton_elements(array, alias) %}
    {{- return(adapter.dispatch('acton_elements', 'acton')(array, alias)) -}}
{% endmacro %}

{% macro default__acton_elements(array, alias) %}cross join unnest(cast({{ array }} as json[])) as {{ alias }}(element){% endmacro %}

{% macro postgres__acton_elements(array, alias) %}cross join lateral jsonb_array_elements({{ array }}) as {{ alias }}(element){% endmacro %}

{% macro snowflake__acton_elements(array, alias) %}cross join lateral flatten(input => {{ array }}) as {{ alias }}{% endmacro %}

{% macro redshift__acton_elements(array, alias) %}cross join {{ array }} as {{ alias }}{% endmacro %}

{% macro bigquery__acton_elements(array, alias) %}cross join unnest(json_query_array({{ array }})) as {{ alias }}{% endmacro %}

{% macro databricks__acton_elements(array, alias) %}cross join lateral explode(from_json({{ array }}, 'array<string>')) as {{ alias }}(element){% endmacro %}

{#- An element of acton_elements as a text, or as JSON for acton_json_text.

    Args:
        alias: The name that acton_elements was given.
        kind: text or json.
-#}
{% macro acton_element(alias, kind='text') %}
    {{- return(adapter.dispatch('acton_element', 'acton')(alias, kind)) -}}
{% endmacro %}

{% macro default__acton_element(alias, kind) %}{{ alias ~ '.element' if kind == 'json' else "(" ~ alias ~ ".element ->> '$')" }}{% endmacro %}

{% macro postgres__acton_element(alias, kind) %}{{ alias ~ '.element' if kind == 'json' else "(" ~ alias ~ ".element #>> '{}')" }}{% endmacro %}

{% macro snowflake__acton_element(alias, kind) %}{{ alias ~ '.value' if kind == 'json' else 'cast(' ~ alias ~ '.value as varchar)' }}{% endmacro %}

{% macro redshift__acton_element(alias, kind) %}{{ alias if kind == 'json' else 'cast(' ~ alias ~ ' as varchar)' }}{% endmacro %}

{% macro bigquery__acton_element(alias, kind) %}{{ alias if kind == 'json' else 'json_value(' ~ alias ~ ')' }}{% endmacro %}

{% macro databricks__acton_element(alias, kind) %}{{ alias }}.element{% endmacro %}

{#- The fields of an object, joined to the rows that have it, at the end of a FROM clause. acton_field_key and
    acton_field_type read them.

    Args:
        object: The expression of the object, with its table's alias.
        alias: A name for the fields.
-#}
{% macro acton_fields(object, alias) %}
    {{- return(adapter.dispatch('acton_fields', 'acton')(object, alias)) -}}
{% endmacro %}

{% macro default__acton_fields(object, alias) %}cross join lateral json_each({{ object }}) as {{ alias }}{% endmacro %}

{% macro postgres__acton_fields(object, alias) %}cross join lateral jsonb_each({{ object }}) as {{ alias }}(key, value){% endmacro %}

{% macro snowflake__acton_fields(object, alias) %}cross join lateral flatten(input => {{ object }}) as {{ alias }}{% endmacro %}

{% macro redshift__acton_fields(object, alias) %}cross join unpivot {{ object }} as {{ alias }}_value at {{ alias }}{% endmacro %}

{% macro bigquery__acton_fields(object, alias) %}cross join unnest(json_keys({{ object }}, 1)) as {{ alias }}{% endmacro %}

{% macro databricks__acton_fields(object, alias) %}cross join lateral variant_explode(parse_json({{ object }})) as {{ alias }}(pos, key, value){% endmacro %}

{#- The key of a field of acton_fields, by the alias that these were given. -#}
{% macro acton_field_key(alias) %}{{ alias if target.type in ('bigquery', 'redshift') else alias ~ '.key' }}{% endmacro %}

{#- The type of its value: text, number, boolean, object, array or null.

    Args:
        object: What acton_fields was given.
        alias: The same.
-#}
{% macro acton_field_type(object, alias) -%}
    {%- set found = 'lower(' ~ adapter.dispatch('acton_raw_type', 'acton')(object, alias) ~ ')' -%}
    case
        when {{ found }} in ('string', 'varchar') then 'text'
        when {{ found }} like 'object%' then 'object'
        when {{ found }} like 'array%' then 'array'
        when {{ found }} = 'boolean' then 'boolean'
        when {{ found }} in ('null', 'null_value', 'void') then 'null'
        else 'number'
    end
{%- endmacro %}

{% macro default__acton_raw_type(object, alias) %}{{ alias }}.type{% endmacro %}

{% macro postgres__acton_raw_type(object, alias) %}jsonb_typeof({{ alias }}.value){% endmacro %}

{% macro snowflake__acton_raw_type(object, alias) %}typeof({{ alias }}.value){% endmacro %}

{% macro redshift__acton_raw_type(object, alias) %}json_typeof({{ alias }}_value){% endmacro %}

{% macro bigquery__acton_raw_type(object, alias) %}json_type({{ object }}[{{ alias }}]){% endmacro %}

{% macro databricks__acton_raw_type(object, alias) %}schema_of_variant({{ alias }}.value){% endmacro %}
