{#- A share between 0 and 1, or above; null where nothing can be divided by. -#}
{% macro acton_rate(part, whole) -%}
    cast({{ part }} as {{ acton.acton_type('number') }}) / nullif({{ whole }}, 0)
{%- endmacro %}
