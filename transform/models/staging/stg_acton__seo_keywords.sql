{{ acton_staging('seo_keywords') }}
