{{ acton_staging('contact_facts') }}
