{{ acton_staging('contact_score_details') }}
