{{ acton_staging('contact_fields') }}
