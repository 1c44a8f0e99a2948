{{ acton_staging('seo_reports') }}
