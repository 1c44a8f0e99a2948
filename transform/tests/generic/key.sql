{#- The columns have values, and no two rows have the same ones.

    Args:
        columns: The names of the columns.
-#}
{% test key(model, columns) %}
select
    {{ columns | join(',\n    ') }},
    count(*) as rows_with_it
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ column }} is null
    {%- endfor %}
{% endtest %}
