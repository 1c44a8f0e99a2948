{{ acton_staging('footers') }}
