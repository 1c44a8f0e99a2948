{{ acton_staging('contact_history') }}
