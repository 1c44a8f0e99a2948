{{ acton_staging('form_urls') }}
