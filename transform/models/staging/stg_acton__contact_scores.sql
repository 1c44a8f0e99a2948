{{ acton_staging('contact_scores') }}
