{#- Whoever has opened or clicked since then is engaged: as many days ago as acton_engaged_days says. -#}
{% macro acton_engaged_since() -%}
    {{ dbt.dateadd('day', -var('acton_engaged_days'), acton.acton_now()) }}
{%- endmacro %}
