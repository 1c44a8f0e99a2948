{{ acton_staging('landing_page_urls') }}
