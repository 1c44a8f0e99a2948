{#- Names a model's schema, without the target's in front where this is the root project. As a package it leaves that to
    the root project, since dbt asks the macro of the model's own package first. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if project_name == 'acton' -%}
        {{ (custom_schema_name or target.schema) | trim }}
    {%- elif 'generate_schema_name' in context.get(project_name, {}) -%}
        {{ context[project_name]['generate_schema_name'](custom_schema_name, node) }}
    {%- else -%}
        {{ dbt.default__generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}
