{{ acton_staging('landing_page_reports') }}
