{#- Says before a run of this project that it builds models; silent in a package of another one. -#}
{% macro acton_say_what_is_built() %}
    {%- if execute and flags.WHICH in ('run', 'build') and project_name == 'acton' -%}
        {%- do print('Building the models of docs/models.md.') -%}
    {%- endif -%}
{% endmacro %}
