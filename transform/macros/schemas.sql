{#- Names a model's schema as the project does, without the target's in front. A project that has this one
    as a package decides for itself, as dbt only asks the root project. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
