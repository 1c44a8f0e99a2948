{#- Whoever has opened or clicked since then is engaged: as many days ago as acton_engaged_days says. -#}
{% macro acton_engaged_since() -%}
    {{ acton.acton_days_ago(var('acton_engaged_days')) }}
{%- endmacro %}
