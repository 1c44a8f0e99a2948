{#- A share is between 0 and 1, or null where there is nothing to divide by. -#}
{% test rate(model, column_name) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} < 0 or {{ column_name }} > 1
{% endtest %}
