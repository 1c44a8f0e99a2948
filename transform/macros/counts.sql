{#- How many rows fulfill a condition. -#}
{% macro acton_count_where(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}

{#- The sum of counts, as a whole number; the sum of integers is a wider type in some databases. -#}
{% macro acton_total(counts) -%}
    cast(sum({{ counts }}) as {{ acton.acton_type('integer') }})
{%- endmacro %}
