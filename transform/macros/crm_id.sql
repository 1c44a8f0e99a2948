{#- The id of a CRM record in the form to compare. Salesforce writes the same id with 15 or 18 characters, of which
    the last three say nothing more, and are letters where the others are digits; ids of other CRMs stay as they are. -#}
{% macro acton_crm_id_15(crm_id) -%}
    case
        when length({{ crm_id }}) = 18 and translate({{ crm_id }}, '0123456789', '') <> '' then left({{ crm_id }}, 15)
        else {{ crm_id }}
    end
{%- endmacro %}
