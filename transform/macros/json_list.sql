{#- The texts of a group as a JSON array, in order. -#}
{% macro acton_json_list(text) %}
    {{- return(adapter.dispatch('acton_json_list', 'acton')(text)) -}}
{% endmacro %}

{% macro default__acton_json_list(text) %}cast(to_json(list({{ text }} order by {{ text }})) as json){% endmacro %}

{% macro postgres__acton_json_list(text) %}jsonb_agg({{ text }} order by {{ text }}){% endmacro %}

{% macro snowflake__acton_json_list(text) %}cast(array_agg({{ text }}) within group (order by {{ text }}) as variant){% endmacro %}

{% macro redshift__acton_json_list(text) %}split_to_array(listagg({{ text }}, ',') within group (order by {{ text }})){% endmacro %}

{% macro bigquery__acton_json_list(text) %}to_json(array_agg({{ text }} order by {{ text }})){% endmacro %}

{% macro databricks__acton_json_list(text) %}to_json(sort_array(collect_list({{ text }}))){% endmacro %}
